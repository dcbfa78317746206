"""CloudWatch and CloudWatch Logs: the log events behind an alarm, and metrics and alarms to read and to create."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from botocore.config import Config
from django.conf import settings

from core.errors import Unavailable
from integrations.cloudwatch.alarm import Alarm, Metric
from integrations.cloudwatch.alarm_spec import MetricAlarm
from integrations.cloudwatch.aws_session import aws_session
from integrations.cloudwatch.coverage import ExistingAlarm, alarm_described, existing_alarms
from integrations.cloudwatch.errors import SYSTEM, cloudwatch_errors
from integrations.cloudwatch.log_search import (
    ANY_ERROR,
    EVENT_LIMIT,
    PAGE_LIMIT,
    Feed,
    FoundLogs,
    LogSource,
    Matching,
    feeds_of_group,
    feeds_of_metric,
    log_sources,
    logs_read,
    matching_events,
)
from integrations.cloudwatch.watched import watched_by

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import ListMetricsInputPaginateTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient

# An event can reach Logs minutes after it happened, and a datapoint is stamped with the start of its period.
SLACK = timedelta(minutes=5)
AFTER = timedelta(minutes=2)
# More than AWS has.
MOST_REGIONS = 64
# 5 requests a second are allowed for an account; "standard" waits longer after each refusal.
CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 5})


class CloudWatch:
    """One region's CloudWatch; safe to share between threads. Its calls raise Unavailable and CloudWatchError."""

    def __init__(self, logs: "CloudWatchLogsClient", cloudwatch: "CloudWatchClient") -> None:
        self._logs = logs
        self._cloudwatch = cloudwatch

    @classmethod
    def connect(cls, region: str, *, endpoint_url: str | None = None) -> "CloudWatch":
        """Return the region's CloudWatch; nothing is asked of it yet."""
        with cloudwatch_errors(f"connecting to CloudWatch in {region}"):
            session = aws_session()
            logs, cloudwatch = (
                session.create_client(service, region_name=region, endpoint_url=endpoint_url, config=CONFIG)
                for service in ("logs", "cloudwatch")
            )
        return cls(cast("CloudWatchLogsClient", logs), cast("CloudWatchClient", cloudwatch))

    def log_events(self, alarm: Alarm, *, log_groups: Sequence[str]) -> FoundLogs:
        """Return what was logged in the alarm's window, by the metric filters that feed its metrics.

        Where none leads to a log group, the events in `log_groups` that look like an error count.
        """
        watched = watched_by(self._cloudwatch, alarm)
        since = alarm.state_changed_at - timedelta(seconds=watched.window_seconds) - SLACK
        until = alarm.state_changed_at + AFTER
        sources = log_sources(self._logs, watched.metrics)
        sources += [LogSource(group, ANY_ERROR) for group in watched.log_groups]
        found = logs_read(self._logs, sources, since=since, until=until)
        if found.log_groups or not log_groups:
            return found
        return logs_read(
            self._logs, [LogSource(group, ANY_ERROR) for group in log_groups], since=since, until=until
        )

    def matching_events(
        self,
        source: LogSource,
        *,
        since: datetime,
        until: datetime,
        event_limit: int = EVENT_LIMIT,
        page_limit: int = PAGE_LIMIT,
    ) -> Matching:
        """Return the events of a log group that match a pattern. Raises NotFound and NotValid as well."""
        return matching_events(
            self._logs, source, since=since, until=until, event_limit=event_limit, page_limit=page_limit
        )

    def feeds_of_group(self, log_group: str) -> list[Feed]:
        """Return the metric filters of a log group."""
        return feeds_of_group(self._logs, log_group)

    def feeds_of_metric(self, namespace: str, name: str) -> list[Feed]:
        """Return the metric filters that feed a metric."""
        return feeds_of_metric(self._logs, namespace, name)

    def metrics(self, namespace: str, name: str | None = None) -> list[Metric]:
        """Return the metrics of a namespace; one without data for two weeks is not listed."""
        wanted: ListMetricsInputPaginateTypeDef = {"Namespace": namespace}
        if name:
            wanted["MetricName"] = name
        with cloudwatch_errors(f"listing metrics of {namespace}"):
            return [
                Metric(
                    row["Namespace"],
                    row["MetricName"],
                    {pair["Name"]: pair["Value"] for pair in row.get("Dimensions", [])},
                )
                for page in self._cloudwatch.get_paginator("list_metrics").paginate(**wanted)
                for row in page.get("Metrics", [])
            ]

    def datapoints(
        self, metric: Metric, *, statistic: str, period_seconds: int, since: datetime, until: datetime
    ) -> list[tuple[datetime, float]]:
        """Return time and value of each period of the metric that starts in the range; gaps stay gaps."""
        with cloudwatch_errors(f"reading the metric {metric}"):
            pages = self._cloudwatch.get_paginator("get_metric_data").paginate(
                MetricDataQueries=[
                    {
                        "Id": "watched",
                        "MetricStat": {
                            "Metric": {
                                "Namespace": metric.namespace,
                                "MetricName": metric.name,
                                "Dimensions": metric.dimension_pairs,
                            },
                            "Period": period_seconds,
                            "Stat": statistic,
                        },
                    }
                ],
                StartTime=since,
                EndTime=until,
                ScanBy="TimestampAscending",
            )
            return [
                datapoint
                for page in pages
                for result in page.get("MetricDataResults", [])
                for datapoint in zip(result.get("Timestamps", []), result.get("Values", []), strict=True)
            ]

    def alarms(self, prefix: str) -> dict[str, str]:
        """Return what each metric alarm whose name starts with `prefix` watches, by its name."""
        with cloudwatch_errors(f"listing alarms {prefix}*"):
            pages = self._cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
            rows = [row for page in pages for row in page.get("MetricAlarms", [])]
        return {row["AlarmName"]: alarm_described(row) for row in rows}

    def alarms_on(self, metric: Metric) -> list[ExistingAlarm]:
        """Return the alarms on exactly this metric, with a threshold of their own."""
        with cloudwatch_errors(f"listing the alarms on {metric}"):
            rows = self._cloudwatch.describe_alarms_for_metric(
                Namespace=metric.namespace, MetricName=metric.name, Dimensions=metric.dimension_pairs
            )["MetricAlarms"]
        return existing_alarms(rows, metric)

    def alarm_tags(self, name: str) -> dict[str, str] | None:
        """Return the tags of the alarm of exactly this name, of whatever type, or None if there is none."""
        with cloudwatch_errors(f"reading alarm {name}"):
            arn = self._alarm_arn(name)
            if arn is None:
                return None
            tags = self._cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]
        return {tag["Key"]: tag["Value"] for tag in tags}

    def put_alarm(self, alarm: MetricAlarm) -> str:
        """Create the alarm, and before it the metric filter that feeds it; return its ARN. Safe to repeat."""
        with cloudwatch_errors(f"creating alarm {alarm.name}"):
            if (parameters := alarm.filter_parameters()) is not None:
                self._logs.put_metric_filter(**parameters)
            self._cloudwatch.put_metric_alarm(**alarm.parameters())
            arn = self._alarm_arn(alarm.name)
        if arn is None:
            raise Unavailable(SYSTEM, f"alarm {alarm.name} was created and is not listed yet")
        return arn

    def _alarm_arn(self, name: str) -> str | None:
        pages = self._cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm", "LogAlarm"]
        )
        for page in pages:
            rows = [*page.get("MetricAlarms", []), *page.get("CompositeAlarms", []), *page.get("LogAlarms", [])]
            if rows:
                return rows[0]["AlarmArn"]
        return None


def cloudwatch(region: str = "") -> CloudWatch:
    """Return a region's CloudWatch, by default the configured one; one client for each region and process.

    Raises CloudWatchError for a text that names no region.
    """
    return _connected(region or settings.ENV.aws_region, settings.ENV.aws_endpoint_url)


@lru_cache(maxsize=MOST_REGIONS)
def _connected(region: str, endpoint_url: str | None) -> CloudWatch:
    return CloudWatch.connect(region, endpoint_url=endpoint_url)
