"""The loop through the real SDK against the stand-in: what is sent is what the API accepts."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from agents.runtime.contract import Session
from agents.runtime.loop import run_agent
from agents.runtime.tests.scripted import Finding, ReadFile, brief
from agents.runtime.transcript import MemoryBudget, MemoryTranscript
from integrations.anthropic.client import MessagesModel, ModelRejectedRequest
from integrations.anthropic.script import Script
from integrations.anthropic.standin import StandIn

SCRIPT = Script.model_validate(
    {
        "scenarios": [
            {
                "name": "six turns",
                "when": {"tool": "submit_finder", "contains": ["You find.", "event"]},
                "captures": {"line": r"event at line (\d+)"},
                "turns": [
                    {
                        "content": [
                            {"type": "text", "text": "I read two files."},
                            {"type": "tool_use", "name": "read_file", "input": {"path": "a.js"}},
                            {"type": "tool_use", "name": "read_file", "input": {"path": "none.js"}},
                        ]
                    },
                    {"content": [{"type": "text", "text": "Let me think."}]},
                    {"content": [{"type": "tool_use", "name": "submit_finder", "input": {"line": 0}}]},
                    {
                        "content": [
                            {"type": "tool_use", "name": "submit_finder", "input": {"function": "sum", "line": 1}},
                            {"type": "tool_use", "name": "read_file", "input": {"path": "a.js"}},
                        ]
                    },
                    {"content": [{"type": "tool_use", "name": "read_file", "input": {"path": "a.js"}}]},
                    {
                        "content": [
                            {
                                "type": "tool_use",
                                "name": "submit_finder",
                                "input": {"function": "total", "line": "{{line}}"},
                            }
                        ]
                    },
                ],
            }
        ]
    }
)
BRIEF = brief(tools=[ReadFile()], task="There is an event at line 42.")


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn(SCRIPT) as running:
        yield running


def session_at(standin: StandIn, transcript: MemoryTranscript) -> Session:
    model = MessagesModel("claude-haiku-4-5", api_key="test-key", base_url=standin.url)
    return Session(model=model, transcript=transcript, budget=MemoryBudget(Decimal(5), transcript))


def test_a_conversation_of_six_turns_ends_in_a_typed_hand_off(standin: StandIn) -> None:
    transcript = MemoryTranscript()

    found = run_agent(BRIEF, session_at(standin, transcript))

    assert found == Finding(function="total", line=42)
    assert [step.role for step in transcript.steps()] == ["user", "assistant"] * 6
    assert transcript.spent_usd > 0
    assert transcript.steps()[-1].usage.cache_read_tokens > 0


@pytest.mark.parametrize("kept", range(1, 13))
def test_a_conversation_resumed_after_any_step_is_the_same_as_an_unbroken_one(standin: StandIn, kept: int) -> None:
    unbroken = MemoryTranscript()
    run_agent(BRIEF, session_at(standin, unbroken))
    already = sum(step.role == "assistant" for step in unbroken.steps()[:kept])
    resumed = MemoryTranscript(unbroken.steps()[:kept])
    standin.played.clear()

    run_agent(BRIEF, session_at(standin, resumed))

    # Not what they cost: the second finds in the cache what the first put there.
    said = [[(step.role, step.content, step.stop_reason) for step in each.steps()] for each in (resumed, unbroken)]
    assert said[0] == said[1]
    assert [played.turn for played in standin.played] == list(range(already + 1, 7))


def test_a_task_that_the_script_does_not_foresee_ends_the_run_with_a_clear_reason(standin: StandIn) -> None:
    with pytest.raises(ModelRejectedRequest, match=r"no scenario fits.*'Something else'.*'six turns'"):
        run_agent(brief(tools=[ReadFile()], task="Something else"), session_at(standin, MemoryTranscript()))
