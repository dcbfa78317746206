"""The way to an engine on another host, as a socket on this one: over ssh, or over TCP with TLS.

Docker's client library speaks best to a Unix socket: over TLS it cannot half close a stream that sources are sent
on, lets REQUESTS_CA_BUNDLE replace the engine's own authority, and over ssh it has no streams of ours at all.
"""

import os
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from sandbox.contract import SandboxUnavailable
from sandbox.runners.tls_pipe import tls_pipe

CONNECT_SECONDS = 10
DEFAULT_TLS_PORT = 2376
# What the docker command does for ssh:// too: one stream to the engine over standard input and output.
DIAL = "docker system dial-stdio"
# One login serves all connections until this long after the last one.
SHARED_LOGIN_SECONDS = 60

Join = Callable[[socket.socket], None]


class Relay:
    """A Unix socket in a directory that only this user can enter; each connection is one to the engine."""

    def __init__(self, join: Callable[[Path], Join]) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="agent-platform-engine-")
        self._join = join(Path(self._directory.name))
        # What went wrong with the newest connection, for the message of whoever finds it closed.
        self.trouble = ""
        path = Path(self._directory.name, "socket")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self.address = f"unix://{path}"
        threading.Thread(target=self._serve, name="engine-relay", daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._carry, args=(connection,), name="engine-relay", daemon=True).start()

    def _carry(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._join(connection)
            except OSError as error:
                self.trouble = str(error)
            else:
                self.trouble = ""


def relay_to(host: str, certificates: Path | None) -> Relay | None:
    """Return the relay that `host` needs, one for each process and place, or None where there is no need.

    Raises SandboxUnavailable for an address or certificates that cannot be used.
    """
    parts = urlsplit(host)
    if parts.scheme == "ssh":
        return _over_ssh(parts, os.getpid())
    if parts.scheme in {"tcp", "https"} and certificates is not None:
        return _over_tls(parts, certificates, os.getpid())
    return None


@cache
def _over_ssh(parts: SplitResult, _pid: int) -> Relay:
    if not parts.hostname or parts.path.strip("/") or parts.password:
        raise SandboxUnavailable(
            f"DOCKER_HOST is {parts.geturl()!r}: write ssh://USER@HOST or ssh://USER@HOST:PORT"
        )
    user = ("-l", parts.username) if parts.username else ()
    port = ("-p", str(parts.port)) if parts.port else ()

    def join(directory: Path) -> Join:
        options = {
            # Nobody is there to type a password or to accept an unknown host.
            "BatchMode": "yes",
            "ConnectTimeout": str(CONNECT_SECONDS),
            "ControlMaster": "auto",
            "ControlPath": str(directory / "login"),
            "ControlPersist": str(SHARED_LOGIN_SECONDS),
        }
        named = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return partial(_through, ["ssh", "-T", *named, *user, *port, "--", str(parts.hostname), DIAL])

    return Relay(join)


def _through(words: list[str], connection: socket.socket) -> None:
    """Make the connection the input and output of a program. Raises OSError with what it complained about."""
    with tempfile.TemporaryFile() as complaints:
        ended = subprocess.run(
            words, stdin=connection.fileno(), stdout=connection.fileno(), stderr=complaints, check=False
        )
        complaints.seek(0)
        said = complaints.read().decode(errors="replace").strip()
    if ended.returncode != 0:
        raise OSError(f"{words[0]} ended with {ended.returncode}: {said[-500:]}")


@cache
def _over_tls(parts: SplitResult, certificates: Path, _pid: int) -> Relay:
    host, port = parts.hostname or "", parts.port or DEFAULT_TLS_PORT
    try:
        context = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
        context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    except OSError as error:
        raise SandboxUnavailable(
            f"DOCKER_CERT_PATH is {str(certificates)!r}: ca.pem, cert.pem and key.pem there are of no use: {error}"
        ) from error

    def join(connection: socket.socket) -> None:
        with socket.create_connection((host, port), timeout=CONNECT_SECONDS) as outside:
            tls_pipe(connection, outside, context, host)

    return Relay(lambda _directory: join)
