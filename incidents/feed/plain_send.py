"""A way past the session middleware, which looks at every message that leaves a websocket."""

from collections.abc import Awaitable, Callable
from typing import Any

Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[dict[str, Any], Any, Send], Awaitable[None]]

_KEY = "plain_send"


class KeepsPlainSend:
    """Puts the server's own `send` into the scope.

    channels' session middleware asks before each message whether the session has to be saved. The feed never
    changes one, and for a thousand clients the question takes longer than the answer that it is about.
    """

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        await self._inner({**scope, _KEY: send}, receive, send)


def plain_send(scope: Any) -> Send:
    """Return what KeepsPlainSend has put into `scope`."""
    send: Send = scope[_KEY]
    return send
