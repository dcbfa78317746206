"""A way to a stand-in that can go wrong as networks and servers do: loopback HTTP, one fault at a time for all."""

import http.client
import socket
import sys
import threading
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit

Fault = Literal["500", "429", "529", "hang", "cut", "garbage"]
FAULTS: tuple[Fault, ...] = ("500", "429", "529", "hang", "cut", "garbage")

GARBAGE = b"<html><body>Welcome to the hotel's wireless network.</body></html>"
# Hop by hop, or set by the proxy itself (RFC 9110, 7.6.1).
NOT_PASSED_ON = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"})


class FaultyProxy:
    """Passes requests on to `target`, or answers them with `fault` while there is one.

    `hits` counts what each fault was given to: a fault that nobody met proves nothing.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.fault: Fault | None = None
        self.hits: Counter[str] = Counter()
        self._longest: float | None = None
        # Set while no fault is played; a connection that hangs waits for it and is cut then.
        self._is_well = threading.Event()
        self._is_well.set()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.mend()
        self._server.shutdown()
        self._server.server_close()

    def play(self, fault: Fault, *, at_most_seconds: float | None = None) -> None:
        """Give every request from now on this fault; one that hangs is cut after `at_most_seconds`, if given."""
        self._is_well.clear()
        self.fault, self._longest = fault, at_most_seconds

    def mend(self) -> None:
        """Pass requests on again."""
        self.fault = None
        self._is_well.set()

    def wait_until_mended(self) -> None:
        self._is_well.wait(self._longest)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that was killed in the middle of its request."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: FaultyProxy

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        fault = self.proxy.fault
        if fault is None:
            with suppress(ConnectionError):
                self._pass_on(body)
            return
        self.proxy.hits[fault] += 1
        match fault:
            case "hang":
                self.proxy.wait_until_mended()
                self._cut()
            case "cut":
                self._cut()
            case "garbage":
                self._answer(200, {"Content-Type": "text/html"}, GARBAGE)
            case _:
                headers = {"Content-Type": "application/json", "Retry-After": "1"}
                self._answer(int(fault), headers, b'{"message": "chaos", "type": "error"}')

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815  # the names that http.server asks for

    def _pass_on(self, body: bytes) -> None:
        where = urlsplit(self.proxy.target)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            connection.request(self.command, f"{where.path}{self.path}", body, headers)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in NOT_PASSED_ON}
            self._answer(answer.status, kept, answer.read())
        except (OSError, http.client.HTTPException):
            self._cut()
        finally:
            connection.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _cut(self) -> None:
        """End the connection in the middle of an answer."""
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{")
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing for each request: `FaultyProxy.hits` counts what matters."""
