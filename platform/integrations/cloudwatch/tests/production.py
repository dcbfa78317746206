"""Production as CloudWatch knows it, set up from outside: log groups, metric filters, measurements, alarms."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import httpx

from integrations.cloudwatch.alarm import Alarm, parse_alarm
from integrations.cloudwatch.alarm_spec import LogMetricFilter, MetricAlarm
from integrations.cloudwatch.aws_session import aws_session
from integrations.cloudwatch.dry_run import OWNER_TAG

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import MetricFilterTypeDef, MetricTransformationUnionTypeDef

REGION = "us-east-1"
GROUP = "/ecs/orders"
NAMESPACE, METRIC = "Orders", "CheckoutErrors"
TOPIC = "arn:aws:sns:us-east-1:123456789012:orders-alarms"
# The alarm goes off in the past, so that all of its window can have been logged.
CHANGED_AT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


class Production:
    """What a stand-in for AWS holds, changed as its owners would."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        session = aws_session()
        logs, cloudwatch = (
            session.create_client(name, region_name=REGION, endpoint_url=endpoint)
            for name in ("logs", "cloudwatch")
        )
        self.logs = cast("CloudWatchLogsClient", logs)
        self.cloudwatch = cast("CloudWatchClient", cloudwatch)
        self._streams: set[tuple[str, str]] = set()

    def reset(self) -> None:
        httpx.post(f"{self._endpoint}/moto-api/reset").raise_for_status()
        self._streams.clear()

    def logged(
        self, messages: Iterable[tuple[datetime, str]], *, group: str = GROUP, stream: str = "web/1"
    ) -> None:
        """Put events, oldest first, and create what they go to."""
        if not any(group == known for known, _ in self._streams):
            self.logs.create_log_group(logGroupName=group)
        if (group, stream) not in self._streams:
            self.logs.create_log_stream(logGroupName=group, logStreamName=stream)
            self._streams.add((group, stream))
        self.logs.put_log_events(
            logGroupName=group,
            logStreamName=stream,
            logEvents=[{"timestamp": int(at.timestamp() * 1000), "message": text} for at, text in messages],
        )

    def fed(
        self,
        pattern: str,
        *,
        group: str = GROUP,
        name: str = "checkout-failed",
        metric: str = METRIC,
        namespace: str = NAMESPACE,
        value: str = "1",
        dimensions: dict[str, str] | None = None,
    ) -> None:
        """Let a metric filter of the group feed the metric."""
        target: MetricTransformationUnionTypeDef = {
            "metricName": metric,
            "metricNamespace": namespace,
            "metricValue": value,
        }
        if dimensions:
            target["dimensions"] = dimensions
        self.logs.put_metric_filter(
            logGroupName=group, filterName=name, filterPattern=pattern, metricTransformations=[target]
        )

    def measured(self, datapoints: Iterable[tuple[datetime, float]], **dimensions: str) -> None:
        self.cloudwatch.put_metric_data(
            Namespace=NAMESPACE,
            MetricData=[
                {
                    "MetricName": METRIC,
                    "Timestamp": at,
                    "Value": value,
                    "Dimensions": [{"Name": name, "Value": text} for name, text in sorted(dimensions.items())],
                }
                for at, value in datapoints
            ],
        )

    def alarms(self) -> "dict[str, MetricAlarmTypeDef]":
        return {row["AlarmName"]: row for row in self.cloudwatch.describe_alarms()["MetricAlarms"]}

    def filters(self) -> "dict[str, MetricFilterTypeDef]":
        return {row["filterName"]: row for row in self.logs.describe_metric_filters()["metricFilters"]}

    def all_of_it(self) -> tuple[object, object]:
        """Return what a dry run must not change."""
        return self.alarms(), self.filters()


def gone_off(
    *, namespace: str = NAMESPACE, metric: str = METRIC, dimensions: dict[str, str] | None = None, **trigger: Any
) -> Alarm:
    """Return an alarm that looks back two periods of five minutes."""
    return _parsed(
        AlarmArn=f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:orders-checkout-errors",
        Trigger={
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": [{"name": name, "value": value} for name, value in (dimensions or {}).items()],
            "Period": 300,
            "EvaluationPeriods": 2,
            **trigger,
        },
    )


def composite_gone_off(*children: str) -> Alarm:
    """Return a composite alarm that the named ones below it set off."""
    arns = [f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:{name}" for name in children]
    return _parsed(AlarmRule="ALARM(whatever)", TriggeringChildren=[{"Arn": arn} for arn in arns])


def _parsed(**document: Any) -> Alarm:
    alarm = parse_alarm(
        {
            "AlarmName": "orders-checkout-errors",
            "NewStateValue": "ALARM",
            "StateChangeTime": CHANGED_AT.isoformat(),
            **document,
        }
    )
    assert alarm is not None
    return alarm


def planned(**changes: Any) -> MetricAlarm:
    """Return an alarm to create, with a metric filter that feeds it."""
    fields: dict[str, Any] = {
        "name": "orders-quote-errors",
        "description": "Quotes fail: look at the cart in the log event.",
        "namespace": NAMESPACE,
        "metric_name": "QuoteErrors",
        "statistic": "Sum",
        "period_seconds": 300,
        "evaluation_periods": 1,
        "datapoints_to_alarm": 1,
        "threshold": 1.0,
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "treat_missing_data": "notBreaching",
        "metric_filter": LogMetricFilter(GROUP, "orders-quote-errors", '"quote failed"'),
        "alarm_actions": [TOPIC],
        "ok_actions": [TOPIC],
        "tags": {OWNER_TAG: "7"},
    }
    return MetricAlarm(**{**fields, **changes})
