"""What the agents of an incident said and did, short enough to fold away on a page, without secrets."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.redact import redact
from incidents import selectors
from incidents.models import Incident, StageRun

TEXT_CHARACTERS = 3000


@dataclass(frozen=True)
class Turn:
    who: str
    text: str


@dataclass(frozen=True)
class Conversation:
    run: StageRun
    turns: Sequence[Turn]


def conversations(incident: Incident) -> list[Conversation]:
    """Return each agent's conversation in the order in which they began."""
    return [
        Conversation(run, [_turn(step.role, block) for step in run.steps.all() for block in step.content])
        for run in selectors.agent_runs(incident=incident)
    ]


def _turn(role: str, block: dict[str, Any]) -> Turn:
    kind = block.get("type")
    if kind == "tool_use":
        return Turn(f"calls {block.get('name', '?')}", _short(json.dumps(block.get("input"), indent=1)))
    if kind == "tool_result":
        content = block.get("content", "")
        text = content if isinstance(content, str) else json.dumps(content)
        return Turn("refused" if block.get("is_error") else "result", _short(text))
    return Turn("agent" if role == "assistant" else "asked", _short(str(block.get("text", ""))))


def _short(text: str) -> str:
    clean = redact(text)
    rest = len(clean) - TEXT_CHARACTERS
    return clean if rest <= 0 else f"{clean[:TEXT_CHARACTERS]}\n… {rest} more characters"
