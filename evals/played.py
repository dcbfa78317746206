"""Models that are no models: they hand in what they were given, through the agents' real loop."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from agents.runtime.contract import Model, Reply, Usage

Answer = Callable[[str], BaseModel]


class PlayedModel:
    """Answers the `submit_*` tool of each conversation with `answer(text of the first message)`.

    It sees what a model would see: what the harness keeps from a prompt, it cannot answer from.
    """

    def __init__(self, name: str, answer: Answer) -> None:
        self.name = name
        self._answer = answer

    def upper_bound_usd(self, **_request: Any) -> Decimal:
        return Decimal(0)

    def counted_bound_usd(self, **_request: Any) -> Decimal:
        return Decimal(0)

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
        submit = next(tool["name"] for tool in tools if tool["name"].startswith("submit_"))
        task = "\n".join(block["text"] for block in messages[0]["content"] if block["type"] == "text")
        output = self._answer(task).model_dump(mode="json")
        block = {"type": "tool_use", "id": f"toolu_{len(messages)}", "name": submit, "input": output}
        return Reply([block], "tool_use", Usage(), Decimal(0), self.name)


def played(name: str, output: BaseModel) -> Model:
    """Return a model that hands in `output` whatever it is asked."""
    return PlayedModel(name, lambda _task: output)
