"""A run as what every report shows: its figures, beside those of the offline entrants on the same cases."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.intervals import Interval, wilson
from evals.models import EvalRun, RunState
from evals.runner import results_of
from evals.statistics import Bin, calibration
from evals.suites.contract import Matrix, Result, Suite

# Entrants that check the harness, not the task.
HARNESS = {
    "gold": "plays the right answers: tests the harness",
    "wrong": "plays wrong answers: tests the harness",
    "guard": "the product's own guard, no model",
    "obedient": "does what hostile text asks: tests the harness",
}
FLOORS = {
    "majority": "one answer for every case: a floor, no model",
    "rules": "keywords: a floor, no model",
    "words": "bag of words, cross-validated: a floor, no model",
}
SHOWN_MISTAKES = 40
# Prose of labels and answers: the table of mistakes shows what was decided.
PROSE = frozenset({"why", "reason", "not_fixable_reason", "root_cause"})
EntrantKind = Literal["model", "floor", "harness"]


@dataclass(frozen=True)
class Group:
    """Right answers within one tag."""

    name: str
    right: int
    total: int
    interval: Interval | None


@dataclass(frozen=True)
class Unanswered:
    """How many cases ended without an answer for one reason, and what the first of them said."""

    outcome: str
    exit_reason: str
    count: int
    error: str


@dataclass(frozen=True)
class RunReport:
    """Everything that a report says about one run."""

    run: EvalRun
    metrics: dict[str, dict[str, Any]]
    floors: list[EvalRun]
    matrices: list[Matrix]
    groups: list[Group]
    bins: list[Bin]
    unanswered: list[Unanswered]
    mistakes: list[Result]
    mistakes_count: int

    @property
    def note(self) -> str:
        """What kind of entrant this is, for the head of each report."""
        return entrant_note(self.run.model)


def entrant_note(name: str) -> str:
    """Return what kind of entrant this is, in words."""
    return {**HARNESS, **FLOORS}.get(name, "a model behind the Messages API")


def entrant_kind(name: str) -> EntrantKind:
    """Return what an entrant's figures are good for: only a model's say how good the agents are."""
    return "harness" if name in HARNESS else "floor" if name in FLOORS else "model"


def report_of(run: EvalRun, suite: Suite) -> RunReport:
    """Gather a run's report; floors are the newest finished runs of them over the same whole material."""
    results = results_of(run)
    floors = []
    for name in (name for name in suite.offline if name in FLOORS and name != run.model):
        found = EvalRun.objects.filter(
            suite=run.suite,
            model=name,
            material_sha256=run.material_sha256,
            settings=run.settings,
            state=RunState.FINISHED,
        ).exclude(pk=run.pk)
        newest = found.first()
        if newest is not None:
            floors.append(newest)
    answered = [result for result in results if result.outcome == "answered"]
    mistakes = [result for result in results if not result.is_right]
    return RunReport(
        run=run,
        metrics=run.metrics,
        floors=floors,
        matrices=suite.matrices(results),
        groups=_groups(answered, suite),
        bins=calibration(suite.confidences(results)),
        unanswered=_unanswered(results),
        mistakes=mistakes[:SHOWN_MISTAKES],
        mistakes_count=len(mistakes),
    )


def brief(fields: Mapping[str, Any]) -> str:
    """Return what a label or an answer decides, in one line: `classification real, severity P1`."""
    told = []
    for name, value in fields.items():
        if name in PROSE or value in (None, "", [], {}):
            continue
        if isinstance(value, Mapping):
            value = f"({brief(value)})"
        elif isinstance(value, list):
            value = "; ".join(map(str, value))
        told.append(f"{name} {value}")
    return ", ".join(told)


def value_shown(metric: dict[str, Any]) -> str:
    """Return a figure as people read it."""
    return "none" if metric["value"] is None else _number(metric["value"], metric["unit"])


def shown(metric: dict[str, Any]) -> str:
    """Return a figure as people read it, with its interval."""
    return f"{value_shown(metric)} {interval_shown(metric)}".strip()


def interval_shown(metric: dict[str, Any]) -> str:
    """Return a figure's interval in brackets, or an empty text for one that has none."""
    if metric["low"] is None:
        return ""
    return f"[{_number(metric['low'], metric['unit'])}, {_number(metric['high'], metric['unit'])}]"


def _number(value: float, unit: str) -> str:
    match unit:
        case "share":
            return f"{100 * value:.1f} %"
        case "usd":
            return f"{value:.4f} USD"
        case "seconds":
            return f"{value:.2f} s"
        case "count":
            return f"{value:.0f}"
        case _:
            return f"{value:.3f}"


def _unanswered(results: Sequence[Result]) -> list[Unanswered]:
    kinds: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        if result.outcome != "answered":
            kinds[result.outcome, result.exit_reason].append(result)
    return [
        Unanswered(outcome, exit_reason, len(found), found[0].error)
        for (outcome, exit_reason), found in sorted(kinds.items())
    ]


def _groups(answered: Sequence[Result], suite: Suite) -> list[Group]:
    counted: dict[str, list[bool]] = defaultdict(list)
    # A run may be older than the material: what is no case any more has no tags.
    known = set(suite.case_ids)
    for result in (result for result in answered if result.case_id in known):
        for name in suite.groups(result.case_id):
            counted[name].append(bool(result.is_right))
    return [
        Group(name, sum(found), len(found), wilson(sum(found), len(found)))
        for name, found in sorted(counted.items())
    ]
