"""A feed that is open when its session ends is closed, by the code that says why."""

import asyncio
from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisAway

from incidents.choices import Status
from incidents.feed import hub, sessions
from incidents.feed.sessions import FORBIDDEN, UNAUTHENTICATED, Admission, Doorkeeper
from incidents.tests.feed_socket import Socket, connection, make_incident, moved, session

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("close_connections")]


async def let_in(socket: Socket) -> None:
    await socket.say({"type": "hello", "cursor": 0})
    assert (await socket.message())["type"] == "snapshot"


def signed_out(cookie: str) -> None:
    Session.objects.get(pk=cookie).delete()


def expired(cookie: str) -> None:
    Session.objects.filter(pk=cookie).update(expire_date=timezone.now())


def given_another_password(_cookie: str) -> None:
    user = User.objects.get()
    user.set_password("another long pass phrase")
    user.save()


def deactivated(_cookie: str) -> None:
    User.objects.update(is_active=False)


def put_out_of_the_group(_cookie: str) -> None:
    User.objects.get().groups.clear()


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (signed_out, UNAUTHENTICATED),
        (expired, UNAUTHENTICATED),
        (given_another_password, UNAUTHENTICATED),
        (deactivated, UNAUTHENTICATED),
        (put_out_of_the_group, FORBIDDEN),
    ],
)
async def test_an_open_feed_whose_person_may_no_longer_see_it_closes_by_the_code_for_it(
    monkeypatch: pytest.MonkeyPatch, happens: Callable[[str], None], code: int
) -> None:
    monkeypatch.setattr(sessions, "CHECK_SECONDS", 0.1)
    cookie = await session()
    async with connection(cookie) as socket:
        await let_in(socket)
        await sync_to_async(happens)(cookie)
        closed = await socket.event()

    assert (closed["type"], closed["code"]) == ("websocket.close", code)


async def test_who_signs_out_ends_no_other_persons_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "CHECK_SECONDS", 0.1)
    incident, leaving, staying = await make_incident(), await session(), await session("bo")
    async with connection(leaving) as socket, connection(staying) as other:
        await let_in(socket)
        await let_in(other)
        await sync_to_async(signed_out)(leaving)
        assert (await socket.event())["code"] == UNAUTHENTICATED

        cursor = await moved(incident, Status.TRIAGING)

        assert (await other.message())["cursor"] == cursor


async def test_with_redis_away_a_feed_that_watches_an_incident_is_ended_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Away:
        async def group_discard(self, _group: str, _channel: str) -> None:
            raise RedisAway("refused")

    monkeypatch.setattr(sessions, "CHECK_SECONDS", 0.1)
    cookie = await session()
    async with connection(cookie) as socket:
        await let_in(socket)
        await socket.say({"type": "watch", "incident_id": 7})
        await let_in(socket)  # answered in order: it watches by now
        with monkeypatch.context() as away:
            away.setattr(hub, "_layer", Away)
            await sync_to_async(signed_out)(cookie)
            closed = await socket.event()

    assert (closed["type"], closed["code"]) == ("websocket.close", UNAUTHENTICATED)


@pytest.mark.parametrize("is_slow", [True, False])
async def test_a_connection_that_cannot_be_ended_keeps_no_other_from_being_ended(
    monkeypatch: pytest.MonkeyPatch, is_slow: bool
) -> None:
    async def fails(_code: int) -> None:
        if is_slow:
            await asyncio.Event().wait()
        raise RuntimeError("Unexpected ASGI message 'websocket.close', after it was closed")

    monkeypatch.setattr(sessions, "CHECK_SECONDS", 0.1)
    ended: asyncio.Queue[int] = asyncio.Queue()
    doorkeeper = Doorkeeper()
    gone, later = Admission("gone", 1, "", fails), Admission("later", 2, "", ended.put)
    doorkeeper.admit(gone)
    await asyncio.sleep(0.3)
    doorkeeper.admit(later)
    code = await asyncio.wait_for(ended.get(), timeout=5)
    doorkeeper.leave(gone)
    doorkeeper.leave(later)

    assert code == UNAUTHENTICATED
