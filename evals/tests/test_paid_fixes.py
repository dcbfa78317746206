"""The fix suite with a model that is paid for: over HTTP, through the real agents, judged by real containers."""

import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from agents.fix.handoff import FixProposal
from evals.fixes.case import CASES, FixCase, fix_cases
from evals.fixes.repository import checkout_of
from evals.models import EvalRun, RunState
from evals.suites.fixes import right_diagnosis
from evals.tests.paid_model import MODEL, model_at, submits
from integrations.anthropic.script import Script
from sandbox.tests.conftest import engine as engine

pytestmark = [
    pytest.mark.docker,
    pytest.mark.usefixtures("engine"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(400),
]

CASE = "node-category-cycle"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One case alone: a run of all takes a quarter of an hour."""
    found = tmp_path / "cases"
    found.mkdir()
    shutil.copy(CASES / f"{CASE}.yaml", found)
    return found


def cures_nothing(case: FixCase, gold: FixProposal) -> FixProposal:
    """Return a proposal with the right test and a change that leaves everything as it was."""
    line = "  const category = categories[name];"
    edit = gold.edits[0].model_copy(update={"search": line, "replace": f"{line} // looked up by name"})
    return gold.model_copy(update={"rationale": "The category is looked up by name.", "edits": [edit]})


def test_a_model_that_needs_two_rounds_is_measured_with_its_containers_and_its_bill(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [case] = fix_cases(folder)
    assert case.patches
    gold = case.proposal(case.patches.gold)
    script = Script.model_validate(
        {
            "scenarios": [
                {
                    "name": "diagnosis",
                    "when": {"tool": "submit_diagnosis", "contains": [case.facts.alarm_name]},
                    "turns": submits(right_diagnosis(case, checkout_of(case, tmp_path)), "submit_diagnosis"),
                },
                {
                    "name": "first round",
                    "when": {"tool": "submit_fix", "contains": ["Round 1,"], "lacks": ["looked up by name"]},
                    "turns": submits(cures_nothing(case, gold), "submit_fix"),
                },
                {
                    "name": "second round",
                    # The model is told what failed: its diff, and the stack of the test that stayed red.
                    "when": {
                        "tool": "submit_fix",
                        "contains": ["Round 2,", "+  const category", "looked up by name", "Maximum call stack"],
                    },
                    "turns": submits(gold, "submit_fix"),
                },
            ]
        }
    )
    here = {"sandbox_runner": "docker", "data_dir": tmp_path / "data"}
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=here))

    with model_at(script, monkeypatch) as standin:
        call_command(
            "run_evals", "fixes", model=[MODEL], fix_cases=folder, concurrency=1, reports=tmp_path / "reports"
        )

    measured = EvalRun.objects.get()
    [row] = measured.results.all()
    assert [played.scenario for played in standin.played] == ["diagnosis", "first round", "second round"]
    assert (measured.state, row.outcome, row.is_right) == (RunState.FINISHED, "answered", True), row.exit_reason
    assert (row.answer["verdict"], row.answer["rounds"], row.answer["not_passed"]) == ("fixed", 2, [])
    assert (row.answer["file_hit"], row.answer["function_hit"]) == (True, True)
    assert {name: measured.metrics[name]["value"] for name in ("resolved", "own_tests_green", "false_green")} == {
        "resolved": 1.0,
        "own_tests_green": 1.0,
        "false_green": 0.0,
    }
    assert standin.has_billed(measured.cost_usd)
