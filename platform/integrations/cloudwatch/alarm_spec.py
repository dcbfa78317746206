"""An alarm to create, in CloudWatch's own terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from integrations.cloudwatch.alarm import Metric


@dataclass(frozen=True)
class LogMetricFilter:
    """A metric filter on a log group; each matching event counts 1, none counts 0."""

    log_group: str
    name: str
    pattern: str


@dataclass(frozen=True)
class MetricAlarm:
    """One alarm on one metric; `metric_filter` feeds the metric when it does not exist yet.

    The metric is the one with exactly these `dimensions`: CloudWatch adds nothing up over others.
    """

    name: str
    description: str
    namespace: str
    metric_name: str
    statistic: str
    period_seconds: int
    evaluation_periods: int
    datapoints_to_alarm: int
    threshold: float
    comparison_operator: str
    treat_missing_data: str
    metric_filter: LogMetricFilter | None = None
    alarm_actions: Sequence[str] = ()
    ok_actions: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    dimensions: Mapping[str, str] = field(default_factory=dict)

    @property
    def metric(self) -> Metric:
        return Metric(self.namespace, self.metric_name, self.dimensions)

    def parameters(self) -> dict[str, Any]:
        """Return the arguments of PutMetricAlarm."""
        return {
            "AlarmName": self.name,
            "AlarmDescription": self.description,
            "ActionsEnabled": True,
            "AlarmActions": list(self.alarm_actions),
            "OKActions": list(self.ok_actions),
            "Namespace": self.namespace,
            "MetricName": self.metric_name,
            "Dimensions": self.metric.dimension_pairs,
            "Statistic": self.statistic,
            "Period": self.period_seconds,
            "EvaluationPeriods": self.evaluation_periods,
            "DatapointsToAlarm": self.datapoints_to_alarm,
            "Threshold": self.threshold,
            "ComparisonOperator": self.comparison_operator,
            "TreatMissingData": self.treat_missing_data,
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(self.tags.items())],
        }

    def filter_parameters(self) -> dict[str, Any] | None:
        """Return the arguments of PutMetricFilter, or None where the metric exists."""
        if self.metric_filter is None:
            return None
        return {
            "logGroupName": self.metric_filter.log_group,
            "filterName": self.metric_filter.name,
            "filterPattern": self.metric_filter.pattern,
            "metricTransformations": [
                {
                    "metricName": self.metric_name,
                    "metricNamespace": self.namespace,
                    "metricValue": "1",
                    "defaultValue": 0,
                }
            ],
        }
