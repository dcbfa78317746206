"""The embedded mode serves this machine only, whatever address a server was told to bind.

Its keys and certificates were made for one machine, and nobody chose them.
"""

from collections.abc import Callable, Coroutine, Iterable, MutableMapping
from typing import Any

from config.env import is_loopback

TEXT = [(b"content-type", b"text/plain")]
REFUSAL = b"The embedded mode serves this machine only: set DATABASE_URL, REDIS_URL and SECRET_KEY.\n"

Scope = MutableMapping[str, Any]
# What calls it, and what it calls, differ in how precisely they say what they exchange.
AsgiApplication = Callable[[Any, Any, Any], Coroutine[Any, Any, None]]
WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def wsgi_loopback_only(application: WsgiApplication) -> WsgiApplication:
    """Return `application`, which then answers nobody from another machine."""

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # A Unix socket has no address: who can open it is on this machine.
        if environ.get("REMOTE_ADDR") and not is_loopback(environ["REMOTE_ADDR"]):
            start_response(
                "403 Forbidden", [("Content-Type", "text/plain"), ("Content-Length", str(len(REFUSAL)))]
            )
            return [REFUSAL]
        return application(environ, start_response)

    return guarded


def asgi_loopback_only(application: AsgiApplication) -> AsgiApplication:
    """Return `application`, which then closes every connection from another machine."""

    async def guarded(scope: Scope, receive: Any, send: Any) -> None:
        client = scope.get("client")
        if scope["type"] in ("http", "websocket") and client and not is_loopback(client[0]):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            await send(
                {"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]}
            )
            await send({"type": "http.response.body", "body": REFUSAL})
            return
        await application(scope, receive, send)

    return guarded
