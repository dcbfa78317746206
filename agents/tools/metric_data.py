"""A metric's values as a model reads them: one line for each period, of exactly the dimensions that it names."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from agents.runtime.contract import ToolRetry

Statistic = Literal["Sum", "Average", "Minimum", "Maximum", "SampleCount"]

LONGEST_METRIC_RANGE = timedelta(days=15)
MAX_DATAPOINTS = 120
DESCRIPTION = (
    "Read a CloudWatch metric's values in a range of at most 15 days, one line for each period with data, at most "
    "120: choose the period so that they fit. A metric is one set of dimensions: without them, or with others, it "
    "is another metric."
)


class MetricDataArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    namespace: str = Field(min_length=1, max_length=255)
    name: str = Field(min_length=1, max_length=255)
    dimensions: dict[str, str] = Field(
        default_factory=dict,
        max_length=30,
        description='Name and value of every dimension of the metric, for example {"FunctionName": "orders"}.',
    )
    statistic: Statistic = "Sum"
    period_seconds: int = Field(default=60, ge=60, multiple_of=60)
    since: datetime = Field(description="With a time zone: 2026-11-24T04:20:00Z.")
    until: datetime


class MetricReader(Protocol):
    def datapoints(self, asked: MetricDataArguments) -> Sequence[tuple[datetime, float]]:
        """Return time and value of each period that has data."""
        ...


def metric_data(reader: MetricReader, asked: MetricDataArguments) -> str:
    """Return one value a line. Raises ToolRetry for a range out of bounds."""
    range_check(asked.since, asked.until, longest=LONGEST_METRIC_RANGE)
    periods = (asked.until - asked.since).total_seconds() / asked.period_seconds
    if periods > MAX_DATAPOINTS:
        raise ToolRetry(f"the range has {periods:.0f} periods, at most {MAX_DATAPOINTS}: take a longer period")
    found = reader.datapoints(asked)
    by = ", ".join(f"{name}={value}" for name, value in sorted(asked.dimensions.items())) or "no dimensions"
    metric = f"{asked.statistic} of {asked.namespace}/{asked.name} ({by})"
    if not found:
        return f"{metric} has no data in this range."
    return "\n".join([metric, *(f"{at.isoformat()} {value:g}" for at, value in found)])


def range_check(since: datetime, until: datetime, *, longest: timedelta) -> None:
    """Raise ToolRetry for a range without zones, the wrong way round, or too long."""
    if since.tzinfo is None or until.tzinfo is None:
        raise ToolRetry("give times with their zone, for example 2026-11-24T04:20:00Z")
    if not since < until or until - since > longest:
        raise ToolRetry(f"`until` must be after `since`, by at most {longest}")
