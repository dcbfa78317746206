"""Shares and their intervals: answers to one case are drawn together, for they are not independent."""

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

from core.intervals import Interval, wilson
from evals.statistics import bootstrap
from evals.suites.contract import Metric, Result

Item = TypeVar("Item")


def share(
    name: str,
    results: Sequence[Result],
    holds: Callable[[Result], object],
    *,
    better: Literal["high", "low"] = "high",
) -> Metric:
    """Return the share for which `holds` is true.

    The interval is Wilson's; where cases were put several times, their answers are not independent, so cases are
    resampled instead.
    """
    by_case: dict[str, list[bool]] = {}
    for result in results:
        by_case.setdefault(result.case_id, []).append(bool(holds(result)))
    units = list(by_case.values())
    count, total = sum(map(sum, units)), len(results)
    if count in (0, total):  # resampling equal answers would claim certainty
        interval = wilson(len(units) if count else 0, len(units))
    else:
        interval = wilson(count, total) if len(units) == total else bootstrap(units, _mean_of_all)
    return Metric(name, count / total if total else None, interval, total, better)


def resampled(
    results: Sequence[Result], read: Callable[[Result], Item], statistic: Callable[[Sequence[Item]], float | None]
) -> Interval | None:
    """Return the bootstrap interval of a statistic over what `read` takes of each answer."""
    by_case: dict[str, list[Item]] = {}
    for result in results:
        by_case.setdefault(result.case_id, []).append(read(result))
    return bootstrap(list(by_case.values()), lambda units: statistic([item for unit in units for item in unit]))


def _mean_of_all(units: Sequence[list[bool]]) -> float | None:
    values = [value for unit in units for value in unit]
    return sum(values) / len(values) if values else None
