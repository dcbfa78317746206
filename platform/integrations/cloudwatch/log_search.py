"""Log events behind an alarm: by the metric filters that feed its metrics, with what stands around each hit.

Limits and behaviour: the API references of FilterLogEvents and DescribeMetricFilters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from integrations.cloudwatch.alarm import Metric
from integrations.cloudwatch.errors import NotFound, cloudwatch_errors

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import (
        DescribeMetricFiltersRequestPaginateTypeDef,
        FilterLogEventsRequestTypeDef,
    )

EVENT_LIMIT = 200
# A page holds 1 MB at most and an account may ask for 5 a second: 50 take ten seconds or more.
PAGE_LIMIT = 50
HITS_WITH_SURROUNDINGS = 5
LINES_BEFORE, LINES_AFTER = 5, 25
BEFORE, AFTER = timedelta(seconds=1), timedelta(seconds=2)
ID_DIGITS = 56
# FilterLogEvents gives the newest first only if the time range starts then or later.
NEWEST_FIRST_SINCE = datetime(2024, 1, 1, tzinfo=UTC)
# Any of these words; for log groups that no metric filter leads to.
ANY_ERROR = "?ERROR ?Error ?error ?Exception ?FATAL ?CRITICAL ?Traceback"


@dataclass(frozen=True)
class LogSource:
    """A log group and the filter pattern that finds the events that count; an empty one finds all."""

    log_group: str
    pattern: str


@dataclass(frozen=True)
class Feed:
    """A metric filter and the metric it writes: each matching event adds `value` (a number or `$.field`)."""

    log_group: str
    filter_name: str
    pattern: str
    metric: str
    value: str
    has_dimensions: bool

    @property
    def source(self) -> LogSource:
        return LogSource(self.log_group, self.pattern)


@dataclass(frozen=True)
class FoundEvent:
    id: str
    at: datetime
    log_group: str
    log_stream: str
    message: str


@dataclass(frozen=True)
class Matching:
    """Events oldest first; `is_whole` is false where reading stopped at a limit."""

    events: list[FoundEvent]
    is_whole: bool


@dataclass(frozen=True)
class FoundLogs:
    """Events oldest first, the groups that were read, and those that were named but do not exist.

    `is_capped`: there is more than this; the newest 200 are kept.
    """

    events: list[FoundEvent]
    log_groups: list[str]
    filter_pattern: str
    is_capped: bool = False
    missing_groups: Sequence[str] = ()

    @property
    def gaps(self) -> str:
        """Return what is not here and why, or an empty text."""
        gaps = [f"there is no log group {group}" for group in self.missing_groups]
        if self.is_capped:
            gaps.append(f"there are more log events: these are the newest {len(self.events)}")
        elif self.log_groups and not self.events:
            gaps.append(f"no log event matched in {', '.join(self.log_groups)}")
        elif not self.log_groups and not gaps:
            gaps.append("no metric filter leads to a log group, and the service names none: add its log groups")
        return "; ".join(gaps)


def log_sources(logs: "CloudWatchLogsClient", metrics: Iterable[Metric]) -> list[LogSource]:
    """Return what feeds `metrics`: their metric filters, and a Lambda function's own log group."""
    found: dict[LogSource, None] = {}
    for metric in metrics:
        if metric.namespace == "AWS/Lambda" and (function := metric.dimensions.get("FunctionName")):
            found[LogSource(f"/aws/lambda/{function}", ANY_ERROR)] = None
        found.update({feed.source: None for feed in feeds_of_metric(logs, metric.namespace, metric.name)})
    return list(found)


def feeds_of_metric(logs: "CloudWatchLogsClient", namespace: str, name: str) -> list[Feed]:
    """Return the metric filters of all log groups that write to the metric."""
    if namespace.startswith("AWS/"):
        return []  # metric filters cannot write to the services' own namespaces
    with cloudwatch_errors(f"looking for metric filters that feed {namespace}/{name}"):
        return _feeds(logs, {"metricNamespace": namespace, "metricName": name})


def feeds_of_group(logs: "CloudWatchLogsClient", log_group: str) -> list[Feed]:
    """Return the metric filters of a log group; none if it does not exist."""
    try:
        with cloudwatch_errors(f"listing the metric filters of {log_group}"):
            return _feeds(logs, {"logGroupName": log_group})
    except NotFound:
        return []


def _feeds(logs: "CloudWatchLogsClient", which: "DescribeMetricFiltersRequestPaginateTypeDef") -> list[Feed]:
    return [
        Feed(
            log_group=row.get("logGroupName", ""),
            filter_name=row.get("filterName", ""),
            pattern=row.get("filterPattern", ""),
            metric=f"{target['metricNamespace']}/{target['metricName']}",
            value=target["metricValue"],
            has_dimensions=bool(target.get("dimensions")),
        )
        for page in logs.get_paginator("describe_metric_filters").paginate(**which)
        for row in page.get("metricFilters", [])
        for target in row.get("metricTransformations", [])
    ]


def logs_read(
    logs: "CloudWatchLogsClient", sources: Sequence[LogSource], *, since: datetime, until: datetime
) -> FoundLogs:
    """Return the newest matching events of all `sources` and the lines around the newest hits."""
    hits: list[FoundEvent] = []
    read: dict[LogSource, bool] = {}
    missing: dict[str, None] = {}
    for source in sources:
        try:
            matching = matching_events(logs, source, since=since, until=until)
        except NotFound:
            missing[source.log_group] = None
        else:
            read[source] = matching.is_whole
            hits += matching.events
    hits.sort(key=_place)
    events = {(event.log_group, event.id): event for event in hits}
    for hit in hits[-HITS_WITH_SURROUNDINGS:]:
        events.update({(event.log_group, event.id): event for event in _around(logs, hit)})
    ordered = sorted(events.values(), key=_place)
    return FoundLogs(
        events=ordered[-EVENT_LIMIT:],
        log_groups=list(dict.fromkeys(source.log_group for source in read)),
        filter_pattern="; ".join(dict.fromkeys(source.pattern for source in read)),
        is_capped=len(ordered) > EVENT_LIMIT or not all(read.values()),
        missing_groups=tuple(missing),
    )


def matching_events(
    logs: "CloudWatchLogsClient",
    source: LogSource,
    *,
    since: datetime,
    until: datetime,
    event_limit: int = EVENT_LIMIT,
    page_limit: int = PAGE_LIMIT,
) -> Matching:
    """Return the events of a log group that match; about the newest `event_limit` if there are more.

    Raises NotFound for a missing group and NotValid for a pattern that is none.
    """
    request: FilterLogEventsRequestTypeDef = {
        "logGroupName": source.log_group,
        "startTime": _milliseconds(since),
        "endTime": _milliseconds(until),
    }
    if source.pattern:
        request["filterPattern"] = source.pattern
    if since >= NEWEST_FIRST_SINCE:
        request["startFromHead"] = False
    return _read(logs, request, event_limit=event_limit, page_limit=page_limit)


def _around(logs: "CloudWatchLogsClient", hit: FoundEvent) -> list[FoundEvent]:
    """Return what the same stream says right before and after: a stack trace is often one event a line."""
    request: FilterLogEventsRequestTypeDef = {
        "logGroupName": hit.log_group,
        "logStreamNames": [hit.log_stream],
        "startTime": _milliseconds(hit.at - BEFORE),
        "endTime": _milliseconds(hit.at + AFTER),
    }
    lines = _read(logs, request, event_limit=EVENT_LIMIT, page_limit=PAGE_LIMIT).events
    place = next((index for index, line in enumerate(lines) if line.id == hit.id), 0)
    return lines[max(place - LINES_BEFORE, 0) : place + LINES_AFTER + 1]


def _read(
    logs: "CloudWatchLogsClient", request: "FilterLogEventsRequestTypeDef", *, event_limit: int, page_limit: int
) -> Matching:
    """Read pages until there is no token; a page without events before that is normal."""
    found: list[FoundEvent] = []
    is_whole = False
    with cloudwatch_errors(f"reading log group {request['logGroupName']}"):
        for _ in range(page_limit):
            page = logs.filter_log_events(**request)
            found.extend(
                FoundEvent(
                    id=event.get("eventId", ""),
                    at=datetime.fromtimestamp(event.get("timestamp", 0) / 1000, tz=UTC),
                    log_group=request["logGroupName"],
                    log_stream=event.get("logStreamName", ""),
                    message=event.get("message", ""),
                )
                for event in page.get("events", [])
            )
            token = page.get("nextToken")
            if not token:
                is_whole = True
                break
            # A server that gives the oldest first must be read to its end for the newest.
            if len(found) > event_limit and found[0].at > found[-1].at:
                break
            request["nextToken"] = token
    return Matching(sorted(found, key=_place), is_whole)


def _place(event: FoundEvent) -> tuple[datetime, str]:
    """Order by time; ids are numbers, and ascend as the events of one stream were put."""
    return event.at, event.id.zfill(ID_DIGITS)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
