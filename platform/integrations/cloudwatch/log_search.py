"""Log events behind an alarm: by the metric filters that feed its metrics, with what stands around each hit."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from integrations.cloudwatch.alarm import Metric
from integrations.cloudwatch.errors import error_code

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef, FilterLogEventsRequestTypeDef

EVENT_LIMIT = 200
# FilterLogEvents reads 1 MB a page at 5 pages a second; a group that needs more is cut, newest first.
PAGE_LIMIT = 50
HITS_WITH_SURROUNDINGS = 5
LINES_AROUND = 30
BEFORE, AFTER = timedelta(seconds=1), timedelta(seconds=2)
# FilterLogEvents gives newest first only for events from then on (its reference).
NEWEST_FIRST_SINCE = datetime(2024, 1, 1, tzinfo=UTC)
# Any of these words; for log groups that no metric filter leads to.
ANY_ERROR = "?ERROR ?Error ?error ?Exception ?FATAL ?CRITICAL ?Traceback"


@dataclass(frozen=True)
class LogSource:
    """A log group and the filter pattern that finds the events that count."""

    log_group: str
    pattern: str


@dataclass(frozen=True)
class FoundEvent:
    id: str
    at: datetime
    log_group: str
    log_stream: str
    message: str


@dataclass(frozen=True)
class FoundLogs:
    """Events oldest first. `is_capped`: there were more than EVENT_LIMIT, the newest are kept."""

    events: list[FoundEvent]
    log_groups: list[str]
    filter_pattern: str
    is_capped: bool = False


def log_sources(logs: "CloudWatchLogsClient", metrics: Iterable[Metric]) -> list[LogSource]:
    """Return what feeds `metrics`: their metric filters, and a Lambda function's own log group."""
    found: dict[LogSource, None] = {}
    for metric in metrics:
        if metric.namespace == "AWS/Lambda" and (function := metric.dimensions.get("FunctionName")):
            found[LogSource(f"/aws/lambda/{function}", ANY_ERROR)] = None
        if metric.namespace.startswith("AWS/"):
            continue  # metric filters cannot write to the services' own namespaces
        pages = logs.get_paginator("describe_metric_filters").paginate(
            metricName=metric.name, metricNamespace=metric.namespace
        )
        for page in pages:
            for each in page.get("metricFilters", []):
                found[LogSource(each.get("logGroupName", ""), each.get("filterPattern", ""))] = None
    return list(found)


def logs_read(
    logs: "CloudWatchLogsClient", sources: Sequence[LogSource], *, since: datetime, until: datetime
) -> FoundLogs:
    """Return the newest matching events of all `sources` and the lines around the newest hits."""
    hits = [hit for source in sources for hit in _matching(logs, source, since=since, until=until)]
    hits.sort(key=lambda event: event.at)
    events = {(event.log_group, event.id): event for event in hits}
    for hit in hits[-HITS_WITH_SURROUNDINGS:]:
        events.update({(event.log_group, event.id): event for event in _around(logs, hit)})
    ordered = sorted(events.values(), key=lambda event: event.at)
    return FoundLogs(
        events=ordered[-EVENT_LIMIT:],
        log_groups=list(dict.fromkeys(source.log_group for source in sources)),
        filter_pattern="; ".join(dict.fromkeys(source.pattern for source in sources)),
        is_capped=len(ordered) > EVENT_LIMIT,
    )


def _matching(
    logs: "CloudWatchLogsClient", source: LogSource, *, since: datetime, until: datetime
) -> list[FoundEvent]:
    """Return more than EVENT_LIMIT events at most by a page, so that a cut shows."""
    request: FilterLogEventsRequestTypeDef = {
        "logGroupName": source.log_group,
        "filterPattern": source.pattern,
        "startTime": _milliseconds(since),
        "endTime": _milliseconds(until),
    }
    if since >= NEWEST_FIRST_SINCE:
        request["startFromHead"] = False
    found: list[FoundEvent] = []
    for page in _pages(logs, request):
        found.extend(_event(source.log_group, each) for each in page)
        # A server that knows only the old order must be read to its end for the newest.
        is_newest_first = len(found) > 1 and found[0].at > found[-1].at
        if len(found) > EVENT_LIMIT and is_newest_first:
            break
    return sorted(found, key=lambda event: event.at)[-EVENT_LIMIT - 1 :]


def _around(logs: "CloudWatchLogsClient", hit: FoundEvent) -> list[FoundEvent]:
    """Return what the same stream says right before and after: a stack trace is one event for each line."""
    answer = logs.filter_log_events(
        logGroupName=hit.log_group,
        logStreamNames=[hit.log_stream],
        startTime=_milliseconds(hit.at - BEFORE),
        endTime=_milliseconds(hit.at + AFTER),
        limit=LINES_AROUND,
    )
    return [_event(hit.log_group, each) for each in answer.get("events", [])]


def _pages(
    logs: "CloudWatchLogsClient", request: "FilterLogEventsRequestTypeDef"
) -> Iterator[list["FilteredLogEventTypeDef"]]:
    """Yield pages until there is no token; a page without events before that is normal (FilterLogEvents)."""
    for _ in range(PAGE_LIMIT):
        try:
            answer = logs.filter_log_events(**request)
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return  # a group that was named but is not there has no events
            raise
        yield answer.get("events", [])
        token = answer.get("nextToken")
        if not token:
            return
        request["nextToken"] = token


def _event(log_group: str, source: "FilteredLogEventTypeDef") -> FoundEvent:
    return FoundEvent(
        id=source.get("eventId", ""),
        at=datetime.fromtimestamp(source.get("timestamp", 0) / 1000, tz=UTC),
        log_group=log_group,
        log_stream=source.get("logStreamName", ""),
        message=source.get("message", ""),
    )


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
