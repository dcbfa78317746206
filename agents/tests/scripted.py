"""A model that says what a test wrote down, and what a session needs around it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from agents.runtime.contract import Reply, Session, Usage
from agents.runtime.transcript import MemoryBudget, MemoryTranscript


@dataclass
class ScriptedModel:
    """Plays `turns` one after the other and keeps what it was sent; a turn is a list of (tool, input)."""

    turns: list[list[tuple[str, dict[str, Any]]]]
    name: str = "scripted"
    requests: list[dict[str, Any]] = field(default_factory=list)

    def upper_bound_usd(self, **_request: Any) -> Decimal:
        return Decimal(0)

    def counted_bound_usd(self, **request: Any) -> Decimal:
        return self.upper_bound_usd(**request)

    def reply(
        self,
        *,
        system: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        tool_choice: Mapping[str, Any],
        max_tokens: int,
        on_text: Callable[[str], None],
    ) -> Reply:
        number = len(self.requests)
        self.requests.append({"system": system, "messages": list(messages), "tools": list(tools)})
        content = [
            {"type": "tool_use", "id": f"toolu_{number}_{index}", "name": tool, "input": arguments}
            for index, (tool, arguments) in enumerate(self.turns[number])
        ]
        return Reply(content, "tool_use", Usage(), Decimal(0), self.name)

    def heard(self, number: int) -> str:
        """Return the last message of request `number`, counted from 0, as text."""
        return str(self.requests[number]["messages"][-1]["content"])


def session_of(*turns: list[tuple[str, dict[str, Any]]]) -> tuple[Session, ScriptedModel]:
    """Return a session whose model plays `turns`, and that model."""
    model = ScriptedModel(list(turns))
    transcript = MemoryTranscript()
    return Session(model=model, transcript=transcript, budget=MemoryBudget(Decimal(1), transcript)), model


def submission(agent: str, output: BaseModel) -> list[tuple[str, dict[str, Any]]]:
    """Return the turn that submits `output`."""
    return [(f"submit_{agent}", output.model_dump(mode="json"))]
