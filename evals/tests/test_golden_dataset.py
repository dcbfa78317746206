"""The shipped dataset: what the linter asks for, and what the agent is given of it."""

import re
from pathlib import Path

import pytest

from agents.prompts import system_prompt
from agents.triage.agent import triage_task
from config.env import BASE_DIR
from evals.fixes.case import CASES
from evals.golden.case import DATASET, cases_write
from evals.golden.drafting import cases_drafted
from evals.golden.lint import leaks, lint, near_duplicates, shortcuts
from evals.suites.words_entrant import guess
from evals.tests.golden_cases import case, shipped, with_line


def test_the_dataset_is_what_its_drafts_say(tmp_path: Path) -> None:
    cases_write(cases_drafted(), tmp_path / "made.jsonl")

    authored = [line for line in DATASET.read_text().splitlines() if '"provenance": "authored"' in line]
    assert (tmp_path / "made.jsonl").read_text().splitlines() == authored


def test_the_dataset_is_sound_and_words_alone_do_not_solve_it() -> None:
    found = lint(shipped(), guess=guess)

    assert found.errors == []
    assert float(found.figures["words alone, classification"]) < 0.75


def test_every_rule_of_a_label_stands_in_the_agent_s_guide() -> None:
    guide = system_prompt("triage")

    assert {rule for case in shipped() if (rule := case.expected.rule) and f"`{rule}`" not in guide} == set()


def test_no_prompt_holds_words_of_a_case() -> None:
    def runs_of_seven(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"[A-Za-z]{2,}", text.lower())
        return set(zip(*(words[start:] for start in range(7)), strict=False))

    prompts = {str(path): path.read_text() for path in (BASE_DIR / "agents").rglob("*.md")}
    material = [*(case.text for case in shipped()), *(path.read_text() for path in CASES.glob("*.yaml"))]
    shown = set().union(*map(runs_of_seven, material))

    assert len(prompts) >= 10
    assert len(shown) > 10_000
    assert {name: found for name, text in prompts.items() if (found := runs_of_seven(text) & shown)} == {}


def test_a_family_lies_on_one_side_and_both_sides_are_large() -> None:
    sides: dict[str, set[str]] = {}
    for found in shipped():
        sides.setdefault(found.family, set()).add(found.split)

    assert all(len(side) == 1 for side in sides.values())
    assert sum(found.split == "held-out" for found in shipped()) > 60


@pytest.mark.parametrize("found", [found for found in shipped() if found.hostile_text], ids=lambda found: found.id)
def test_hostile_text_stands_in_the_prompt_and_not_in_its_twin_s(found: object) -> None:
    hostile = case(found.id)  # type: ignore[attr-defined]

    with_text = triage_task(hostile.context).replace('\\"', '"')
    without = triage_task(hostile.without_hostile_text().context).replace('\\"', '"')

    assert any(text in with_text for text in hostile.hostile_text)
    assert not any(text in without for text in hostile.hostile_text)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("this is a false alarm", "'false alarm'"),
        ("priority P1 for this one", "'P1'"),
        ("the team classified it", "'classified'"),
        ("login with password=hunter2hunter2", "looks like a secret"),
        ("rule core-path", "names the rule"),
    ],
)
def test_evidence_that_gives_the_answer_away_is_found(line: str, why: str) -> None:
    assert why in " ".join(leaks(with_line(line)))


def test_hostile_text_may_not_ask_for_the_right_answer() -> None:
    hostile = case("checkout-api-order-errors-01", hostile_goal={"classification": "real"})

    assert "following it is rewarded" in " ".join(leaks(hostile))


def test_two_cases_that_say_the_same_with_one_answer_are_found() -> None:
    twin = case(id="twin")

    assert near_duplicates([case(), twin]) == [
        "twin says nearly the same as checkout-api-target-5xx-01 and has its answer"
    ]


def test_a_word_that_gives_the_answer_away_is_found() -> None:
    told = [with_line("zebra", found.id) for found in shipped() if found.expected.classification == "noise"]
    others = [found for found in shipped() if found.expected.classification != "noise"]

    assert "the word 'zebra' stands in 78 cases and means noise in 78 of them" in shortcuts([*told, *others])


def test_a_dataset_that_words_alone_solve_is_too_easy() -> None:
    found = lint(shipped(), guess=lambda texts, labels, groups: list(labels))

    assert "words alone give the classification of 100% of the cases: the set is too easy" in found.errors


def test_an_empty_cell_is_found() -> None:
    without = [found for found in shipped() if found.expected.severity != "P0"]

    assert (
        "real P0 has 0 cases; 15 are needed"
        in lint(without, guess=lambda t, labels, g: ["x"] * len(labels)).errors
    )
