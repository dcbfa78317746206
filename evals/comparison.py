"""Two runs over the same cases: not which number is larger, but whether the difference is one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import PlatformError
from evals.models import EvalRun
from evals.runner import results_of
from evals.statistics import mcnemar
from evals.suites.contract import Result


class NotComparable(PlatformError):
    """The runs are of different suites or have no case in common."""


@dataclass(frozen=True)
class Comparison:
    """Cases that both answered, counted by who was right; `p_value` is McNemar's, exact and two-sided."""

    first: str
    second: str
    both: int
    only_first: int
    only_second: int
    neither: int
    p_value: float
    is_same_material: bool

    @property
    def total(self) -> int:
        return self.both + self.only_first + self.only_second + self.neither


def runs_compare(first: EvalRun, second: EvalRun) -> Comparison:
    """Return the paired comparison over each case's first repeat. Raises NotComparable."""
    if first.suite != second.suite:
        raise NotComparable(f"run {second.pk} is of the suite {second.suite}, not {first.suite}")
    one, other = _right_by_case(results_of(first)), _right_by_case(results_of(second))
    common = sorted(one.keys() & other.keys())
    if not common:
        raise NotComparable(f"runs {first.pk} and {second.pk} have no answered case in common")
    pairs = [(one[case_id], other[case_id]) for case_id in common]
    only_first, only_second = pairs.count((True, False)), pairs.count((False, True))
    return Comparison(
        first=str(first),
        second=str(second),
        both=pairs.count((True, True)),
        only_first=only_first,
        only_second=only_second,
        neither=pairs.count((False, False)),
        p_value=mcnemar(only_first, only_second),
        is_same_material=first.material_sha256 == second.material_sha256,
    )


@dataclass(frozen=True)
class Difference:
    """A case that one of two runs alone had right."""

    case_id: str
    is_first_right: bool
    expected: Mapping[str, Any]
    first_answer: Mapping[str, Any]
    second_answer: Mapping[str, Any]


def differences(first: EvalRun, second: EvalRun) -> list[Difference]:
    """Return the cases that make up `only_first` and `only_second`, by case id."""
    one, other = _answered(results_of(first)), _answered(results_of(second))
    return [
        Difference(
            case_id=case_id,
            is_first_right=bool(one[case_id].is_right),
            expected=one[case_id].expected,
            first_answer=one[case_id].answer,
            second_answer=other[case_id].answer,
        )
        for case_id in sorted(one.keys() & other.keys())
        if one[case_id].is_right != other[case_id].is_right
    ]


def _right_by_case(results: Sequence[Result]) -> dict[str, bool]:
    return {case_id: bool(result.is_right) for case_id, result in _answered(results).items()}


def _answered(results: Sequence[Result]) -> dict[str, Result]:
    return {
        result.case_id: result
        for result in results
        if result.repeat == 1 and result.outcome == "answered" and result.is_right is not None
    }
