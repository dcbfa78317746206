"""The suites as this release has them: their material ships with the code and is read once for each process."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel

from agents.grounding.suite.cases import Case
from evals.runner import coverage, expense
from evals.suites.contract import Suite
from evals.suites.registry import SUITES, Selection


@runtime_checkable
class Documented(Protocol):
    """A suite whose cases can be read one by one."""

    @property
    def cases(self) -> Mapping[str, Any]: ...


@cache
def suite_named(name: str) -> Suite | None:
    """Return the suite, or None for one that this release has not."""
    return SUITES[name](Selection()) if name in SUITES else None


@cache
def figure_names(name: str) -> tuple[str, ...]:
    """Return the figures of a suite in the order of its reports: coverage first, then the most telling."""
    suite = suite_named(name)
    own = suite.metrics([]) if suite else []
    return tuple(metric.name for metric in [*coverage([]), *own, *expense([])])


def figures(suite: str, metrics: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return stored figures as a list in their order; PostgreSQL keeps none of a JSON object."""
    order = {name: place for place, name in enumerate(figure_names(suite))}
    names = sorted(metrics, key=lambda name: (order.get(name, len(order)), name))
    return [{"name": name, **metrics[name]} for name in names]


def case_document(suite: str, case_id: str) -> dict[str, Any] | None:
    """Return what is put to the agents in a case, and what is right, as JSON; None if this release has it not."""
    found: object = suite_named(suite)
    case = found.cases.get(case_id) if isinstance(found, Documented) else None
    if isinstance(case, Case):
        return {
            "repository": case.repository,
            "case": case.name,
            "planted": case.planted,
            "output": case.output.model_dump(mode="json"),
        }
    return case.model_dump(mode="json") if isinstance(case, BaseModel) else None
