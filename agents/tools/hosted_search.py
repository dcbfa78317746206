"""A second opinion on a name from the code host's own search: optional, few requests a minute, remembered."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

from redis import Redis

from core.errors import PlatformError

# GitHub allows 10 code searches a minute for all of an installation's users of one token (REST API documentation).
REQUESTS_A_MINUTE = 6
REMEMBERED_SECONDS = 3_600
_KEY = "code-search"


@dataclass(frozen=True)
class HostedAnswer:
    """`source` says who answered; `note` why there is no answer."""

    source: str
    paths: tuple[str, ...] = ()
    note: str = ""


class HostedSearch(Protocol):
    def paths_with(self, name: str, *, repository: str) -> HostedAnswer:
        """Return files of the default branch that hold the word. Never raises for a host that does not answer."""
        ...


class BudgetedSearch:
    """`search` asks the host; answers and the budget of a minute are shared by all workers through Redis."""

    def __init__(self, search: Callable[[str, str], list[str]], redis: Redis, *, source: str) -> None:
        self._search, self._redis, self._source = search, redis, source

    def paths_with(self, name: str, *, repository: str) -> HostedAnswer:
        key = f"{_KEY}:{blake2b(f'{repository} {name}'.encode(), digest_size=16).hexdigest()}"
        if (known := self._redis.get(key)) is not None:
            return HostedAnswer(f"{self._source} (remembered)", tuple(json.loads(known)))
        if not self._may_ask():
            return HostedAnswer(
                self._source, note=f"not asked: {REQUESTS_A_MINUTE} searches a minute are used up."
            )
        try:
            paths = self._search(repository, name)
        except PlatformError as error:
            return HostedAnswer(self._source, note=f"did not answer: {error}")
        self._redis.set(key, json.dumps(paths), ex=REMEMBERED_SECONDS)
        return HostedAnswer(self._source, tuple(paths))

    def _may_ask(self) -> bool:
        key = f"{_KEY}:minute:{self._redis.time()[0] // 60}"
        used = self._redis.incr(key)
        self._redis.expire(key, 120)
        return used <= REQUESTS_A_MINUTE
