"""Carry one connection over TLS, each direction until its own end: Python's TLS sockets only end both at once."""

import selectors
import socket
import ssl
from contextlib import suppress

CHUNK_BYTES = 64 * 1024
# So much may wait for a slow reader before the other side has to wait, too.
HELD_BYTES = 1024 * 1024


def tls_pipe(plain: socket.socket, outside: socket.socket, context: ssl.SSLContext, host: str) -> None:
    """Copy between `plain` and the server `host` at the other end of `outside` until both have ended.

    Raises OSError (ssl.SSLError is one) if the server cannot be trusted or the connection breaks.
    """
    _Pipe(plain, outside, context, host).run()


class _Pipe:
    def __init__(self, plain: socket.socket, outside: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self._plain, self._outside = plain, outside
        self._received, self._sealed = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._sealed, server_hostname=host)
        # Sealed bytes on their way out, opened ones on their way in.
        self._to_outside, self._to_plain = bytearray(), bytearray()
        self._plain_ended = self._outside_ended = False

    def run(self) -> None:
        self._shake_hands()
        self._plain.setblocking(False)
        self._outside.setblocking(False)
        with selectors.DefaultSelector() as selector:
            while not (self._outside_ended and not self._to_plain):
                for side, events in self._wanted().items():
                    _watch(selector, side, events)
                for key, events in selector.select():
                    self._move(key.fileobj is self._plain, events)

    def _shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._outside.sendall(self._sealed.read())
                data = self._outside.recv(CHUNK_BYTES)
                if not data:
                    raise ConnectionResetError("the engine closed the connection before it was secure") from None
                self._received.write(data)
            else:
                self._outside.sendall(self._sealed.read())
                return

    def _wanted(self) -> dict[socket.socket, int]:
        plain = outside = 0
        if not self._plain_ended and len(self._to_outside) < HELD_BYTES:
            plain |= selectors.EVENT_READ
        if self._to_plain:
            plain |= selectors.EVENT_WRITE
        if not self._outside_ended and len(self._to_plain) < HELD_BYTES:
            outside |= selectors.EVENT_READ
        if self._to_outside:
            outside |= selectors.EVENT_WRITE
        return {self._plain: plain, self._outside: outside}

    def _move(self, is_plain: bool, events: int) -> None:
        side, waiting = (self._plain, self._to_plain) if is_plain else (self._outside, self._to_outside)
        if events & selectors.EVENT_WRITE:
            del waiting[: side.send(waiting)]
        if events & selectors.EVENT_READ:
            data = side.recv(CHUNK_BYTES)
            if is_plain:
                self._seal(data)
            else:
                self._open(data)

    def _seal(self, data: bytes) -> None:
        if data:
            self._tls.write(data)
        else:
            self._plain_ended = True
            # It says our end, and would wait for the other side's, which may have more to say.
            with suppress(ssl.SSLWantReadError):
                self._tls.unwrap()
        self._to_outside += self._sealed.read()

    def _open(self, data: bytes) -> None:
        if data:
            self._received.write(data)
        else:
            self._received.write_eof()
        try:
            while opened := self._tls.read(CHUNK_BYTES):
                self._to_plain += opened
            self._outside_ended = True
        except ssl.SSLWantReadError:
            self._to_outside += self._sealed.read()
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            self._outside_ended = True


def _watch(selector: selectors.BaseSelector, side: socket.socket, events: int) -> None:
    is_known = side in selector.get_map()
    if not events:
        if is_known:
            selector.unregister(side)
    elif is_known:
        selector.modify(side, events)
    else:
        selector.register(side, events)
