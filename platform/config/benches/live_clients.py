"""A thousand dashboards, and as many bare subscribers of Redis: `python -m config.benches.live_clients`.

Both read no more of their protocol than the times need: what is measured is the server and not its clients.
Reads one request a line and answers each with one line of JSON. Times are of the clock that all processes share.
"""

import asyncio
import json
import os
import struct
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlsplit

import uvloop

from config.benches.live_mover import BARE_CHANNEL

OPENED_AT_ONCE = 20
LAST_MESSAGE_SECONDS = 10.0

# RFC 6455, 5.2
FIN = 0x80
MASKED = 0x80
TEXT, PING, PONG = 0x1, 0x9, 0xA


class Dashboard(asyncio.Protocol):
    """One websocket that notes when it was told of what, and where it stands."""

    def __init__(self, url: str, cookie: str) -> None:
        self._url = urlsplit(url)
        self._cookie = cookie
        self._cursor = 0
        self.told_at: dict[int, float] = {}
        self.stands: dict[int, int] = {}
        self.frames = 0

    async def open(self) -> None:
        """Connect, say where it stands and wait for the first answer."""
        loop = asyncio.get_running_loop()
        self._buffer = b""
        self._is_open = False
        self._answered = loop.create_future()
        await loop.create_connection(lambda: self, "127.0.0.1", self._url.port or 80)
        await self._answered

    def cut(self) -> None:
        """Lose the connection without a word."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        lines = [
            f"GET {self._url.path} HTTP/1.1",
            f"Host: {self._url.netloc}",
            f"Origin: http://{self._url.netloc}",
            f"Cookie: sessionid={self._cookie}",
            *("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"),
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        self._transport.write("\r\n".join([*lines, "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._buffer += data
        if not self._is_open:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self._answered.set_exception(RuntimeError(f"the websocket is refused: {head!r}"))
                return
            self._is_open, self._buffer = True, rest
            self._say(TEXT, json.dumps({"type": "hello", "cursor": self._cursor}).encode())
        for kind, payload in self._frames():
            if kind == TEXT:
                self._take(payload, now)
            elif kind == PING:
                self._say(PONG, payload)

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        """Take the whole frames out of the buffer; a server sends them unmasked and, here, unfragmented."""
        while len(self._buffer) >= 2:
            size, start = self._buffer[1], 2
            if size == 126:
                size, start = int.from_bytes(self._buffer[2:4], "big"), 4
            elif size == 127:
                size, start = int.from_bytes(self._buffer[2:10], "big"), 10
            if len(self._buffer) < start + size:
                return
            frame, self._buffer = self._buffer[: start + size], self._buffer[start + size :]
            yield frame[0] & 0xF, frame[start:]

    def _say(self, kind: int, payload: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self._transport.write(struct.pack("!BB", FIN | kind, MASKED | len(payload)) + mask + masked)

    def _take(self, text: bytes, now: float) -> None:
        message = json.loads(text)
        self.frames += 1
        self._cursor = max(self._cursor, message["cursor"])
        # "reload" names no changes: here it counts as a loss.
        for change in message.get("changes", ()):
            incident, cursor = change["incident_id"], change["cursor"]
            if cursor > self.stands.get(incident, 0):
                self.stands[incident] = cursor
                self.told_at[cursor] = now
        if not self._answered.done():
            self._answered.set_result(None)


class Subscriber(asyncio.Protocol):
    """One bare subscription."""

    def __init__(self) -> None:
        self.told_at: dict[int, float] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.WriteTransport, transport).write(f"SUBSCRIBE {BARE_CHANNEL}\r\n".encode())

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        if b"{" in data:
            message = json.loads(data[data.index(b"{") : data.rindex(b"}") + 1])
            self.told_at[message["cursor"]] = now


class Clients:
    def __init__(self) -> None:
        self._dashboards: list[Dashboard] = []
        self._subscribers: list[Subscriber] = []
        self._cut: list[Dashboard] = []

    async def open(self, *, url: str, cookie: str, clients: int, redis_port: int) -> dict[str, Any]:
        self._dashboards = [Dashboard(url, cookie) for _ in range(clients)]
        await _open(self._dashboards)
        loop = asyncio.get_running_loop()
        for _ in range(clients):
            _, subscriber = await loop.create_connection(Subscriber, "127.0.0.1", redis_port)
            self._subscribers.append(subscriber)
        return {}

    async def told(self, *, committed: dict[str, float]) -> dict[str, Any]:
        """Return for each commit and dashboard how long it took."""
        return {"milliseconds": await _times(self._dashboards, committed)}

    async def heard(self, *, published: dict[str, float]) -> dict[str, Any]:
        """Return for each bare message and subscriber how long it took."""
        return {"milliseconds": await _times(self._subscribers, published)}

    async def cut(self, *, clients: int) -> dict[str, Any]:
        self._cut = self._dashboards[:clients]
        for dashboard in self._cut:
            dashboard.cut()
        for dashboard in self._dashboards:
            dashboard.frames = 0
        return {}

    async def catch_up(self, *, newest: dict[str, int]) -> dict[str, Any]:
        """Let the cut ones come back; count the pairs of client and incident that do not stand as they should."""
        began = time.monotonic()
        await _open(self._cut)
        seconds = time.monotonic() - began
        lost = self._behind(newest)
        while lost and time.monotonic() - began < LAST_MESSAGE_SECONDS:
            await asyncio.sleep(0.1)
            lost = self._behind(newest)
        frames = sum(dashboard.frames for dashboard in self._dashboards) / len(self._dashboards)
        return {"lost": lost, "seconds": seconds, "frames_per_client": frames}

    def _behind(self, newest: dict[str, int]) -> int:
        return sum(
            dashboard.stands.get(int(incident)) != cursor
            for dashboard in self._dashboards
            for incident, cursor in newest.items()
        )


async def _open(dashboards: list[Dashboard]) -> None:
    gate = asyncio.Semaphore(OPENED_AT_ONCE)

    async def through(dashboard: Dashboard) -> None:
        async with gate:
            await dashboard.open()

    await asyncio.gather(*(through(dashboard) for dashboard in dashboards))


async def _times(listeners: list[Dashboard] | list[Subscriber], since: dict[str, float]) -> list[float]:
    """Return the milliseconds until each listener was told of each number; waits ten seconds at most."""
    numbers = {int(number): at for number, at in since.items()}
    last = max(numbers)
    until = time.monotonic() + LAST_MESSAGE_SECONDS
    while time.monotonic() < until and not all(last in listener.told_at for listener in listeners):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    return [taken for listener in listeners for taken in _milliseconds(listener.told_at, numbers)]


def _milliseconds(told_at: dict[int, float], since: dict[int, float]) -> Iterator[float]:
    """Yield how long each number took; one that was told together with a later one, when that one was told."""
    told = sorted(told_at)
    for number, at in since.items():
        place = bisect_left(told, number)
        if place < len(told):
            yield round((told_at[told[place]] - at) * 1000, 2)


async def answer() -> None:
    clients = Clients()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        request = json.loads(line)
        work = getattr(clients, request.pop("do"))
        print(json.dumps(await work(**request)), flush=True)  # noqa: T201


if __name__ == "__main__":
    uvloop.run(answer())
