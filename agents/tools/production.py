"""What diagnosis may read of production: log events, a metric, incidents that read alike. All of it reads only."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from agents.evidence import LogEvent, Similar
from agents.runtime.contract import Tool, ToolRetry

Statistic = Literal["Sum", "Average", "Minimum", "Maximum", "SampleCount"]

MAX_EVENTS = 50
MAX_MESSAGE_CHARACTERS = 1_500
LONGEST_LOG_RANGE = timedelta(hours=6)
LONGEST_METRIC_RANGE = timedelta(days=15)
MAX_DATAPOINTS = 120


class Production(Protocol):
    """A reader bound to one incident's service. Methods raise ToolFailed where what they ask does not answer."""

    @property
    def log_groups(self) -> Sequence[str]:
        """The log groups of the service: no other is read."""
        ...

    def log_events(self, log_group: str, pattern: str, *, since: datetime, until: datetime) -> list[LogEvent]:
        """Return the events of the range that match CloudWatch's filter pattern, oldest first."""
        ...

    def datapoints(
        self,
        namespace: str,
        name: str,
        *,
        statistic: Statistic,
        period_seconds: int,
        since: datetime,
        until: datetime,
    ) -> list[tuple[datetime, float]]:
        """Return time and value of each period that has data."""
        ...

    def similar(self, text: str) -> Similar:
        """Return incidents of the service that read like `text`."""
        ...


def production_tools(production: Production) -> Sequence[Tool[Any]]:
    """Return every tool over `production`."""
    return (GetLogEvents(production), GetMetric(production), SimilarIncidents(production))


class GetLogEventsArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    log_group: str
    pattern: str = Field(default="", max_length=500, description="CloudWatch filter pattern; empty: every event.")
    since: datetime = Field(description="With a time zone: 2026-11-24T04:20:00Z.")
    until: datetime


class GetLogEvents:
    """More log events than the evidence has, from the service's own log groups."""

    name: ClassVar[str] = "get_log_events"
    description: ClassVar[str] = (
        "Read log events of the service in a range of at most 6 hours, oldest first, at most 50. Each begins with "
        "its id in brackets, which a citation of kind log_event may name."
    )
    arguments: type[BaseModel] = GetLogEventsArguments

    def __init__(self, production: Production) -> None:
        self._production = production

    def run(self, arguments: GetLogEventsArguments) -> str:
        """Return one event a line. Raises ToolRetry for another service's log group and for too long a range."""
        allowed = self._production.log_groups
        if arguments.log_group not in allowed:
            raise ToolRetry(
                f"{arguments.log_group} is not a log group of this service: {', '.join(allowed) or 'none'}"
            )
        _check_range(arguments.since, arguments.until, longest=LONGEST_LOG_RANGE)
        found = self._production.log_events(
            arguments.log_group, arguments.pattern, since=arguments.since, until=arguments.until
        )
        if not found:
            return f"No event matches in {arguments.log_group} from {arguments.since} to {arguments.until}."
        # On one line each, so that no message can look like the beginning of another event.
        lines = [
            f"[{event.id}] {event.at.isoformat()} {' '.join(event.message.split())[:MAX_MESSAGE_CHARACTERS]}"
            for event in found[:MAX_EVENTS]
        ]
        if len(found) > MAX_EVENTS:
            lines.append(f"(only the first {MAX_EVENTS} of {len(found)}: narrow the range or the pattern)")
        return "\n".join(lines)


class GetMetricArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    namespace: str = Field(min_length=1, max_length=255)
    name: str = Field(min_length=1, max_length=255)
    statistic: Statistic = "Sum"
    period_seconds: int = Field(default=60, ge=60, multiple_of=60)
    since: datetime
    until: datetime


class GetMetric:
    """When did it begin, and how bad is it: a metric's values without dimensions."""

    name: ClassVar[str] = "get_metric"
    description: ClassVar[str] = (
        "Read a CloudWatch metric's values in a range of at most 15 days, one line for each period with data, at "
        "most 120: choose the period so that they fit."
    )
    arguments: type[BaseModel] = GetMetricArguments

    def __init__(self, production: Production) -> None:
        self._production = production

    def run(self, arguments: GetMetricArguments) -> str:
        """Return one value a line. Raises ToolRetry for a range out of bounds."""
        _check_range(arguments.since, arguments.until, longest=LONGEST_METRIC_RANGE)
        periods = (arguments.until - arguments.since).total_seconds() / arguments.period_seconds
        if periods > MAX_DATAPOINTS:
            raise ToolRetry(f"the range has {periods:.0f} periods, at most {MAX_DATAPOINTS}: take a longer period")
        found = self._production.datapoints(
            arguments.namespace,
            arguments.name,
            statistic=arguments.statistic,
            period_seconds=arguments.period_seconds,
            since=arguments.since,
            until=arguments.until,
        )
        metric = f"{arguments.statistic} of {arguments.namespace}/{arguments.name}"
        return (
            "\n".join([metric, *(f"{at.isoformat()} {value:g}" for at, value in found)])
            if found
            else (f"{metric} has no data in this range.")
        )


class SimilarIncidentsArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=3, max_length=2_000, description="The error message or symptom in words.")


class SimilarIncidents:
    """Hints from the past, read live; they prove nothing about this incident."""

    name: ClassVar[str] = "similar_incidents"
    description: ClassVar[str] = (
        "Find earlier incidents of this service that read like a text: status, cause and fix where they are known."
    )
    arguments: type[BaseModel] = SimilarIncidentsArguments

    def __init__(self, production: Production) -> None:
        self._production = production

    def run(self, arguments: SimilarIncidentsArguments) -> str:
        """Return one incident a paragraph."""
        found = self._production.similar(arguments.text).incidents
        return (
            "\n".join(
                f"incident {incident.id} ({incident.status}, distance {incident.distance:.2f}): {incident.title}\n"
                f"    cause: {incident.root_cause or 'unknown'}\n    fix: {incident.fix_summary or 'none'}"
                for incident in found
            )
            or "No incident of this service reads like that."
        )


def _check_range(since: datetime, until: datetime, *, longest: timedelta) -> None:
    if since.tzinfo is None or until.tzinfo is None:
        raise ToolRetry("give times with their zone, for example 2026-11-24T04:20:00Z")
    if not since < until or until - since > longest:
        raise ToolRetry(f"`until` must be after `since`, by at most {longest}")
