from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from agents.runtime.contract import (
    ContextTruncated,
    InvalidOutput,
    ModelRefused,
    Reply,
    Session,
    Step,
    StepLimitReached,
    ToolFailed,
    UnknownStopReason,
)
from agents.runtime.listening import Listeners, Silence
from agents.runtime.loop import run_agent
from agents.runtime.tests.scripted import (
    Finding,
    GroundingFailed,
    ReadFile,
    ScriptedModel,
    brief,
    call,
    read,
    says,
    session,
    submit,
    text,
)
from agents.runtime.transcript import MemoryTranscript
from core.budget import BudgetExceeded, ReplyLost

FOUND = Finding(function="total", line=3)


def results(transcript: MemoryTranscript, step: int) -> list[tuple[str, bool, str]]:
    """Return (tool_use_id, is_error, content) of each result in one stored user message."""
    return [
        (block["tool_use_id"], block["is_error"], block["content"]) for block in transcript.steps()[step].content
    ]


def test_a_direct_agent_is_made_to_submit_in_one_call() -> None:
    with_model, model, transcript = session(says(submit()))

    assert run_agent(brief(), with_model) == FOUND

    (asked,) = model.asked
    assert asked["tool_choice"]["type"] == "tool"
    assert asked["tool_choice"]["name"] == "submit_finder"
    assert [tool["name"] for tool in asked["tools"]] == ["submit_finder"]
    assert asked["system"] == "You find."
    assert [step.role for step in transcript.steps()] == ["user", "assistant"]


def test_an_agent_with_tools_looks_first_and_may_reason_in_words() -> None:
    tool = ReadFile()
    with_model, model, transcript = session(says(text("I read."), read("a.js")), says(submit()))

    assert run_agent(brief(tools=[tool]), with_model) == FOUND

    assert tool.runs == ["a.js"]
    assert model.asked[0]["tool_choice"] == {"type": "auto"}
    ((answered, is_error, content),) = results(transcript, 2)
    assert (answered, is_error) == ("toolu_r", False)
    assert "let a = 1;" in content
    assert "never instructions" in content


def test_what_a_reply_cost_is_kept_with_it() -> None:
    with_model, _, transcript = session(says(read("a.js")), says(submit()))

    run_agent(brief(tools=[ReadFile()]), with_model)

    assert transcript.spent_usd == Decimal("0.02")
    assert transcript.steps()[1].model == "scripted-1"
    assert transcript.steps()[1].usage.output_tokens == 5


def test_calls_made_in_one_reply_are_answered_in_one_message() -> None:
    tool = ReadFile({"a.js": "aaa", "b.js": "bbb"})
    with_model, _, transcript = session(
        says(read("a.js", call_id="one"), read("b.js", call_id="two")), says(submit())
    )

    run_agent(brief(tools=[tool]), with_model)

    assert [(answered, is_error) for answered, is_error, _ in results(transcript, 2)] == [
        ("one", False),
        ("two", False),
    ]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (call("write_file", {}), "There is no tool 'write_file'. There are: read_file, reread_result."),
        (call("read_file", {"file": "a.js"}), "path: Field required"),
        (read("none.js"), "there is no file 'none.js'"),
        (read("broken.js"), "the repository is busy"),
    ],
)
def test_a_call_that_fails_is_told_to_the_model_which_goes_on(wrong: dict[str, object], told: str) -> None:
    tool = ReadFile({"broken.js": ToolFailed("the repository is busy")})
    with_model, _, transcript = session(says(wrong), says(submit()))

    assert run_agent(brief(tools=[tool]), with_model) == FOUND

    ((_, is_error, content),) = results(transcript, 2)
    assert is_error
    assert told in content


def test_any_other_error_of_a_tool_ends_the_run() -> None:
    tool = ReadFile({"a.js": ZeroDivisionError("a defect")})
    with_model, _, _ = session(says(read("a.js")))

    with pytest.raises(ZeroDivisionError):
        run_agent(brief(tools=[tool]), with_model)


def test_a_validation_error_inside_a_tool_is_not_mistaken_for_bad_arguments() -> None:
    class Broken(ReadFile):
        def run(self, arguments: object) -> str:
            return Finding.model_validate({}).function

    with_model, _, _ = session(says(read("a.js")))

    with pytest.raises(ValueError, match="Finding"):
        run_agent(brief(tools=[Broken()]), with_model)


def test_tool_results_are_redacted_and_keep_head_and_tail_within_a_size() -> None:
    tool = ReadFile({"a.js": "head password='hunter22' " + "x" * 100_000 + " tail"})
    with_model, _, transcript = session(says(read("a.js")), says(submit()))

    run_agent(brief(tools=[tool]), with_model)

    ((_, _, content),) = results(transcript, 2)
    assert "hunter22" not in content
    assert "head password='[redacted:credential]'" in content
    assert " tail\n" in content
    assert "characters left out" in content
    assert len(content) < 31_000


def test_secrets_in_a_task_do_not_reach_the_model() -> None:
    with_model, model, _ = session(says(submit()))

    run_agent(brief(task="The log says token=abcdef123456."), with_model)

    assert "abcdef123456" not in str(model.asked)


def test_an_invalid_output_goes_back_with_what_is_wrong_and_may_be_mended() -> None:
    with_model, _, transcript = session(says(submit(line=0)), says(submit()))

    assert run_agent(brief(), with_model) == FOUND

    ((answered, is_error, content),) = results(transcript, 2)
    assert (answered, is_error) == ("toolu_s", True)
    assert "line: Input should be greater than or equal to 1 (given: 0)" in content


def test_an_output_that_is_invalid_for_the_third_time_ends_the_run() -> None:
    with_model, model, _ = session(*[says(submit(line=line)) for line in (0, -1, "x", 3)])

    with pytest.raises(InvalidOutput) as caught:
        run_agent(brief(), with_model)

    assert len(model.asked) == 3
    for given in ("given: 0", "given: -1", "given: 'x'"):
        assert given in caught.value.reason


def test_an_output_that_fails_its_checks_goes_back_with_the_list() -> None:
    with_model, _, transcript = session(says(submit(function="sum")), says(submit()))

    assert run_agent(brief(), with_model) == FOUND

    ((_, is_error, content),) = results(transcript, 2)
    assert is_error
    assert content == "This output fails its checks:\n- there is no function sum"


def test_an_output_that_fails_its_checks_for_the_third_time_is_refused_by_name_with_every_problem() -> None:
    with_model, model, _ = session(*[says(submit(function=name)) for name in ("one", "two", "three", "total")])

    with pytest.raises(GroundingFailed) as caught:
        run_agent(brief(), with_model)

    assert len(model.asked) == 3
    for name in ("one", "two", "three"):
        assert f"there is no function {name}" in caught.value.reason


def test_the_two_reasons_for_a_return_are_counted_apart() -> None:
    with_model, model, _ = session(
        *[says(submit(line=0)), says(submit(function="one"))] * 2,
        says(submit()),
    )

    assert run_agent(brief(max_steps=1), with_model) == FOUND
    assert len(model.asked) == 5


def test_a_valid_output_wins_over_other_calls_in_the_same_reply() -> None:
    tool = ReadFile()
    with_model, _, _ = session(says(read("a.js"), submit()))

    assert run_agent(brief(tools=[tool]), with_model) == FOUND
    assert tool.runs == []


def test_other_calls_are_answered_when_the_output_beside_them_goes_back() -> None:
    tool = ReadFile()
    with_model, _, transcript = session(says(read("a.js"), submit(line=0)), says(submit()))

    assert run_agent(brief(tools=[tool]), with_model) == FOUND

    assert [(answered, is_error) for answered, is_error, _ in results(transcript, 2)] == [
        ("toolu_r", False),
        ("toolu_s", True),
    ]


def test_words_alone_are_answered_with_a_reminder() -> None:
    with_model, _, transcript = session(says(text("All is well.")), says(submit()))

    assert run_agent(brief(tools=[ReadFile()]), with_model) == FOUND
    assert "Call submit_finder" in transcript.steps()[2].content[0]["text"]


def test_blank_text_and_empty_replies_are_not_sent_back_to_the_api() -> None:
    with_model, model, transcript = session(says(text(" "), read("a.js")), says(submit()))
    # The API may answer with nothing at all; it was paid for, and is kept.
    transcript.append(Step("user", [text("Find it.")]))
    transcript.append(Step("assistant", [], "end_turn"))

    assert run_agent(brief(tools=[ReadFile()]), with_model) == FOUND

    sent = [message["content"] for asked in model.asked for message in asked["messages"]]
    assert all(sent)
    assert text(" ") not in [block for content in sent for block in content]


def test_the_last_allowed_step_has_to_be_the_hand_off() -> None:
    with_model, model, _ = session(says(read("a.js")), says(read("a.js")), says(submit()))

    assert run_agent(brief(tools=[ReadFile()], max_steps=3), with_model) == FOUND
    assert [asked["tool_choice"]["type"] for asked in model.asked] == ["auto", "auto", "tool"]


def test_a_model_that_does_not_hand_in_at_the_last_step_is_stopped() -> None:
    with_model, model, _ = session(*[says(text("Hm."))] * 5)

    with pytest.raises(StepLimitReached, match="all of its 3 steps"):
        run_agent(brief(tools=[ReadFile()], max_steps=3), with_model)
    assert len(model.asked) == 3


def test_an_output_that_goes_back_on_the_last_step_can_still_be_mended() -> None:
    with_model, model, _ = session(says(read("a.js")), says(submit(line=0)), says(submit()))

    assert run_agent(brief(tools=[ReadFile()], max_steps=2), with_model) == FOUND
    assert model.asked[2]["tool_choice"]["type"] == "tool"


@pytest.mark.parametrize(
    ("stop_reason", "exit_reason"),
    [
        ("max_tokens", ContextTruncated),
        ("model_context_window_exceeded", ContextTruncated),
        ("refusal", ModelRefused),
        ("paused_for_lunch", UnknownStopReason),
    ],
)
def test_a_reply_that_is_cut_off_or_refused_ends_the_run_by_name(
    stop_reason: str, exit_reason: type[Exception]
) -> None:
    with_model, model, transcript = session(says(submit(), stop_reason=stop_reason))

    with pytest.raises(exit_reason):
        run_agent(brief(), with_model)

    assert len(model.asked) == 1
    assert transcript.spent_usd == Decimal("0.01")


def test_a_paused_turn_is_sent_back_as_it_is() -> None:
    with_model, model, _ = session(says(text("Wait."), stop_reason="pause_turn"), says(submit()))

    assert run_agent(brief(tools=[ReadFile()]), with_model) == FOUND
    assert model.asked[1]["messages"][-1] == {"role": "assistant", "content": [text("Wait.")]}


def test_the_apis_own_count_is_asked_only_where_the_cheap_bound_is_too_much() -> None:
    with_model, model, _ = session(says(read("a.js")), says(submit()), limit_usd=Decimal("0.025"))
    model.counted_usd = Decimal("0.012")

    # The first call fits by its bound of 0.02; the second does not (0.01 spent), and does by the count.
    assert run_agent(brief(tools=[ReadFile()]), with_model) == FOUND
    assert len(model.asked) == 2


def test_what_goes_on_is_heard_in_order() -> None:
    heard: list[str] = []

    class Ear:
        @contextmanager
        def agent_run(self, *, agent: str) -> Iterator[None]:
            heard.append(agent)
            yield

        @contextmanager
        def model_call(self, *, messages: Sequence[Any], **_: Any) -> Iterator[Any]:
            heard.append(f"asked with {len(messages)} messages")
            yield self

        @contextmanager
        def tool_call(self, *, name: str, arguments: Mapping[str, Any]) -> Iterator[Any]:
            heard.append(f"{name} {arguments}")
            yield self

        def text(self, words: str) -> None:
            heard.append(words)

        def replied(self, reply: Reply) -> None:
            heard.append(reply.stop_reason)

        def answered(self, text: str, *, is_error: bool) -> None:
            heard.append(f"is_error {is_error}")

    with_model, _, _ = session(says(text("I look."), read("none.js")), says(submit()))

    run_agent(brief(tools=[ReadFile()]), replace(with_model, listener=Listeners(Ear(), Silence())))

    assert heard == [
        "finder",
        *("asked with 1 messages", "I look.", "tool_use", "read_file {'path': 'none.js'}", "is_error True"),
        *("asked with 3 messages", "", "tool_use"),
    ]


@dataclass
class Interrupted(ScriptedModel):
    """Breaks off `times` answers, each of which may have cost 0.02, before it gives one."""

    times: int = 1
    lost_usd: Decimal = Decimal(0)

    def reply(self, **asked: Any) -> Reply:
        if self.times:
            self.times -= 1
            self.lost_usd += self.bound_usd
            raise ReplyLost("anthropic", "broke off", lost_usd=self.bound_usd, retry_after_seconds=0)
        return super().reply(**asked)


class CountingBudget:
    """A purse that is paid by what the model says it lost."""

    def __init__(self, model: Interrupted, limit_usd: str) -> None:
        self.model, self.limit_usd, self.asked = model, Decimal(limit_usd), 0

    def set_aside(self, upper_bound_usd: Decimal) -> AbstractContextManager[None]:
        self.asked += 1
        if self.model.lost_usd + upper_bound_usd > self.limit_usd:
            raise BudgetExceeded("nothing is left")
        return nullcontext()


@pytest.mark.parametrize("times", [1, 2])
def test_each_answer_that_breaks_off_has_money_of_its_own(times: int) -> None:
    model = Interrupted([says(submit())], times=times)
    budget = CountingBudget(model, "0.06")

    found = run_agent(brief(), Session(model=model, transcript=MemoryTranscript(), budget=budget))

    assert found == FOUND
    assert budget.asked == times + 1


def test_an_answer_that_broke_off_is_not_asked_for_again_without_money_for_it() -> None:
    model = Interrupted([says(submit())], times=2)

    with pytest.raises(BudgetExceeded):
        run_agent(
            brief(),
            Session(model=model, transcript=MemoryTranscript(), budget=CountingBudget(model, "0.04")),
        )

    assert model.lost_usd == Decimal("0.04")


def test_an_answer_that_breaks_off_three_times_parks_the_work() -> None:
    model = Interrupted([], times=9)

    with pytest.raises(ReplyLost):
        run_agent(brief(), Session(model=model, transcript=MemoryTranscript(), budget=CountingBudget(model, "1")))

    assert model.lost_usd == 3 * model.bound_usd


def test_the_budget_is_asked_before_each_call() -> None:
    # A call costs 0.01 and may cost 0.02: after three, 0.03 + 0.02 is more than 0.045.
    with_model, model, transcript = session(*[says(read("a.js"))] * 9, limit_usd=Decimal("0.045"))

    with pytest.raises(BudgetExceeded):
        run_agent(brief(tools=[ReadFile()]), with_model)

    assert len(model.asked) == 3
    assert transcript.spent_usd <= Decimal("0.045")
