"""What diagnosis may read of production: log events, a metric, incidents that read alike. All of it reads only."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field

from agents.evidence import LogEvent, Similar
from agents.runtime.contract import Tool, ToolRetry
from agents.tools.metric_data import DESCRIPTION, MetricDataArguments, MetricReader, metric_data, range_check

MAX_EVENTS = 50
MAX_MESSAGE_CHARACTERS = 1_500
LONGEST_LOG_RANGE = timedelta(hours=6)


class Production(MetricReader, Protocol):
    """A reader bound to one incident's service. Methods raise ToolFailed where what they ask does not answer."""

    @property
    def log_groups(self) -> Sequence[str]:
        """The log groups of the service: no other is read."""
        ...

    def log_events(self, log_group: str, pattern: str, *, since: datetime, until: datetime) -> list[LogEvent]:
        """Return the events of the range that match CloudWatch's filter pattern, oldest first."""
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
        range_check(arguments.since, arguments.until, longest=LONGEST_LOG_RANGE)
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


class GetMetric:
    """When did it begin, and how bad is it."""

    name: ClassVar[str] = "get_metric"
    description: ClassVar[str] = DESCRIPTION
    arguments: type[BaseModel] = MetricDataArguments

    def __init__(self, production: Production) -> None:
        self._production = production

    def run(self, arguments: MetricDataArguments) -> str:
        """Return one value a line. Raises ToolRetry for a range out of bounds."""
        return metric_data(self._production, arguments)


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
