"""A conversation over its limit: old results become pointers that can be followed, at step boundaries only."""

import json
from itertools import pairwise
from typing import Any

from agents.runtime.compaction import compaction_due, results_left_out, sendable
from agents.runtime.contract import Session, Step
from agents.runtime.loop import run_agent
from agents.runtime.tests.scripted import ReadFile, ScriptedModel, brief, call, read, says, submit, text
from agents.runtime.transcript import MemoryBudget, MemoryTranscript

FILES: dict[str, str | Exception] = {
    f"f{n}.js": f"// file {n}\n" + f"let a{n} = {n};\n" * 400 for n in range(1, 9)
}
READING = [says(text(f"File {n}."), read(f"f{n}.js", call_id=f"toolu_{n}")) for n in range(1, 9)]
# Room for about five of the files, at three characters a token.
LIMIT_TOKENS = 12_000


def a_session(*replies: Any, transcript: MemoryTranscript | None = None) -> tuple[Session, ScriptedModel]:
    kept = transcript if transcript is not None else MemoryTranscript()
    model = ScriptedModel(replies)
    budget = MemoryBudget(1, kept)  # type: ignore[arg-type]
    return Session(model=model, transcript=kept, budget=budget, context_tokens=LIMIT_TOKENS), model


def run(*replies: Any, transcript: MemoryTranscript | None = None) -> ScriptedModel:
    session, model = a_session(*replies, transcript=transcript)
    run_agent(brief(tools=[ReadFile(FILES)], max_steps=20), session)
    return model


def sizes(model: ScriptedModel) -> list[int]:
    return [len(json.dumps(asked["messages"])) for asked in model.asked]


def results(asked: dict[str, Any]) -> dict[str, str]:
    return {
        block["tool_use_id"]: block["content"]
        for message in asked["messages"]
        for block in message["content"]
        if block["type"] == "tool_result"
    }


def test_a_long_conversation_stays_within_its_limit_and_keeps_every_pair() -> None:
    model = run(*READING, says(submit()))

    assert max(sizes(model)) < LIMIT_TOKENS * 3 * 1.1  # JSON's escapes are not counted
    last = results(model.asked[-1])
    assert list(last) == [f"toolu_{n}" for n in range(1, 9)]
    assert [n for n in range(1, 9) if "left out to save space" in last[f"toolu_{n}"]] == [1, 2, 3, 4, 5]
    assert "let a8 = 8;" in last["toolu_8"]
    assert "// file 1" in last["toolu_1"]  # what it was about is still there


def test_the_conversation_between_two_compactions_only_grows_at_its_end() -> None:
    model = run(*READING, says(submit()))

    beginnings = [json.dumps(asked["messages"]) for asked in model.asked]
    grown = [later.startswith(earlier[:-1]) for earlier, later in pairwise(beginnings)]
    assert grown.count(False) <= 2


def test_what_was_left_out_is_a_step_so_that_a_resumed_run_sends_the_same() -> None:
    whole = MemoryTranscript()
    unbroken = run(*READING, says(submit()), transcript=whole)
    compactions = [number for number, step in enumerate(whole.steps()) if results_left_out([step])]
    assert compactions

    for kept in range(1, len(whole.steps())):
        resumed = MemoryTranscript(whole.steps()[:kept])
        model = run(*READING, says(submit()), transcript=resumed)
        assert resumed.steps() == whole.steps()
        assert model.asked == unbroken.asked[len(unbroken.asked) - len(model.asked) :]


def test_a_pointer_can_be_followed_in_parts() -> None:
    transcript = MemoryTranscript()
    again = says(call("reread_result", {"result": "toolu_1", "start": 10}, call_id="toolu_again"))
    unknown = says(call("reread_result", {"result": "toolu_99"}, call_id="toolu_unknown"))

    model = run(*READING, again, unknown, says(submit()), transcript=transcript)

    answers = results(model.asked[-1])
    stored = results({"messages": [{"content": step.content} for step in transcript.steps()]})
    assert stored["toolu_1"][10:] in answers["toolu_again"]
    assert "no result 'toolu_99'" in answers["toolu_unknown"]


def test_a_conversation_that_fits_is_sent_as_it_is() -> None:
    steps = [Step("user", [text("Find it.")]), Step("assistant", [read("a.js")]), Step("user", [text(" ")])]

    assert compaction_due(steps, context_tokens=LIMIT_TOKENS) is None
    assert sendable(steps) == [
        {"role": "user", "content": [text("Find it.")]},
        {"role": "assistant", "content": [read("a.js")]},
    ]


def test_a_task_that_is_too_long_by_itself_is_not_compacted_again_and_again() -> None:
    steps = [Step("user", [text("x" * 100_000)]), Step("assistant", [read("a.js")]), Step("user", [text("y")])]

    assert compaction_due(steps, context_tokens=LIMIT_TOKENS) is None
