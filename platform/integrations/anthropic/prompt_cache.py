"""The stand-in's prompt cache: finds the longest beginning of a request that an earlier one marked, byte for byte.

As the API's documentation has it: entries are made at breakpoints only, a breakpoint finds an entry at most 20
blocks before it, an entry lives for five minutes from its last use, and a change of `tool_choice` leaves tools and
system in the cache and nothing after them. The least length that the API asks of an entry is left out.
"""

import hashlib
import json
import time
from threading import Lock
from typing import Any

from integrations.anthropic.request import Request

LOOKBACK_BLOCKS = 20
LIFE_SECONDS = 300


class PromptCache:
    """Entries by the digest of everything up to their end; safe to share between threads."""

    def __init__(self) -> None:
        self._used_at: dict[str, float] = {}
        self._lock = Lock()

    def split(self, request: Request) -> tuple[int, int]:
        """Return how many blocks of the prompt are read from the cache, and up to which one is cached after it."""
        head, blocks = prompt_blocks(request)
        digests = _digests(blocks, head, request.tool_choice)
        marked = [index for index, block in enumerate(blocks) if "cache_control" in block]
        now = time.monotonic()
        with self._lock:
            self._used_at = {key: at for key, at in self._used_at.items() if now - at < LIFE_SECONDS}
            found = [
                index + 1
                for mark in marked
                for index in range(mark, max(-1, mark - LOOKBACK_BLOCKS - 1), -1)
                if digests[index] in self._used_at
            ]
            read = max(found, default=0)
            fresh = [digests[mark] for mark in marked] + ([digests[read - 1]] if read else [])
            self._used_at.update(dict.fromkeys(fresh, now))
        return read, max(marked, default=-1) + 1


def prompt_blocks(request: Request) -> tuple[int, list[dict[str, Any]]]:
    """Return the blocks in the API's order (tools, system, messages) and how many come before the messages."""
    head = [*request.tools, *request.system]
    return len(head), [*head, *(block for message in request.messages for block in message["content"])]


def _digests(blocks: list[dict[str, Any]], head: int, tool_choice: dict[str, Any]) -> list[str]:
    """Return for each block the digest of everything up to its end."""
    running = hashlib.sha256()
    digests = []
    for index, block in enumerate(blocks):
        if index == head:
            running.update(json.dumps(tool_choice, sort_keys=True).encode())
        plain = {key: value for key, value in block.items() if key != "cache_control"}
        running.update(json.dumps(plain, sort_keys=True).encode())
        digests.append(running.hexdigest())
    return digests
