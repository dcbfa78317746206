"""A model that plays a script inside this process: no request leaves it, nothing is paid, no time passes."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.model import Reply, Usage
from integrations.anthropic.script import NotForeseen, Script


class ScriptedModel:
    """Plays `script` as the stand-in does; safe to share between threads, for it keeps nothing."""

    name = "scripted"

    def __init__(self, script: Script) -> None:
        self._script = script

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
        """Return the turn that follows as many as the conversation holds. Raises NotForeseen without one."""
        text = "\n".join([system, *(block.get("text", "") for block in messages[0]["content"])])
        offered = {str(tool["name"]) for tool in tools}
        scenario = self._script.scenario_for(tools=offered, text=text)
        number = sum(message["role"] == "assistant" for message in messages)
        if scenario is None or number >= len(scenario.turns):
            raise NotForeseen(f"the script has no turn {number + 1} for a conversation with {sorted(offered)}")
        turn = scenario.turns[number]
        content = scenario.content(turn, text)
        for index, block in enumerate(content):
            if block["type"] == "tool_use":
                digest = hashlib.sha256(f"{scenario.name}/{number}/{index}".encode()).hexdigest()
                block["id"] = f"toolu_{digest[:24]}"
        return Reply(
            content=content, stop_reason=turn.ends_with, usage=Usage(), cost_usd=Decimal(0), model=self.name
        )
