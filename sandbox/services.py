"""What a repository declares of its tests' surroundings in `.agent-platform.yml`: servers of its own beside them.

    sandbox:
      services: [postgres, redis]        # of those in SERVICES below; each run gets new ones
      environment:                       # what the tests need to find them
        DATABASE_URL: postgresql://test@postgres/test

The file is read from the commit, never from a patch: a fix cannot change what it is tried beside.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.contract import SandboxRefused

FILE = ".agent-platform.yml"
FILE_BYTES = 64 * 1024
IMAGE = "agent-platform/sandbox-services:latest"


@dataclass(frozen=True)
class Service:
    """A server that tests may have: how it starts and how it says that it is ready, both lines of shell.

    It listens on the loopback that it shares with the tests of its run and with nothing else. Its data lie below
    /tmp, in memory, and are on no disk to be flushed to.
    """

    start: str
    ready: str


# What the operator allows: a repository names one of these and brings no image, command or account of its own.
SERVICES = {
    "postgres": Service(
        "cp -R /srv/postgres /tmp/postgres && chmod 700 /tmp/postgres && exec postgres -D /tmp/postgres"
        " -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp -c fsync=off -c full_page_writes=off"
        " -c synchronous_commit=off",
        "pg_isready -q -h 127.0.0.1 -U test -d test",
    ),
    "redis": Service(
        "exec redis-server --bind 127.0.0.1 --save '' --appendonly no --dir /tmp",
        'test "$(redis-cli -h 127.0.0.1 ping)" = PONG',
    ),
    "mongo": Service(
        "mkdir /tmp/mongo && exec mongod --dbpath /tmp/mongo --bind_ip 127.0.0.1 --nounixsocket"
        " --wiredTigerCacheSizeGB 0.25",
        "exec 3<>/dev/tcp/127.0.0.1/27017",
    ),
}


class Surroundings(BaseModel):
    """The services of a repository's tests, and the environment that leads the tests to them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    services: tuple[str, ...] = ()
    environment: dict[str, str] = {}


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sandbox: Surroundings = Field(default_factory=Surroundings)


def surroundings_of(checkout: Path) -> Surroundings:
    """Return what the commit at `checkout` declares. Raises SandboxRefused for what is not allowed."""
    file = checkout / FILE
    if not file.is_file() or file.is_symlink():
        return Surroundings()
    if file.stat().st_size > FILE_BYTES:
        raise SandboxRefused(f"{FILE} is larger than {FILE_BYTES} bytes")
    try:
        found = _Document.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {}).sandbox
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise SandboxRefused(f"{FILE} cannot be used: {_first(error)}") from error
    unknown = [name for name in found.services if name not in SERVICES]
    if unknown:
        raise SandboxRefused(
            f"{FILE} asks for the service {unknown[0]!r}; tests can have {', '.join(SERVICES)} beside them"
        )
    return found.model_copy(update={"services": tuple(dict.fromkeys(found.services))})


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        [first, *_] = error.errors()
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return " ".join(str(error).split())
