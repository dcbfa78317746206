"""A client that takes nothing holds nobody up, and misses nothing once it takes again."""

import asyncio

from incidents.feed.outbox import MOST_WAITING, Outbox


class Client:
    """Takes a frame only when the test lets it."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.takes = asyncio.Event()
        self.takes.set()
        self.caught_up_from: list[int] = []

    async def send(self, frame: str) -> None:
        await self.takes.wait()
        self.got.append(frame)

    async def catch_up(self, cursor: int) -> tuple[str, int]:
        self.caught_up_from.append(cursor)
        return f"snapshot after {cursor}", 1000


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_frames_are_sent_in_order_behind_the_snapshot() -> None:
    client = Client()
    outbox = Outbox(client.send, client.catch_up)
    outbox.begin(5)
    await settled()
    outbox.offer("one", 1001)
    outbox.offer("two", 1002)
    await settled()
    await outbox.close()

    assert client.got == ["snapshot after 5", "one", "two"]


async def test_a_client_that_takes_nothing_is_given_a_snapshot_instead_of_a_backlog() -> None:
    client = Client()
    outbox = Outbox(client.send, client.catch_up)
    outbox.begin(0)
    outbox.offer("before the snapshot is read", 1)
    await settled()
    outbox.offer("taken", 1001)
    await settled()
    client.takes.clear()
    for number in range(10 * MOST_WAITING):
        outbox.offer(f"frame {number}", 2000 + number)  # returns at once, whatever the client does
    await settled()
    client.takes.set()
    await settled()
    outbox.offer("after", 9999)
    await settled()
    await outbox.close()

    assert client.got == ["snapshot after 0", "taken", "snapshot after 1001", "after"]


async def test_of_what_an_agent_says_a_slow_client_is_told_the_newest_only() -> None:
    client = Client()
    outbox = Outbox(client.send, client.catch_up)
    client.takes.clear()
    for words in ("I", "I look", "I look at the cart."):
        outbox.offer(words, 0, key=("agent.activity", "diagnosis"))
    client.takes.set()
    await settled()
    await outbox.close()

    assert client.got == ["I look at the cart."]
