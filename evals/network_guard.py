"""No evaluation may touch a live system: a connection that leaves the machine is refused and fails the run."""

import ipaddress
import re
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from core.errors import PlatformError


class ReachedForTheNetwork(PlatformError):
    """Something in the run tried to leave the machine."""


class NetworkGuard:
    """Refuses what an audit hook sees leaving (sockets, programs that are given an address), and remembers it.

    `allowed_hosts` are the model's own address and no other. A refused attempt counts even where the code that
    made it swallows the error.
    """

    def __init__(self, allowed_hosts: Sequence[str] = ()) -> None:
        self._allowed_hosts = frozenset(allowed_hosts)
        self._allowed_addresses: set[str] = set()
        self.attempts: list[str] = []
        self._lock = Lock()

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        match event:
            case "socket.getaddrinfo":
                self._check_name(arguments[0])
            case "socket.connect" | "socket.sendto":
                self._check_address(arguments[1])
            case "subprocess.Popen":
                self._check_command(arguments[1])

    def _check_name(self, host: object) -> None:
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if not (_is_local(name) or name in self._allowed_hosts or name in self._allowed_addresses):
            self._refuse(f"the name {name}")

    def _check_address(self, address: object) -> None:
        if not isinstance(address, tuple):
            return  # the path of a Unix socket
        if not (_is_local(str(address[0])) or address[0] in self._allowed_addresses):
            self._refuse(f"the address {address[0]}:{address[1]}")

    def _check_command(self, command: object) -> None:
        words = command if isinstance(command, list | tuple) else [command]
        for word in words:
            for found in re.findall(r"\b(?:https?|ssh|git)://[^\s'\"]+", str(word)):
                host = urlsplit(found).hostname or ""
                if not _is_local(host):
                    self._refuse(f"{words[0]} with {found}")

    def _refuse(self, what: str) -> None:
        with self._lock:
            self.attempts.append(what)
        raise ReachedForTheNetwork(
            f"The run reached for {what}. Evaluations replace every outside system: find out which code left."
        )

    def allow_addresses(self, addresses: Sequence[str]) -> None:
        self._allowed_addresses.update(addresses)

    def allows(self, host: str) -> bool:
        return host in self._allowed_hosts


_guards: list[NetworkGuard] = []
_is_hooked = False


@contextmanager
def network_guarded(guard: NetworkGuard) -> Iterator[NetworkGuard]:
    """Have `guard` watch this process, and raise ReachedForTheNetwork at the end if it had to refuse anything."""
    global _is_hooked
    if not _is_hooked:
        sys.addaudithook(_audit)  # there is no way to remove one: with no guard it does nothing
        _is_hooked = True
    resolve = socket.getaddrinfo

    def resolved(host: Any, *arguments: Any, **options: Any) -> Any:
        found = resolve(host, *arguments, **options)
        if guard.allows(str(host)):
            guard.allow_addresses([str(entry[4][0]) for entry in found])
        return found

    _guards.append(guard)
    socket.getaddrinfo = resolved
    try:
        yield guard
    finally:
        socket.getaddrinfo = resolve
        _guards.remove(guard)
    if guard.attempts:
        raise ReachedForTheNetwork(
            f"The run reached for the network {len(guard.attempts)} times, first for {guard.attempts[0]}: "
            "its figures do not count."
        )


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    for guard in _guards:
        guard.audit(event, arguments)


def _is_local(host: str) -> bool:
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False
