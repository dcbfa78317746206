"""Production as the diagnosis agent's tools read it: this incident's log groups, metrics and past."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from agents.evidence import LogEvent, Similar
from agents.runtime.contract import ToolFailed
from agents.tools.metric_data import MetricDataArguments
from core.errors import PlatformError, Unavailable
from core.redact import redact
from incidents.models import Incident
from integrations.cloudwatch.alarm import Metric
from integrations.cloudwatch.client import CloudWatch
from integrations.cloudwatch.log_search import LogSource
from pipeline.evidence import log_events_shown, similar_to
from pipeline.facts import cloudwatch_of

Found = TypeVar("Found")


class IncidentProduction:
    """Reads for one incident; the model is told what cannot be read, and goes on without it."""

    def __init__(self, incident: Incident, *, log_groups: Sequence[str]) -> None:
        self._incident = incident
        self._log_groups = sorted({*log_groups, *incident.service.log_groups})

    @property
    def log_groups(self) -> Sequence[str]:
        return self._log_groups

    def log_events(self, log_group: str, pattern: str, *, since: datetime, until: datetime) -> list[LogEvent]:
        source = LogSource(log_group, pattern)
        return log_events_shown(
            _told(lambda: cloudwatch_of(self._incident).matching_events(source, since=since, until=until).events)
        )

    def datapoints(self, asked: MetricDataArguments) -> list[tuple[datetime, float]]:
        return _told(lambda: datapoints_of(cloudwatch_of(self._incident), asked))

    def similar(self, text: str) -> Similar:
        return similar_to(text, incident=self._incident)


def datapoints_of(client: CloudWatch, asked: MetricDataArguments) -> list[tuple[datetime, float]]:
    """Return what an agent asked of a metric. Raises as the client does."""
    return client.datapoints(
        Metric(asked.namespace, asked.name, asked.dimensions),
        statistic=asked.statistic,
        period_seconds=asked.period_seconds,
        since=asked.since,
        until=asked.until,
    )


def _told(read: Callable[[], Found]) -> Found:
    """Call `read`; a refusal or a fault of the system outside becomes an answer to the model."""
    try:
        return read()
    except Unavailable as error:
        raise ToolFailed(f"{error.system} does not answer now: {redact(str(error))}") from error
    except PlatformError as error:
        raise ToolFailed(redact(str(error))) from error
