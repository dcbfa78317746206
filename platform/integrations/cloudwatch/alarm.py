"""The alarm document that CloudWatch publishes to a topic, read leniently: old, hand-made and new shapes exist."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef

STATES = frozenset({"ALARM", "OK", "INSUFFICIENT_DATA"})
# PutMetricAlarm allows 255 characters for a name; an ARN adds partition, region and account.
LONGEST_NAME, LONGEST_ARN = 255, 400
# At the ends of the calendar a time can be stored, and then neither be read back nor have an hour added to it.
FIRST_YEAR, LAST_YEAR = 2000, 2200


@dataclass(frozen=True)
class Metric:
    """One metric that an alarm watches."""

    namespace: str
    name: str
    dimensions: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return it as people and prompts read it: `AWS/Lambda/Errors {FunctionName=orders}`."""
        return f"{self.namespace}/{self.name}" + (f" {{{self.dimensions_text}}}" if self.dimensions else "")

    @property
    def dimensions_text(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in sorted(self.dimensions.items()))

    @property
    def dimension_pairs(self) -> "list[DimensionTypeDef]":
        """Return the dimensions as CloudWatch's operations take them, always in the same order."""
        return [{"Name": name, "Value": value} for name, value in sorted(self.dimensions.items())]


@dataclass(frozen=True)
class Alarm:
    """One state change of a metric, metric-math, anomaly or composite alarm.

    `region` and `arn` are empty in documents from before about 2019; `metrics` is empty for composite alarms,
    whose `children` are ARNs. `threshold` is a sentence for people and prompts. `document` is the whole of it.
    """

    name: str
    arn: str
    account: str
    region: str
    state: str
    old_state: str
    reason: str
    state_changed_at: datetime
    description: str
    metrics: tuple[Metric, ...]
    period_seconds: int
    evaluation_periods: int
    threshold: str
    children: tuple[str, ...]
    document: Mapping[str, Any]


def parse_alarm(message: str | Mapping[str, Any]) -> Alarm | None:
    """Return the alarm in an SNS message, given as its text or as the decoded document; None if it is none.

    An alarm has a name, a known state and the time of its change, in a year that can be true; everything else may
    be missing.
    """
    document = _decoded(message) if isinstance(message, str) else message
    if document is None:
        return None
    name, state = document.get("AlarmName"), document.get("NewStateValue")
    changed_at = _time(document.get("StateChangeTime"))
    arn = _text(document, "AlarmArn")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or len(arn) > LONGEST_ARN:
        return None
    if not isinstance(state, str) or state not in STATES or changed_at is None:
        return None
    trigger = _mapping(document.get("Trigger"))
    return Alarm(
        name=name,
        arn=arn,
        account=_text(document, "AWSAccountId"),
        region=_region(arn),
        state=state,
        old_state=_text(document, "OldStateValue"),
        reason=_text(document, "NewStateReason"),
        state_changed_at=changed_at,
        description=_text(document, "AlarmDescription"),
        metrics=tuple(trigger_metrics(trigger)),
        period_seconds=trigger_period_seconds(trigger),
        evaluation_periods=_whole(trigger.get("EvaluationPeriods")),
        threshold=_threshold(document, trigger),
        children=tuple(
            child_arn
            for child in _mappings(document.get("TriggeringChildren"))
            if (child_arn := _text(child, "Arn"))
        ),
        document=document,
    )


def _decoded(message: str) -> Mapping[str, Any] | None:
    """Return a JSON object that PostgreSQL can keep (jsonb knows no NUL and no infinity), or None."""
    try:
        document = from_json(message, allow_inf_nan=False)
    except ValueError:
        return None
    return document if isinstance(document, dict) and _is_storable(document) else None


def _is_storable(value: object) -> bool:
    match value:
        case str():
            return "\0" not in value
        case float():
            return math.isfinite(value)
        case dict():
            return all(_is_storable(key) and _is_storable(item) for key, item in value.items())
        case list():
            return all(map(_is_storable, value))
        case _:
            return True


def trigger_metrics(trigger: Mapping[str, Any]) -> Iterator[Metric]:
    """Yield the alarm's own metric, then those that its math or band is computed from.

    `trigger` is that of a notification or a metric alarm as DescribeAlarms answers it: the fields are the same.
    """
    yield from _metric(trigger)
    for entry in _mappings(trigger.get("Metrics")):
        yield from _metric(_mapping(_mapping(entry.get("MetricStat")).get("Metric")))


def trigger_window_seconds(trigger: Mapping[str, Any]) -> int:
    """Return how far back the alarm looks, 0 if unknown."""
    return trigger_period_seconds(trigger) * max(_whole(trigger.get("EvaluationPeriods")), 1)


def _metric(source: Mapping[str, Any]) -> Iterator[Metric]:
    namespace, name = _text(source, "Namespace"), _text(source, "MetricName")
    if namespace and name:
        # Keys are lower-case in notifications and capitalised in the API.
        dimensions = {
            _text(pair, "name") or _text(pair, "Name"): _text(pair, "value") or _text(pair, "Value")
            for pair in _mappings(source.get("Dimensions"))
        }
        yield Metric(namespace, name, dimensions)


def trigger_period_seconds(trigger: Mapping[str, Any]) -> int:
    """Return the longest period in seconds; math over several metrics has one for each. 0 if unknown."""
    inner = [_mapping(entry.get("MetricStat")) for entry in _mappings(trigger.get("Metrics"))]
    return max(_whole(source.get("Period")) for source in [trigger, *inner])


def _threshold(document: Mapping[str, Any], trigger: Mapping[str, Any]) -> str:
    if rule := _text(document, "AlarmRule"):
        return rule
    comparison = _text(trigger, "ComparisonOperator")
    if not comparison:
        return ""
    statistic = _text(trigger, "Statistic") or _text(trigger, "ExtendedStatistic")
    band = _text(trigger, "ThresholdMetricId")
    limit = f"band {band}" if band else str(trigger.get("Threshold", ""))
    span = f"for {_whole(trigger.get('EvaluationPeriods'))} periods of {trigger_period_seconds(trigger)} s"
    return " ".join(part for part in (statistic, comparison, limit, span) if part)


def _region(arn: str) -> str:
    parts = arn.split(":", 6)
    return parts[3] if len(parts) == 7 else ""


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        year = moment.astimezone(UTC).year
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo and FIRST_YEAR <= year <= LAST_YEAR else None


def _text(source: Mapping[str, Any], key: str) -> str:
    value = source.get(key)
    return value if isinstance(value, str) else ""


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
