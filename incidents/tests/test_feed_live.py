"""The live feed over its real route, with the real channel layer."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from core.broadcast import AgentActivity, broadcast_activity
from incidents.admission import pause_start
from incidents.choices import Status
from incidents.feed import catch_up, hub
from incidents.feed.consumer import BAD_MESSAGE, LARGEST_MESSAGE_BYTES
from incidents.feed.sessions import FORBIDDEN, UNAUTHENTICATED
from incidents.lifecycle import incident_announce
from incidents.models import Incident, Transition
from incidents.tests.feed_socket import connection, make_incident, moved, session

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("close_connections")]


def unseen(message: Any, cursor: int) -> list[Any]:
    """Return the changes of a snapshot that a client with this cursor has not seen: a few are told twice."""
    return [change for change in message["changes"] if change["cursor"] > cursor]


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
        "type": "changes",
        "cursor": cursor,
        "changes": [
            {"type": "incident.changed", "incident_id": incident.pk, "status": "triaging", "cursor": cursor}
        ],
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

    assert (message["type"], message["cursor"]) == ("snapshot", newest)
    assert unseen(message, seen) == [
        {"type": "incident.changed", "incident_id": incident.pk, "status": "diagnosing", "cursor": newest}
    ]


async def test_a_move_that_commits_after_one_with_a_higher_cursor_is_told_to_who_comes_back() -> None:
    early, late = await make_incident(), await make_incident()
    seen = await moved(early, Status.TRIAGING)
    # As if its transaction had been open meanwhile: its id was given out before the one that the client has seen.
    await Transition.objects.acreate(
        pk=seen - 1, incident=late, source="open", target="noise", actor="system:test", at=timezone.now()
    )
    async with connection(await session()) as socket:
        await socket.say({"type": "hello", "cursor": seen})
        message = await socket.message()

    assert message["cursor"] == seen
    assert (late.pk, "noise") in {(change["incident_id"], change["status"]) for change in message["changes"]}


async def test_what_redis_lost_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "COMPARE_SECONDS", 0.1)
    incident = await make_incident()
    async with connection(await session()) as socket:
        await socket.say({"type": "hello", "cursor": 0})
        await socket.message()
        # Written by somebody whose message never came.
        transition = await Transition.objects.acreate(
            incident=incident, source="open", target="triaging", actor="system:test", at=timezone.now()
        )
        message = await socket.message()

    assert (message["type"], message["cursor"]) == ("changes", transition.pk)


async def test_a_stage_that_began_while_redis_was_away_is_told_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, "COMPARE_SECONDS", 0.1)
    incident = await make_incident()
    async with connection(await session()) as socket:
        await socket.say({"type": "hello", "cursor": 0})
        await socket.message()
        await Incident.objects.filter(pk=incident.pk).aupdate(active_at=timezone.now())
        message = await socket.message()

    assert [change["incident_id"] for change in message["changes"]] == [incident.pk]


async def test_a_storm_is_told_in_few_messages_each_incident_once() -> None:
    incidents = [await make_incident() for _ in range(3)]
    route = (Status.TRIAGING, Status.DIAGNOSING, Status.FIXING, Status.REVIEWING)
    async with connection(await session()) as socket:
        await socket.say({"type": "hello", "cursor": 0})
        await socket.message()
        for incident in incidents:
            newest = await moved(incident, *route)
        messages = [await socket.message()]
        while messages[-1]["cursor"] < newest:
            messages.append(await socket.message())

    assert len(messages) < len(incidents) * len(route)
    last = {change["incident_id"]: change["status"] for message in messages for change in message["changes"]}
    assert last == {incident.pk: "reviewing" for incident in incidents}
    assert all(
        len({change["incident_id"] for change in message["changes"]}) == len(message["changes"])
        for message in messages
    )


async def test_a_further_alarm_and_a_pause_are_told_although_no_incident_moved() -> None:
    incident = await make_incident()
    cursor = await moved(incident, Status.TRIAGING)
    async with connection(await session()) as socket:
        await socket.say({"type": "hello", "cursor": cursor})
        await socket.message()
        await sync_to_async(incident_announce)(incident.pk)
        further = await socket.message()
        await sync_to_async(pause_start)(reason="a migration", actor="user:ada")
        paused = await socket.message()

    assert [change["incident_id"] for change in further["changes"]] == [incident.pk]
    assert further["cursor"] == 0
    assert paused == {"type": "summary.changed"}


async def test_a_client_that_was_away_too_long_is_told_to_read_everything_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catch_up, "MOST_TRANSITIONS", 2)
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
