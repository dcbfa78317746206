"""What /metrics is told of the live feed: connections, messages, closes, and clients that were too slow."""

import asyncio
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.security.websocket import OriginValidator
from redis.exceptions import ConnectionError as RedisAway

from config.metrics import feed as page
from core import shared_sums
from core.shared_store import shared_store
from incidents.feed import figures
from incidents.feed.figures import Counted
from incidents.feed.outbox import MOST_WAITING, Outbox
from incidents.feed.routes import feed
from incidents.feed.sessions import UNAUTHENTICATED
from incidents.tests.feed_socket import connection, session

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("close_connections")]


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    figures.sums.hand_on()
    shared_store().delete("metrics:feed")


def told(counted: Counted) -> dict[str, float]:
    """Return what a scrape says after `counted` has told its figures, by name and code."""
    counted.tell()
    return {
        sample.name.removeprefix("agent_platform_feed_") + sample.labels.get("code", ""): sample.value
        for family in page.collect()
        for sample in family.samples
    }


async def test_connections_and_messages_are_counted_until_the_client_has_left() -> None:
    counted = Counted(feed)
    async with connection(await session(), application=counted) as socket:
        await socket.say({"type": "hello", "cursor": 0})
        await socket.message()
        within = told(counted)
    after = told(counted)

    assert within == {"processes": 1, "connections": 1, "messages_total": 1, "slow_total": 0}
    assert after == {**within, "connections": 0}


async def test_a_connection_that_is_closed_counts_by_its_code() -> None:
    counted = Counted(feed)
    async with connection(application=counted) as socket:
        assert (await socket.event())["code"] == UNAUTHENTICATED

    assert told(counted)["closed_total4401"] == 1


async def test_a_page_of_another_origin_counts_as_refused_and_never_as_connected() -> None:
    inner: Any = OriginValidator(feed, ["dashboard.example"])
    counted = Counted(inner)
    scope = {"type": "websocket", "path": "/ws/incidents/", "headers": [(b"origin", b"https://evil.example")]}
    socket: Any = ApplicationCommunicator(counted, scope)  # type: ignore[no-untyped-call]  # asgiref has no types here
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output())["type"] == "websocket.close"
    await socket.wait()

    assert told(counted) == {
        "processes": 1,
        "connections": 0,
        "messages_total": 0,
        "slow_total": 0,
        "closed_total403": 1,
    }


async def test_a_client_that_is_given_a_snapshot_instead_of_a_backlog_counts_as_slow() -> None:
    async def never(_frame: str) -> None:
        await asyncio.Event().wait()

    async def caught_up(cursor: int) -> tuple[str, int]:
        return "snapshot", cursor

    outbox = Outbox(never, caught_up)
    for number in range(MOST_WAITING + 1):
        outbox.offer(f"step {number}", 0)
    await outbox.close()

    assert told(Counted(feed))["slow_total"] == 1


def test_two_servers_are_added_up_and_one_that_is_silent_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = Counted(feed), Counted(feed)
    here.connections, there.connections = 2, 3
    monkeypatch.setattr("socket.gethostname", lambda: "there")
    there.tell()
    monkeypatch.setattr("socket.gethostname", lambda: "here")

    assert told(here)["connections"] == 5

    monkeypatch.setattr("core.presence.ALIVE_SECONDS", -1)
    assert told(here)["processes"] == 0


def test_without_redis_the_feed_goes_on_and_tells_later(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def pipeline(self) -> None:
            raise RedisAway("refused")

        def hset(self, *_given: object) -> None:
            raise RedisAway("refused")

    counted = Counted(feed)
    figures.sums.add({figures.MESSAGES: 4})
    with monkeypatch.context() as away:
        away.setattr(shared_sums, "shared_store", Away)
        away.setattr("core.presence.shared_store", Away)
        counted.tell()

    assert told(counted)["messages_total"] == 4
