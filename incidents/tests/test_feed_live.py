"""The live feed over its real route, with the real channel layer."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from core.broadcast import AgentActivity, broadcast_activity
from incidents import consumers
from incidents.choices import Status
from incidents.consumers import BAD_MESSAGE, FORBIDDEN, LARGEST_MESSAGE_BYTES, UNAUTHENTICATED
from incidents.feed import websocket_urlpatterns
from incidents.lifecycle import incident_move
from incidents.models import Incident, Transition
from incidents.tests.factories import IncidentFactory
from incidents.tests.viewers import viewer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def close_connections() -> AsyncIterator[None]:
    """Let go of the database in the thread that the feed reads it from."""
    yield
    await sync_to_async(connections.close_all)()


class Socket:
    """A browser's end of one websocket: ASGI events in, ASGI events out."""

    def __init__(self, cookie: str) -> None:
        routes: Any = websocket_urlpatterns
        self._application: Any = ApplicationCommunicator(  # type: ignore[no-untyped-call]  # asgiref has no types here
            AuthMiddlewareStack(URLRouter(routes)),
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

    async def say(self, message: object) -> None:
        await self.say_text(json.dumps(message))

    async def say_text(self, text: str) -> None:
        await self._application.send_input({"type": "websocket.receive", "text": text})

    async def leave(self) -> None:
        await self._application.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._application.wait(timeout=5)


@asynccontextmanager
async def connection(cookie: str = "") -> AsyncIterator[Socket]:
    socket = Socket(cookie)
    await socket.open()
    try:
        yield socket
    finally:
        await socket.leave()


@sync_to_async
def session(*, may_view: bool = True) -> str:
    client = Client()
    client.force_login(viewer() if may_view else User.objects.create_user("eve"))
    return client.cookies["sessionid"].value


@sync_to_async
def moved(incident: Incident, *targets: Status) -> int:
    for target in targets:
        transition = incident_move(incident=incident, target=target, actor="system:test")
    return transition.pk


make_incident = sync_to_async(IncidentFactory.create)


async def test_without_a_session_the_feed_closes_by_a_code_that_says_so() -> None:
    async with connection() as socket:
        closed = await socket.event()

    assert (closed["type"], closed["code"]) == ("websocket.close", UNAUTHENTICATED)


async def test_without_the_view_permission_the_feed_closes_by_another_code() -> None:
    async with connection(await session(may_view=False)) as socket:
        closed = await socket.event()

    assert (closed["type"], closed["code"]) == ("websocket.close", FORBIDDEN)


async def test_a_move_reaches_a_client_that_said_hello() -> None:
    incident = await make_incident()
    async with connection(await session()) as socket:
        await socket.say({"type": "hello", "cursor": 0})
        first = await socket.message()
        cursor = await moved(incident, Status.TRIAGING)
        message = await socket.message()

    assert first == {"type": "snapshot", "cursor": 0, "changes": []}
    assert message == {
        "type": "incident.changed",
        "incident_id": incident.pk,
        "status": "triaging",
        "cursor": cursor,
    }


async def test_a_client_that_saw_nothing_yet_misses_no_move_made_before_it_came() -> None:
    incident = await make_incident()
    newest = await moved(incident, Status.TRIAGING)
    async with connection(await session()) as socket:
        await socket.say({"type": "hello", "cursor": 0})
        message = await socket.message()

    assert message["cursor"] == newest
    assert [change["incident_id"] for change in message["changes"]] == [incident.pk]


async def test_a_client_that_was_away_is_told_where_each_incident_stands_now() -> None:
    incident, other = await make_incident(), await make_incident()
    seen = await moved(other, Status.TRIAGING)
    newest = await moved(incident, Status.TRIAGING, Status.DIAGNOSING)
    async with connection(await session()) as socket:
        await socket.say({"type": "hello", "cursor": seen})
        message = await socket.message()

    assert message == {
        "type": "snapshot",
        "cursor": newest,
        "changes": [
            {"type": "incident.changed", "incident_id": incident.pk, "status": "diagnosing", "cursor": newest}
        ],
    }


async def test_a_client_that_was_away_too_long_is_told_to_read_everything_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumers, "MOST_TRANSITIONS", 2)
    incident = await make_incident()
    newest = await moved(incident, Status.TRIAGING, Status.DIAGNOSING, Status.FIXING, Status.REVIEWING)
    first = (await Transition.objects.order_by("id").afirst()).pk  # type: ignore[union-attr]  # four were written
    async with connection(await session()) as socket:
        await socket.say({"type": "hello", "cursor": first})
        message = await socket.message()

    assert message == {"type": "reload", "cursor": newest}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{", "not JSON"),
        ("[]", "unknown"),
        ('{"type": "subscribe"}', "unknown"),
        ('{"type": "hello"}', "the cursor is None"),
        ('{"type": "hello", "cursor": -1}', "the cursor is -1"),
        ('{"type": "hello", "cursor": true}', "the cursor is True"),
        ('{"type": "hello", "cursor": 9223372036854775808}', "the cursor is"),
        ("x" * (LARGEST_MESSAGE_BYTES + 1), "4096 are allowed"),
        ("é" * (LARGEST_MESSAGE_BYTES // 2 + 1), "4098 bytes"),
    ],
)
async def test_a_message_that_cannot_be_used_is_named_and_ends_the_connection(text: str, error: str) -> None:
    async with connection(await session()) as socket:
        await socket.say_text(text)
        answer = await socket.message()
        closed = await socket.event()

    assert answer["type"] == "error"
    assert error in answer["error"]
    assert (closed["type"], closed["code"]) == ("websocket.close", BAD_MESSAGE)


async def test_only_who_watches_an_incident_hears_what_its_agents_do() -> None:
    cookie = await session()
    activity: AgentActivity = {
        "type": "agent.activity",
        "incident_id": 7,
        "stage": "diagnosis",
        "attempt": 1,
        "candidate": 1,
        "step": 3,
        "text": "I look at the cart.",
        "tools": [{"name": "read_file", "arguments": "{}", "state": "running"}],
    }

    async with connection(cookie) as watching, connection(cookie) as elsewhere:
        for socket in (watching, elsewhere):
            await socket.say({"type": "hello", "cursor": 0})
            assert (await socket.message())["type"] == "snapshot"
        await watching.say({"type": "watch", "incident_id": 7})
        await elsewhere.say({"type": "watch", "incident_id": 8})
        # Answered in order, so both groups are joined when these come.
        for socket in (watching, elsewhere):
            await socket.say({"type": "hello", "cursor": 0})
            await socket.message()

        await sync_to_async(broadcast_activity)(activity)

        assert await watching.message() == activity
        await elsewhere.say({"type": "hello", "cursor": 0})
        assert (await elsewhere.message())["type"] == "snapshot"


async def test_a_watch_that_names_no_incident_is_refused() -> None:
    async with connection(await session()) as socket:
        await socket.say({"type": "watch", "incident_id": "7"})

        assert "must be an incident's id" in (await socket.message())["error"]
