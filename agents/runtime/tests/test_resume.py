"""A run that is killed after any stored step goes on there: no reply is paid for twice, and none is left out."""

import pytest

from agents.runtime.contract import Step
from agents.runtime.loop import run_agent
from agents.runtime.tests.scripted import (
    Finding,
    GroundingFailed,
    ReadFile,
    brief,
    read,
    says,
    session,
    submit,
    text,
)
from agents.runtime.transcript import MemoryTranscript

REPLIES = (
    says(read("a.js", call_id="r1"), read("none.js", call_id="r2")),
    says(text("Let me think.")),
    says(submit(line=0, call_id="s1")),
    says(submit(function="sum", call_id="s2"), read("a.js", call_id="r3")),
    says(read("a.js", call_id="r4")),
    says(submit(call_id="s3")),
)


def whole_conversation() -> list[Step]:
    with_model, model, transcript = session(*REPLIES)
    run_agent(brief(tools=[ReadFile()]), with_model)
    assert len(model.asked) == 6
    return transcript.steps()


@pytest.mark.parametrize("kept", range(13))
def test_a_run_killed_after_any_step_goes_on_without_repeating_or_missing_a_call(kept: int) -> None:
    whole = whole_conversation()
    before = whole[:kept]
    with_model, model, transcript = session(*REPLIES, transcript=MemoryTranscript(before))

    found = run_agent(brief(tools=[ReadFile()]), with_model)

    assert found == Finding(function="total", line=3)
    assert transcript.steps() == whole
    assert len(model.asked) == 6 - sum(step.role == "assistant" for step in before)


def test_a_finished_conversation_has_twelve_steps_so_every_one_is_a_place_to_be_killed() -> None:
    assert len(whole_conversation()) == 12


def test_the_calls_of_the_last_stored_reply_are_run_and_earlier_ones_are_not() -> None:
    tool = ReadFile()
    with_model, _, _ = session(*REPLIES, transcript=MemoryTranscript(whole_conversation()[:2]))

    run_agent(brief(tools=[tool]), with_model)

    assert tool.runs == ["a.js", "none.js", "a.js", "a.js"]

    late = ReadFile()
    with_model, _, _ = session(*REPLIES, transcript=MemoryTranscript(whole_conversation()[:10]))
    run_agent(brief(tools=[late]), with_model)
    assert late.runs == ["a.js"]


def test_returns_are_counted_across_a_restart() -> None:
    wrong = [says(submit(function=name)) for name in ("one", "two", "three", "total")]
    with_model, _, transcript = session(*wrong)
    with pytest.raises(GroundingFailed):
        run_agent(brief(), with_model)
    resumed, model, _ = session(*wrong, transcript=MemoryTranscript(transcript.steps()[:5]))

    with pytest.raises(GroundingFailed, match="no function one") as caught:
        run_agent(brief(), resumed)

    assert len(model.asked) == 1
    assert "no function three" in caught.value.reason
