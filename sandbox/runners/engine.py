"""A container engine, as far as the sandbox needs one: its errors become SandboxUnavailable."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import docker
import requests
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container

from sandbox.contract import SandboxUnavailable
from sandbox.output import HeadAndTail
from sandbox.runners.relay import relay_to

DEFAULT_HOST = "unix:///var/run/docker.sock"
ANSWER_SECONDS = 5
# Over ssh or TLS, whose greetings come first.
FAR_ANSWER_SECONDS = 20
REQUEST_SECONDS = 60
# How long a killed command's output may take to end.
DRAIN_SECONDS = 15
# What the engine answers about a container that is not there, and about one that does not run.
GONE_OR_ENDED = frozenset({404, 409})

# Docker's frame header: stream number, three zero bytes, then the payload's length in 4 bytes.
_HEADER_BYTES = 8


@contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Turn whatever the engine or the way to it says into SandboxUnavailable; `doing` says what was tried."""
    try:
        yield
    except (DockerException, requests.RequestException, OSError) as error:
        raise SandboxUnavailable(f"the container engine failed {doing}: {error}") from error


def engine_connect(host: str | None, certificates: Path | None = None) -> docker.DockerClient:
    """Return a client of the engine at `host`, by default the usual socket.

    Over tcp:// with `certificates` (a directory with ca.pem, cert.pem and key.pem) both sides prove who they are.
    Raises SandboxUnavailable.
    """
    address = host or DEFAULT_HOST
    relay = relay_to(address, certificates)
    try:
        client = docker.DockerClient(
            base_url=relay.address if relay else address, timeout=FAR_ANSWER_SECONDS if relay else ANSWER_SECONDS
        )
        client.ping()
    except (DockerException, requests.RequestException, OSError) as error:
        why = f" ({relay.trouble})" if relay and relay.trouble else ""
        raise SandboxUnavailable(
            f"no container engine answers at {address}{why}; start one there or set DOCKER_HOST"
        ) from error
    client.api.timeout = REQUEST_SECONDS
    return client


@dataclass(frozen=True)
class Executed:
    """What a command in a container did; `exit_code` is None if the container ended before or with it."""

    exit_code: int | None
    output: bytes
    text: str
    seconds: float
    is_late: bool


def execute(
    container: Container,
    words: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    stdin: IO[bytes] | None = None,
    wall_seconds: float,
    output_bytes: int,
) -> Executed:
    """Run `words` in a running container as its user, feeding it `stdin`.

    After `wall_seconds` every process of the container but its first is killed.
    """
    started_at = time.monotonic()
    api = _api(container)
    try:
        command = api.exec_create(
            container.id, list(words), stdin=stdin is not None, environment=dict(environment or {})
        )["Id"]
        stream = api.exec_start(command, socket=True)
    except APIError as error:
        # The container is not running any more, by its memory or by what ran in it before.
        if error.status_code not in GONE_OR_ENDED:
            raise
        return Executed(exit_code=None, output=b"", text="", seconds=0.0, is_late=False)
    # The client's own time limit would end a run that is silent for so long.
    _raw_socket(stream).settimeout(None)
    kept = HeadAndTail(output_bytes)
    reader = threading.Thread(target=_read_frames, args=(stream, kept), daemon=True)
    reader.start()
    if stdin is not None:
        _feed(_raw_socket(stream), stdin)
    reader.join(timeout=max(0.0, wall_seconds - (time.monotonic() - started_at)))
    is_late = reader.is_alive()
    if is_late:
        processes_end(container)
        reader.join(timeout=DRAIN_SECONDS)
    stream.close()
    return Executed(
        exit_code=_exit_code(api, command),
        output=kept.data(),
        text=kept.text(),
        seconds=time.monotonic() - started_at,
        is_late=is_late,
    )


def processes_end(container: Container) -> bool:
    """Kill every process of the container but its first one; return whether the container is still alive.

    One that is too full of processes to run one more is killed as a whole.
    """
    api = _api(container)
    # Signals to -1 leave out the sender and process 1.
    try:
        command = api.exec_create(container.id, ["sh", "-c", "kill -9 -1"])["Id"]
        api.exec_start(command)
    except APIError:
        container_end(container)
        return False
    if _exit_code(api, command) != 0:
        container_end(container)
        return False
    return True


def _exit_code(api: docker.APIClient, command: str) -> int | None:
    try:
        exit_code: int | None = api.exec_inspect(command)["ExitCode"]
    except NotFound:
        # The container ended, and what ran in it is forgotten.
        return None
    return exit_code


def container_remove(client: docker.DockerClient, name: str) -> bool:
    """Remove a container with its volumes and return whether this call did it; others may be at it, too."""
    try:
        client.api.remove_container(name, force=True, v=True)
    except APIError as error:
        # Gone, or going.
        if error.status_code not in GONE_OR_ENDED:
            raise
        return False
    return True


def container_end(container: Container) -> None:
    """Kill all that runs in the container, if anything does."""
    try:
        container.kill()
    except APIError as error:
        # It ended by itself in between, or somebody removed it, which is as good.
        if error.status_code not in GONE_OR_ENDED:
            raise


def _api(container: Container) -> docker.APIClient:
    if container.client is None:
        raise SandboxUnavailable("this container does not belong to an engine any more")
    return container.client.api


def _feed(raw: socket.socket, stdin: IO[bytes]) -> None:
    try:
        while data := stdin.read(1024 * 1024):
            raw.sendall(data)
        raw.shutdown(socket.SHUT_WR)
    except (BrokenPipeError, ConnectionResetError):
        # The command ended without reading all: its exit code and output say why.
        return


def _read_frames(stream: Any, kept: HeadAndTail) -> None:
    try:
        while header := _read_exactly(stream, _HEADER_BYTES):
            remaining = int.from_bytes(header[4:], "big")
            while remaining:
                data = stream.read(min(remaining, 65536))
                if not data:
                    return
                kept.write(data)
                remaining -= len(data)
    except (OSError, ValueError):
        # The stream was closed under us: what was read until then counts.
        return


def _read_exactly(stream: Any, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = stream.read(size - len(data))
        if not part:
            return b""
        data += part
    return data


def _raw_socket(stream: Any) -> socket.socket:
    """Return the socket below docker-py's stream: only it can be half closed."""
    raw = getattr(stream, "_sock", stream)
    if not isinstance(raw, socket.socket):
        raise SandboxUnavailable(f"input cannot be sent over {type(raw).__name__}: use a unix:// or tcp:// engine")
    return raw
