"""What monitor generation hands on. Version 1."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class MetricFilter(BaseModel):
    """A CloudWatch Logs metric filter that feeds the alarm's metric."""

    model_config = ConfigDict(extra="forbid")

    log_group: str
    pattern: str = Field(min_length=1, max_length=1024)


class AlarmSpec(BaseModel):
    """One alarm on one metric, with a threshold and a duration."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=255)
    description: str = Field(max_length=1024)
    namespace: str
    metric_name: str
    dimensions: dict[str, str] = Field(
        default_factory=dict,
        max_length=30,
        description="Exactly those of the metric as list_metrics shows it; none with a metric_filter.",
    )
    statistic: Literal["SampleCount", "Average", "Sum", "Minimum", "Maximum"]
    period_seconds: int = Field(ge=10)
    evaluation_periods: int = Field(ge=1)
    datapoints_to_alarm: int = Field(ge=1)
    threshold: float
    comparison_operator: Literal[
        "GreaterThanOrEqualToThreshold",
        "GreaterThanThreshold",
        "LessThanThreshold",
        "LessThanOrEqualToThreshold",
    ]
    treat_missing_data: Literal["breaching", "notBreaching", "ignore", "missing"] = "notBreaching"
    metric_filter: MetricFilter | None = Field(
        default=None, description="Needed when the metric does not exist yet."
    )


class MonitorPlan(BaseModel):
    """The alarms that would have caught this error on the code paths that the merged diff touched."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=10)
    alarms: list[AlarmSpec] = Field(max_length=5)
