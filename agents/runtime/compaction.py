"""A conversation kept within its context: the oldest tool results give way to pointers that can be followed.

What was left out is a step of the transcript like any other, so that a resumed run sends the same bytes and the
prompt cache goes on from there. Calls keep their results, if only as pointers: the API refuses a call without.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agents.runtime.contract import Block, Step
from agents.runtime.fence import fenced

COMPACTION = "compaction"
REREAD = "reread_result"
# Code and logs have about three characters a token; a guess that is wrong by half only compacts earlier or later.
CHARACTERS_PER_TOKEN = 3
# The newest results are what the model is thinking about.
KEPT_USER_STEPS = 2
SHORTEST_LEFT_OUT = 1_500
HEAD_CHARACTERS = 300


def sendable(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return the conversation as the API takes it: without blank text, and with pointers for what was left out."""
    left_out = results_left_out(steps)
    calls = {block["id"]: block for step in steps for block in step.content if block["type"] == "tool_use"}
    messages = []
    for step in steps:
        content = [
            _pointer(block, calls[block["tool_use_id"]]) if block.get("tool_use_id") in left_out else block
            for block in step.content
            if _is_sent(block)
        ]
        if content:
            messages.append({"role": step.role, "content": content})
    return messages


def compaction_due(steps: Sequence[Step], *, context_tokens: int) -> Step | None:
    """Return the step that records what is to be left out from now on, or None while all fits.

    Leaves out down to half of the context at once, and never little: each time the cache starts anew.
    """
    limit = context_tokens * CHARACTERS_PER_TOKEN
    size = sum(_size(message["content"]) for message in sendable(steps))
    if size <= limit:
        return None
    chosen, freed = [], 0
    for block in _may_be_left_out(steps):
        if size - freed <= limit // 2:
            break
        chosen.append(block["tool_use_id"])
        freed += len(block["content"]) - HEAD_CHARACTERS
    if freed < limit // 10:
        return None
    return Step("user", [{"type": COMPACTION, "results": chosen}])


def results_left_out(steps: Iterable[Step]) -> frozenset[str]:
    """Return the ids of the calls whose results were left out by any compaction so far."""
    return frozenset(
        result
        for step in steps
        for block in step.content
        if block["type"] == COMPACTION
        for result in block["results"]
    )


def _may_be_left_out(steps: Sequence[Step]) -> list[Block]:
    """Return long results that are still sent, oldest first, apart from those of the newest messages."""
    left_out = results_left_out(steps)
    answers = [step for step in steps if any(block["type"] == "tool_result" for block in step.content)]
    return [
        block
        for step in answers[:-KEPT_USER_STEPS]
        for block in step.content
        if block["type"] == "tool_result"
        and block["tool_use_id"] not in left_out
        and len(block["content"]) >= SHORTEST_LEFT_OUT
    ]


def _pointer(result: Block, call: Block) -> Block:
    text = result["content"]
    return {
        **result,
        "content": (
            f"This result of {call['name']} was left out to save space ({len(text)} characters). "
            f'Call {REREAD} with result "{call["id"]}" to see it again. It begins:\n'
            + fenced("beginning", text[:HEAD_CHARACTERS])
        ),
    }


def _is_sent(block: Mapping[str, Any]) -> bool:
    # The API sends blank text at times and never takes it back.
    return block["type"] != COMPACTION and (block["type"] != "text" or bool(block["text"].strip()))


def _size(content: Sequence[Block]) -> int:
    return sum(len(json.dumps(block, ensure_ascii=False)) for block in content)
