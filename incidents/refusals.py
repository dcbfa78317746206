"""The outputs of an agent that were refused: read from its conversation, which keeps all of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from incidents.models import AgentStep

# An agent hands in by a tool of this name (agents.runtime.brief).
HANDS_IN = "submit_"


class RefusedOutput(NamedTuple):
    """`step` is the number of the agent's step; `problems` is what it was told, or what ended the run."""

    step: int
    output: Any
    problems: str


def refused_outputs(steps: Sequence[AgentStep], *, error: str) -> list[RefusedOutput]:
    """Return every output of a failed run's steps, oldest first: those that went back and the one it failed on.

    `error` is what ended the run: it says what was wrong with the last one.
    """
    told = {
        block["tool_use_id"]: str(block["content"])
        for step in steps
        for block in step.content
        if block["type"] == "tool_result" and block.get("is_error")
    }
    return [
        RefusedOutput(step.number, block["input"], told.get(block["id"], error))
        for step in steps
        for block in step.content
        if block["type"] == "tool_use" and block["name"].startswith(HANDS_IN)
    ]
