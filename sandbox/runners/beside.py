"""The servers beside one run's tests: started before it, reached over a loopback that only the two share."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from docker.models.containers import Container

from sandbox.contract import SandboxUnavailable
from sandbox.runners.engine import execute
from sandbox.services import SERVICES

# How long a server may take to start, in tenths of a second for the loop that asks.
READY_SECONDS = 60
LOG = "/tmp/service.log"  # noqa: S108 - a tmpfs of the container

# Makes a container with the options given.
Make = Callable[..., AbstractContextManager[Container]]


@contextmanager
def services_beside(names: Sequence[str], make: Make) -> Iterator[dict[str, Any]]:
    """Start the services, ready to answer, and yield the options of a container that is to reach them.

    The first one has no network but a loopback; the others and the tests join it there. So nothing leads out, not
    even to this host as the bridge of an internal network would, and no other run is to be seen.
    Raises SandboxUnavailable for one that does not start.
    """
    with ExitStack() as started:
        network: dict[str, Any] = {"network_mode": "none"}
        if names:
            # Whoever joins shares the names, too.
            network["extra_hosts"] = dict.fromkeys(names, "127.0.0.1")
        for name in names:
            container = started.enter_context(make(**network))
            _start(container, name)
            if "extra_hosts" in network:
                network = {"network_mode": f"container:{container.id}"}
        yield network


def _start(container: Container, name: str) -> None:
    service = SERVICES[name]
    script = (
        f"setsid sh -c {shlex.quote(service.start)} >{LOG} 2>&1 </dev/null & server=$!; "
        f"i=0; while [ $i -lt {READY_SECONDS * 10} ] && kill -0 $server 2>/dev/null; do "
        f"( {service.ready} ) >/dev/null 2>&1 && exit 0; sleep 0.1; i=$((i+1)); done; "
        f"tail -c 2000 {LOG}; exit 1"
    )
    ended = execute(container, ["bash", "-c", script], wall_seconds=READY_SECONDS + 10, output_bytes=4096)
    if ended.exit_code != 0:
        raise SandboxUnavailable(f"the service {name!r} beside the tests did not start: {ended.text.strip()}")
