"""Runs for tests: rows as run_evals writes them, from answers that are written down."""

from collections.abc import Mapping

from evals.models import EvalResult, EvalRun, Outcome, RunState
from evals.runner import coverage, expense, metrics_stored, results_of
from evals.suites.registry import SUITES, Selection

LABELS = {"rule": "", "fixable_in_code": None, "duplicate_of": None}


def triage_run(answers: Mapping[str, str], *, model: str = "claude-test", material: str = "a" * 64) -> EvalRun:
    """Return a finished run over cases that are all real P1; each got a classification or an outcome."""
    run = EvalRun.objects.create(
        suite="triage",
        model=model,
        settings={"limit": None, "repeat": 1, "split": ""},
        material_sha256=material,
        state=RunState.FINISHED,
    )
    for case_id, answer in answers.items():
        is_answer = answer not in Outcome.values
        EvalResult.objects.create(
            run=run,
            case_id=case_id,
            outcome=Outcome.ANSWERED if is_answer else answer,
            is_right=answer == "real" if is_answer else None,
            expected={"classification": "real", "severity": "P1", **LABELS} if is_answer else {},
            answer={"classification": answer, "severity": "P1", "confidence": 0.9, **LABELS} if is_answer else {},
            seconds=1.0,
        )
    results = results_of(run)
    metrics = SUITES["triage"](Selection()).metrics(results)
    run.metrics = metrics_stored([*coverage(results), *metrics, *expense(results)])
    run.save()
    return run
