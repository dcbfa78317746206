"""CloudWatch and CloudWatch Logs: the events behind an alarm, and alarms to read and to create.

Limits and behaviour: the API references of FilterLogEvents, DescribeMetricFilters and PutMetricAlarm.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004
    HTTPClientError,
    NoCredentialsError,
)
from django.conf import settings

from core.errors import PlatformError, Unavailable
from integrations.cloudwatch.alarm import Alarm
from integrations.cloudwatch.alarm_spec import LogMetricFilter, MetricAlarm

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import ListMetricsInputPaginateTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilterLogEventsRequestTypeDef

SYSTEM = "cloudwatch"
# An event can reach Logs minutes after it happened, and a datapoint is stamped with the start of its period.
SLACK = timedelta(minutes=5)
AFTER = timedelta(minutes=2)
MAX_EVENTS = 200
# FilterLogEvents may answer many empty pages before the next hit; 5 requests a second are allowed for an account.
MAX_PAGES = 50
TEMPORARY_CODES = frozenset(
    {"Throttling", "ThrottlingException", "RequestLimitExceeded", "ServiceUnavailable", "InternalFailure"}
)


class CloudWatchRefused(PlatformError):
    """AWS refused a call; the text says which and what to set."""


@dataclass(frozen=True)
class FoundEvent:
    id: str
    at: datetime
    log_group: str
    log_stream: str
    message: str


@dataclass(frozen=True)
class FoundLogs:
    """Events oldest first, the groups they were looked for in, and the pattern that chose them."""

    events: list[FoundEvent]
    log_groups: list[str]
    filter_pattern: str


@dataclass(frozen=True)
class _Source:
    log_group: str
    pattern: str


class CloudWatch:
    """One region's CloudWatch; safe to share between threads."""

    def __init__(self, region: str, *, endpoint_url: str | None = None) -> None:
        config = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 3})
        session = boto3.Session(region_name=region)
        self._logs: CloudWatchLogsClient = session.client("logs", endpoint_url=endpoint_url, config=config)
        self._cloudwatch: CloudWatchClient = session.client("cloudwatch", endpoint_url=endpoint_url, config=config)

    def log_events(self, alarm: Alarm, *, log_groups: Sequence[str]) -> FoundLogs:
        """Return what was logged in the alarm's window, by the metric filters that feed its metrics.

        Where no filter feeds them, everything in `log_groups` counts. The newest 200 events are kept.
        Raises Unavailable and CloudWatchRefused.
        """
        sources = self._sources(alarm) or [_Source(group, "") for group in log_groups]
        window = timedelta(seconds=alarm.period_seconds * max(alarm.evaluation_periods, 1))
        since, until = alarm.state_changed_at - window - SLACK, alarm.state_changed_at + AFTER
        events = [
            event
            for source in sources
            for event in self.filtered_events(source.log_group, source.pattern, since=since, until=until)
        ]
        events.sort(key=lambda event: (event.at, event.id))
        return FoundLogs(
            events=events[-MAX_EVENTS:],
            log_groups=sorted({source.log_group for source in sources}),
            filter_pattern=" | ".join(sorted({source.pattern for source in sources if source.pattern})),
        )

    def filtered_events(
        self, log_group: str, pattern: str, *, since: datetime, until: datetime
    ) -> list[FoundEvent]:
        """Return the events of a log group that match a filter pattern (empty: all), oldest first."""
        request: FilterLogEventsRequestTypeDef = {
            "logGroupName": log_group,
            "startTime": _milliseconds(since),
            "endTime": _milliseconds(until),
        }
        if pattern:
            request["filterPattern"] = pattern
        found: list[FoundEvent] = []
        with _faults(f"reading log group {log_group}"):
            # An empty page with a token is normal: only a missing token is the end.
            for _ in range(MAX_PAGES):
                page = self._logs.filter_log_events(**request)
                found.extend(
                    FoundEvent(
                        id=event["eventId"],
                        at=datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
                        log_group=log_group,
                        log_stream=event["logStreamName"],
                        message=event["message"],
                    )
                    for event in page["events"]
                )
                if "nextToken" not in page:
                    break
                request["nextToken"] = page["nextToken"]
        return found

    def metric_filters(self, log_group: str) -> list[LogMetricFilter]:
        """Return the metric filters of a log group."""
        with _faults(f"listing metric filters of {log_group}"):
            pages = self._logs.get_paginator("describe_metric_filters").paginate(logGroupName=log_group)
            return [
                LogMetricFilter(log_group, row["filterName"], row.get("filterPattern", ""))
                for page in pages
                for row in page["metricFilters"]
            ]

    def metrics(self, namespace: str, metric_name: str | None = None) -> list[str]:
        """Return the metrics of a namespace as `name {dimension=value, ...}`; none for two weeks: not listed."""
        wanted: ListMetricsInputPaginateTypeDef = {"Namespace": namespace}
        if metric_name:
            wanted["MetricName"] = metric_name
        with _faults(f"listing metrics of {namespace}"):
            pages = self._cloudwatch.get_paginator("list_metrics").paginate(**wanted)
            return [
                metric["MetricName"]
                + " {"
                + ", ".join(f"{row['Name']}={row['Value']}" for row in metric["Dimensions"])
                + "}"
                for page in pages
                for metric in page["Metrics"]
            ]

    def is_fed_by_filter(self, namespace: str, metric_name: str) -> bool:
        """Return whether a metric filter of any log group feeds the metric."""
        with _faults(f"looking for filters that feed {namespace}/{metric_name}"):
            found = self._logs.describe_metric_filters(metricNamespace=namespace, metricName=metric_name)
            return bool(found["metricFilters"])

    def alarms(self, prefix: str) -> dict[str, str]:
        """Return what each alarm whose name starts with `prefix` watches, by its name."""
        with _faults(f"listing alarms {prefix}*"):
            pages = self._cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
            return {
                row["AlarmName"]: (
                    f"{row.get('Namespace', '')}/{row.get('MetricName', 'expression')} "
                    f"{row['ComparisonOperator']} {row.get('Threshold')} for {row['EvaluationPeriods']} x "
                    f"{row.get('Period')} s"
                )
                for page in pages
                for row in page["MetricAlarms"]
            }

    def alarm_tags(self, name: str) -> dict[str, str] | None:
        """Return the tags of the alarm of exactly this name, or None if there is none."""
        with _faults(f"reading alarm {name}"):
            found = self._cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
            if not found:
                return None
            tags = self._cloudwatch.list_tags_for_resource(ResourceARN=found[0]["AlarmArn"])["Tags"]
        return {tag["Key"]: tag["Value"] for tag in tags}

    def put_alarm(self, alarm: MetricAlarm) -> str:
        """Create the alarm, and before it the metric filter that feeds it; return its ARN. Safe to repeat."""
        with _faults(f"creating alarm {alarm.name}"):
            if alarm.metric_filter is not None:
                self._logs.put_metric_filter(
                    logGroupName=alarm.metric_filter.log_group,
                    filterName=alarm.metric_filter.name,
                    filterPattern=alarm.metric_filter.pattern,
                    metricTransformations=[
                        {
                            "metricName": alarm.metric_name,
                            "metricNamespace": alarm.namespace,
                            "metricValue": "1",
                            "defaultValue": 0,
                        }
                    ],
                )
            self._cloudwatch.put_metric_alarm(**alarm.parameters())
            return self._cloudwatch.describe_alarms(AlarmNames=[alarm.name])["MetricAlarms"][0]["AlarmArn"]

    def _sources(self, alarm: Alarm) -> list[_Source]:
        """Return group and pattern of every metric filter that feeds one of the alarm's metrics."""
        found: list[_Source] = []
        for metric in alarm.metrics:
            if metric.namespace.startswith("AWS/"):
                continue  # AWS's own metrics come from no filter
            with _faults(f"looking for filters that feed {metric.namespace}/{metric.name}"):
                pages = self._logs.get_paginator("describe_metric_filters").paginate(
                    metricNamespace=metric.namespace, metricName=metric.name
                )
                found.extend(
                    _Source(row["logGroupName"], row.get("filterPattern", ""))
                    for page in pages
                    for row in page["metricFilters"]
                )
        return found


@cache
def cloudwatch() -> CloudWatch:
    """Return the configured region's CloudWatch; one client for each process."""
    return CloudWatch(settings.ENV.aws_region, endpoint_url=settings.ENV.aws_endpoint_url)


@contextmanager
def _faults(what: str) -> Iterator[None]:
    try:
        yield
    except NoCredentialsError as error:
        raise CloudWatchRefused(
            f"{what}: there are no AWS credentials. Give the worker a role, or set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY."
        ) from error
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in TEMPORARY_CODES or status >= 500:
            raise Unavailable(SYSTEM, f"{what}: {code}: {message}") from error
        raise CloudWatchRefused(f"{what}: AWS answers {code}: {message}") from error
    except (ConnectionError, HTTPClientError) as error:
        raise Unavailable(SYSTEM, f"{what}: {error}") from error
    except BotoCoreError as error:
        raise CloudWatchRefused(f"{what}: {error}") from error


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
