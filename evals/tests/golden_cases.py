"""Cases for tests, made of the shipped ones."""

from functools import cache
from typing import Any

from evals.golden.case import GoldenAlarm, cases_read


@cache
def shipped() -> tuple[GoldenAlarm, ...]:
    """Return the dataset."""
    return tuple(cases_read())


def case(identifier: str = "checkout-api-target-5xx-01", **changes: Any) -> GoldenAlarm:
    """Return a case of the dataset with `changes`."""
    found = next(case for case in shipped() if case.id == identifier)
    return found.model_copy(update=changes)


def with_line(text: str, identifier: str = "checkout-api-target-5xx-01") -> GoldenAlarm:
    """Return a case with one more log line."""
    found = case(identifier)
    last = found.logs.events[-1].model_copy(update={"message": text})
    return found.model_copy(update={"logs": found.logs.model_copy(update={"events": [*found.logs.events, last]})})
