"""A sender of stored bodies over kept connections: `python -m config.benches.load URL FILE ...`; prints JSON.

A program of its own, so that what it costs is not the cost of what it measures.
"""

import asyncio
import json
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp
import uvloop

HEADERS = {"Content-Type": "text/plain; charset=UTF-8"}
# SNS waits 20 s between its tries; a bench has no time for that.
RETRY_SECONDS = 0.2
TRIES = 100


@dataclass(frozen=True)
class Sent:
    """What came of one run: statuses by code, seconds in all, and the milliseconds of single requests."""

    statuses: dict[str, int]
    seconds: float
    p50_ms: float
    p99_ms: float


class Sender:
    """Sends each body once (or until it is answered 200) over `connections`, at most `rate` a second if given."""

    def __init__(self, url: str, *, connections: int, rate: float, retries: bool) -> None:
        self._url = url
        self._connections = connections
        self._rate = rate
        self._retries = retries
        self._statuses: Counter[str] = Counter()
        self._milliseconds: list[float] = []

    async def send(self, bodies: list[bytes]) -> Sent:
        began = time.perf_counter()
        waiting = iter(enumerate(bodies))
        connector = aiohttp.TCPConnector(limit=self._connections)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(self._work(session, waiting, began) for _ in range(self._connections)))
        taken = sorted(self._milliseconds)
        return Sent(
            statuses=dict(self._statuses),
            seconds=time.perf_counter() - began,
            p50_ms=taken[len(taken) // 2],
            p99_ms=taken[len(taken) * 99 // 100],
        )

    async def _work(
        self, session: aiohttp.ClientSession, waiting: Iterator[tuple[int, bytes]], began: float
    ) -> None:
        for number, body in waiting:
            due = began + number / self._rate if self._rate else time.perf_counter()
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            # From when it was due: a sender that waits for slow answers must not hide them.
            for _ in range(TRIES if self._retries else 1):
                status = await self._post(session, body)
                if status == str(HTTPStatus.OK.value):
                    break
                await asyncio.sleep(RETRY_SECONDS if self._retries else 0)
            self._statuses[status] += 1
            self._milliseconds.append((time.perf_counter() - due) * 1000)

    async def _post(self, session: aiohttp.ClientSession, body: bytes) -> str:
        try:
            async with session.post(self._url, data=body, headers=HEADERS) as answer:
                await answer.read()
                return str(answer.status)
        except aiohttp.ClientError as error:
            return type(error).__name__


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("file", type=Path, help="one body a line")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=sys.maxsize)
    parser.add_argument("--repeat", type=int, default=1, help="times that each body is sent")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rate", type=float, default=0, help="requests a second; 0: as fast as answers come")
    parser.add_argument("--retries", action="store_true", help="send again until the answer is 200")
    given = parser.parse_args()
    lines = given.file.read_bytes().splitlines()[given.first : given.first + given.count]
    sender = Sender(given.url, connections=given.connections, rate=given.rate, retries=given.retries)
    sent = uvloop.run(sender.send(lines * given.repeat))
    print(json.dumps(asdict(sent)))  # noqa: T201


if __name__ == "__main__":
    main()
