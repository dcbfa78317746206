from pathlib import Path

import pytest

from integrations.anthropic.script import BadScript, NotForeseen, Script, load_script

TURN = {"content": [{"type": "text", "text": "Hello."}]}


def scenario(name: str = "first", **changes: object) -> dict[str, object]:
    return {"name": name, "when": {"tool": "submit_triage"}, "turns": [TURN], **changes}


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_the_first_scenario_that_fits_is_chosen() -> None:
    script = Script.model_validate(
        {
            "scenarios": [
                scenario("other tool", when={"tool": "submit_fix"}),
                scenario("other text", when={"tool": "submit_triage", "contains": ["checkout", "payments"]}),
                scenario("second try", when={"tool": "submit_triage", "lacks": ["attempt 1"]}),
                scenario("fits", when={"tool": "submit_triage", "contains": ["checkout"]}),
                scenario("fits too"),
            ]
        }
    )

    chosen = script.scenario_for(tools={"submit_triage", "read_file"}, text="checkout errors, attempt 1")

    assert chosen is not None
    assert chosen.name == "fits"


def test_no_scenario_fits_a_request_without_its_tool() -> None:
    script = Script.model_validate({"scenarios": [scenario()]})

    assert script.scenario_for(tools={"submit_fix"}, text="") is None


def test_captured_facts_are_filled_in_and_a_lone_number_is_a_number() -> None:
    script = Script.model_validate(
        {
            "scenarios": [
                scenario(
                    captures={"incident": r"incident #(\d+)", "event": r"event (\S+)"},
                    turns=[
                        {
                            "content": [
                                {"type": "text", "text": "Event {{event}}."},
                                {
                                    "type": "tool_use",
                                    "name": "submit_triage",
                                    "input": {"duplicate_of": "{{incident}}", "seen": ["#{{incident}}"]},
                                },
                            ]
                        }
                    ],
                )
            ]
        }
    )
    (only,) = script.scenarios

    text, call = only.content(only.turns[0], "like incident #17, event 99-a")

    assert text["text"] == "Event 99-a."
    assert call["input"] == {"duplicate_of": 17, "seen": ["#17"]}


def test_an_id_of_digits_stays_text_where_the_script_says_so() -> None:
    use = {"type": "tool_use", "name": "submit_triage", "input": {"event": "{{event|text}}"}}
    script = Script.model_validate(
        {"scenarios": [scenario(captures={"event": r"event (\S+)"}, turns=[{"content": [use]}])]}
    )
    (only,) = script.scenarios

    (call,) = only.content(only.turns[0], "event 0042")

    assert call["input"] == {"event": "0042"}


def test_a_fact_that_is_not_there_is_named() -> None:
    script = Script.model_validate({"scenarios": [scenario(captures={"event": r"event (\S+)"})]})
    (only,) = script.scenarios

    with pytest.raises(NotForeseen, match="'first' captures event"):
        only.content(only.turns[0], "nothing of the kind")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("scenarios: [", "cannot be read"),
        ("[]", "valid dictionary"),
        ("scenarios: []", "at least 1 item"),
        ("scenarios: [{name: a, when: {tool: t}, turns: []}]", "scenario 'a', turns"),
        (
            "scenarios: [{name: a, when: {tool: t}, turns: [{content: [{type: txt}]}]}]",
            "scenario 'a', turns number 1",
        ),
        ("scenarios: [{name: a, when: {tools: t}, turns: [{content: []}]}]", "scenario 'a', when, tools"),
        ("scenarios: [{when: {tool: t}, turns: [{content: []}]}]", "scenario number 1, name"),
        ("scenarios: [5]", "scenario number 1"),
        (
            "scenarios: [{name: a, when: {tool: t}, captures: {x: 'no group'}, turns: [{content: []}]}]",
            "needs a group",
        ),
        (
            "scenarios: [{name: a, when: {tool: t}, captures: {x: '('}, turns: [{content: []}]}]",
            "no regular expression",
        ),
        (
            "scenarios: [{name: a, when: {tool: t}, turns: [{content: [{type: text, text: '{{x}}'}]}]}]",
            "turns use x",
        ),
        (
            "scenarios: [{name: a, when: {tool: t}, turns: [{content: []}]},"
            " {name: a, when: {tool: t}, turns: [{content: []}]}]",
            "named a",
        ),
    ],
)
def test_a_bad_script_is_refused_with_the_file_the_scenario_and_what_is_wrong(
    tmp_path: Path, text: str, wrong: str
) -> None:
    path = written(tmp_path / "demo.yaml", text)

    with pytest.raises(BadScript) as caught:
        load_script(path)

    assert str(path) in str(caught.value)
    assert wrong in str(caught.value)


def test_a_missing_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadScript, match=r"none\.yaml cannot be read"):
        load_script(tmp_path / "none.yaml")
