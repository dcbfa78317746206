"""Finished runs go to Langfuse too, where keys are set: cases as a dataset, the run as an experiment with scores.

The rows and reports are complete before; a Langfuse that is away costs one timeout and fails nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.errors import Unavailable
from evals.models import EvalRun
from evals.runner import results_of
from evals.suites.contract import Result, Suite
from integrations.langfuse.client import experiments
from integrations.langfuse.results import Item, Output, Total

if TYPE_CHECKING:
    from integrations.langfuse.experiments import Experiments


class Publisher:
    """One for a command: after the first failure it asks no more."""

    def __init__(self) -> None:
        self._experiments: Experiments | None = experiments()

    def publish(self, run: EvalRun, suite: Suite) -> str:
        """Write a finished run and return a sentence about it; empty without keys, or after a failure."""
        if self._experiments is None:
            return ""
        results = results_of(run)
        try:
            address = self._experiments.record(
                dataset=f"agent-platform-{suite.name}",
                run=f"{run.model} {run.started_at:%Y-%m-%d %H:%M:%S} #{run.pk}",
                items=_items(suite, results),
                outputs=[_output(suite, result) for result in results],
                totals=_totals(run.metrics),
                about={"model": run.model, "commit": run.commit, "material_sha256": run.material_sha256},
            )
        except Unavailable as error:
            self._experiments = None
            return f"{error} The figures are in the database and in the reports; nothing of them is lost."
        return f"Langfuse has it: {address or 'the project named in its keys'}"


def _items(suite: Suite, results: Sequence[Result]) -> list[Item]:
    found = []
    for case_id in dict.fromkeys(result.case_id for result in results):
        question = suite.question(case_id)
        found.append(Item(_item_id(suite, case_id), question.shown, question.expected))
    return found


def _item_id(suite: Suite, case_id: str) -> str:
    """Return the item's id: suites share case ids, and a project of Langfuse takes an id once."""
    return f"{suite.name}-{case_id}"


def _output(suite: Suite, result: Result) -> Output:
    scores: dict[str, float | bool] = {
        "answered": result.outcome == "answered",
        "cost_usd": float(result.cost_usd),
        "seconds": result.seconds,
    }
    if result.is_right is not None:
        scores["right"] = result.is_right
    given = {"outcome": result.outcome, "exit_reason": result.exit_reason, "error": result.error}
    return Output(_item_id(suite, result.case_id), {**given, "answer": dict(result.answer)}, scores)


def _totals(metrics: dict[str, dict[str, Any]]) -> list[Total]:
    return [
        Total(name, metric["value"], f"n = {metric['n']}, 95 % interval {metric['low']} to {metric['high']}")
        for name, metric in metrics.items()
        if metric["value"] is not None
    ]
