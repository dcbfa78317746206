"""Where a request says that its beginning will come again, so that each turn pays for what is new in it.

https://platform.claude.com/docs/en/build-with-claude/prompt-caching: at most four breakpoints; a breakpoint finds
an entry that ends at most 20 blocks before it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

CACHE = {"type": "ephemeral"}
# Thinking blocks cannot carry a breakpoint.
CACHEABLE = frozenset({"text", "tool_use", "tool_result"})


def with_breakpoints(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the messages with a breakpoint at their end, and one where the turn before had its own.

    The second one finds what that turn wrote even if more than 20 blocks came since: many calls in one message.
    """
    users = [index for index, message in enumerate(messages) if message["role"] == "user"]
    marked = {*users[-2:], len(messages) - 1}
    return [_marked(message) if index in marked else message for index, message in enumerate(messages)]


def _marked(message: Mapping[str, Any]) -> Mapping[str, Any]:
    *blocks, last = message["content"]
    if last["type"] not in CACHEABLE:
        return message
    return {**message, "content": [*blocks, {**last, "cache_control": CACHE}]}
