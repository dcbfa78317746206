"""A browser's end of the live feed, over its real route, with the real channel layer."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import User
from django.test import Client

from incidents.choices import Status
from incidents.feed.routes import feed
from incidents.lifecycle import incident_move
from incidents.models import Incident
from incidents.tests.factories import IncidentFactory
from incidents.tests.viewers import viewer


class Socket:
    """A browser's end of one websocket: ASGI events in, ASGI events out."""

    def __init__(self, cookie: str, application: Any = feed) -> None:
        self._application: Any = ApplicationCommunicator(  # type: ignore[no-untyped-call]  # asgiref has no types here
            application,
            {
                "type": "websocket",
                "path": "/ws/incidents/",
                "query_string": b"",
                "headers": [(b"cookie", f"sessionid={cookie}".encode())],
                "subprotocols": [],
            },
        )

    async def open(self) -> None:
        await self._application.send_input({"type": "websocket.connect"})
        assert (await self.event())["type"] == "websocket.accept"

    async def event(self) -> dict[str, Any]:
        event: dict[str, Any] = await self._application.receive_output(timeout=5)
        return event

    async def message(self) -> Any:
        return json.loads((await self.event())["text"])

    def waiting(self) -> Any:
        """Return the next message if one is there already, else None."""
        queue = self._application.output_queue
        return None if queue.empty() else json.loads(queue.get_nowait()["text"])

    async def say(self, message: object) -> None:
        await self.say_text(json.dumps(message))

    async def say_text(self, text: str) -> None:
        await self._application.send_input({"type": "websocket.receive", "text": text})

    async def leave(self) -> None:
        await self._application.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._application.wait(timeout=5)


@asynccontextmanager
async def connection(cookie: str = "", *, application: Any = feed) -> AsyncIterator[Socket]:
    socket = Socket(cookie, application)
    await socket.open()
    try:
        yield socket
    finally:
        await socket.leave()


@sync_to_async
def session(name: str = "ada", *, may_view: bool = True) -> str:
    client = Client()
    client.force_login(viewer(name) if may_view else User.objects.create_user("eve"))
    return client.cookies["sessionid"].value


@sync_to_async
def moved(incident: Incident, *targets: Status) -> int:
    for target in targets:
        transition = incident_move(incident=incident, target=target, actor="system:test")
    return transition.pk


make_incident = sync_to_async(IncidentFactory.create)
