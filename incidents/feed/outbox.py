"""What one client still has to be sent: a slow one gets a snapshot instead of a backlog, and holds nobody up."""

import asyncio
from collections.abc import Awaitable, Callable

from incidents.feed.figures import SLOW, sums

# Frames are shared by all clients, so that these cost a slow one's memory next to nothing.
MOST_WAITING = 32

Send = Callable[[str], Awaitable[None]]
# Makes the text of a snapshot of everything after a cursor, and says which cursor it reaches to.
CatchUp = Callable[[int], Awaitable[tuple[str, int]]]


class Outbox:
    """Sends frames in order, as fast as the client takes them.

    A frame with a `key` replaces a waiting one with the same key: of what an agent says only the newest counts.
    """

    def __init__(self, send: Send, catch_up: CatchUp) -> None:
        self._send = send
        self._catch_up = catch_up
        self._waiting: dict[object, tuple[str, int]] = {}
        self._cursor: int | None = None
        self._is_behind = False
        self._is_closed = False
        # There only while something waits: of a thousand clients nearly all are idle.
        self._writer: asyncio.Task[None] | None = None

    def begin(self, cursor: int) -> None:
        """Tell the client first what came after `cursor`, then what is offered from now on."""
        self._cursor = cursor
        self._fall_behind()

    def offer(self, frame: str, cursor: int, *, key: object = None) -> None:
        """Take a frame that reaches to transition `cursor`, 0 if it is about none; never waits."""
        if self._is_behind or (self._cursor is None and cursor):
            return  # the snapshot that is to come is read later than this
        if key is None and len(self._waiting) >= MOST_WAITING:
            sums.add({SLOW: 1})
            self._fall_behind()
            return
        self._waiting[object() if key is None else key] = (frame, cursor)
        self._begin_to_write()

    async def close(self) -> None:
        """Stop; what still waits is not sent."""
        self._is_closed = True
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    def _fall_behind(self) -> None:
        self._waiting.clear()
        self._is_behind = True
        self._begin_to_write()

    def _begin_to_write(self) -> None:
        if self._writer is None and not self._is_closed:
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._waiting or self._is_behind:
            if self._is_behind and self._cursor is not None:
                # From here on offers count: they may be about what is read now, which costs a repetition only.
                self._is_behind = False
                frame, self._cursor = await self._catch_up(self._cursor)
                await self._send(frame)
            else:
                frame, cursor = self._waiting.pop(next(iter(self._waiting)))
                await self._send(frame)
                self._cursor = max(self._cursor or 0, cursor)
        self._writer = None
