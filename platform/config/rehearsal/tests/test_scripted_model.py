"""The model inside the process says what the stand-in over HTTP says, from the same script."""

from typing import Any

import pytest

from evals.rehearsal.parcels import MODEL_SCRIPT
from integrations.anthropic.script import NotForeseen, load_script
from integrations.anthropic.scripted import ScriptedModel
from integrations.anthropic.standin import StandIn

SYSTEM = "You diagnose."
FIRST: dict[str, Any] = {"role": "user", "content": [{"type": "text", "text": "An order."}]}


def tool(name: str) -> dict[str, Any]:
    return {"name": name, "description": "d", "input_schema": {"type": "object", "properties": {}}}


def request(messages: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "system": SYSTEM,
        "messages": messages,
        "tools": [tool("read_file"), tool("submit_diagnosis")],
        "tool_choice": {"type": "auto"},
        "max_tokens": 1000,
    }


def test_a_conversation_goes_as_with_the_stand_in() -> None:
    script = load_script(MODEL_SCRIPT)
    model = ScriptedModel(script)
    standin = StandIn(script)
    headers = {"authorization": "Bearer key", "anthropic-version": "2023-06-01"}

    reply = model.reply(**request([FIRST]), on_text=lambda _words: None)
    told, _ = standin.answer(headers, {**request([FIRST]), "model": "claude-opus-4-6"})

    assert reply.content == told["content"]
    assert reply.stop_reason == told["stop_reason"] == "tool_use"
    assert reply.cost_usd == 0


def test_a_turn_that_the_script_lacks_is_refused_by_name() -> None:
    model = ScriptedModel(load_script(MODEL_SCRIPT))
    said = {"role": "assistant", "content": [{"type": "text", "text": "x"}]}

    with pytest.raises(NotForeseen, match="no turn 3"):
        model.reply(**request([FIRST, said, FIRST, said]), on_text=lambda _words: None)
