"""How many clients the feed has and what it sent them, for /metrics, which a process of another kind answers."""

import os
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from redis.exceptions import RedisError

from core.presence import presence_tell
from core.shared_sums import SharedSums

logger = structlog.get_logger(__name__)

FEEDS = "metrics:feeds"
TELL_SECONDS = 5.0
# Sums by name; a connection that was closed counts under CLOSED and the code.
MESSAGES, SLOW, CLOSED = "messages", "slow", "closed|"
# The HTTP status that a server gives to a connection which was closed before it was accepted.
NOT_ACCEPTED = 403

Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[dict[str, Any], Any, Send], Awaitable[None]]

sums = SharedSums("metrics:feed")


class Counted:
    """Counts the websockets of an ASGI application and what leaves by them."""

    def __init__(self, inner: Application) -> None:
        self._inner = inner
        self.connections = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        is_open = False

        async def counted(event: dict[str, Any]) -> None:
            nonlocal is_open
            await send(event)
            match event["type"]:
                case "websocket.send":
                    sums.add({MESSAGES: 1})
                case "websocket.accept":
                    is_open = True
                    self.connections += 1
                case "websocket.close":
                    sums.add({f"{CLOSED}{event.get('code', 1000) if is_open else NOT_ACCEPTED}": 1})

        try:
            await self._inner(scope, receive, counted)
        finally:
            self.connections -= is_open

    def keep_telling(self) -> None:
        """Tell the other processes, without end; for a thread, because Redis may let one wait."""
        while True:
            self.tell()
            time.sleep(TELL_SECONDS)

    def tell(self) -> None:
        """Tell the other processes how many are connected, and hand on what was counted."""
        sums.hand_on()
        try:
            presence_tell(FEEDS, f"{socket.gethostname()}:{os.getpid()}", {"connections": self.connections})
        except RedisError as error:
            logger.warning("metrics.feed_not_told", error=str(error))
