"""Which alarms exist, and whether one of them already goes off for what a planned one is for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.cloudwatch.alarm import Metric, trigger_metrics
from integrations.cloudwatch.alarm_spec import MetricAlarm
from integrations.cloudwatch.replay import BREACHES
from integrations.cloudwatch.rules import Check


@dataclass(frozen=True)
class ExistingAlarm:
    """An alarm with a static threshold, as far as it decides when it goes off."""

    name: str
    statistic: str
    period_seconds: int
    evaluation_periods: int
    datapoints_to_alarm: int
    threshold: float
    comparison_operator: str
    treat_missing_data: str
    is_enabled: bool


def alarm_described(row: Mapping[str, Any]) -> str:
    """Return what an alarm of DescribeAlarms watches, for people and prompts."""
    metrics = ", ".join(str(metric) for metric in trigger_metrics(row)) or "an expression"
    return (
        f"{metrics} {row.get('Statistic') or row.get('ExtendedStatistic') or ''} "
        f"{row.get('ComparisonOperator', '')} {row.get('Threshold')} "
        f"for {row.get('DatapointsToAlarm') or row.get('EvaluationPeriods')} of {row.get('EvaluationPeriods')} "
        f"x {row.get('Period')} s"
    )


def existing_alarms(rows: Iterable[Mapping[str, Any]], metric: Metric) -> list[ExistingAlarm]:
    """Return those of DescribeAlarmsForMetric's rows that compare exactly this metric with a number."""
    return [
        ExistingAlarm(
            name=row["AlarmName"],
            statistic=row["Statistic"],
            period_seconds=row["Period"],
            evaluation_periods=row["EvaluationPeriods"],
            datapoints_to_alarm=row.get("DatapointsToAlarm") or row["EvaluationPeriods"],
            threshold=row["Threshold"],
            comparison_operator=row["ComparisonOperator"],
            treat_missing_data=row.get("TreatMissingData", "missing"),
            is_enabled=row.get("ActionsEnabled", True),
        )
        for row in rows
        if row.get("Statistic")
        and row.get("ComparisonOperator") in BREACHES
        and list(trigger_metrics(row)) == [metric]
    ]


def coverage_check(alarm: MetricAlarm, existing: Sequence[ExistingAlarm]) -> Check:
    """Return whether the alarm says something that no existing one on its metric says as soon."""
    covering = [found.name for found in existing if found.name != alarm.name and _covers(found, alarm)]
    if covering:
        detail = f"{', '.join(covering)} goes off whenever this alarm would: leave it out, or watch something else"
        return Check("coverage", False, detail)
    return Check("coverage", True, f"no alarm on {alarm.metric} goes off whenever this one would")


def _covers(found: ExistingAlarm, alarm: MetricAlarm) -> bool:
    """Return whether `found` is in alarm in every evaluation in which `alarm` is.

    Only where that is certain: the same datapoints, no stricter threshold, no more of them asked for in no
    shorter a window.
    """
    # An alarm for which silence is good goes off by its datapoints alone.
    sees_the_same_silence = alarm.treat_missing_data in ("notBreaching", found.treat_missing_data)
    same_datapoints = (found.statistic, found.period_seconds) == (alarm.statistic, alarm.period_seconds)
    return (
        found.is_enabled
        and same_datapoints
        and sees_the_same_silence
        and _is_at_most_as_strict(found, alarm)
        and found.datapoints_to_alarm <= alarm.datapoints_to_alarm
        and found.evaluation_periods >= alarm.evaluation_periods
    )


def _is_at_most_as_strict(found: ExistingAlarm, alarm: MetricAlarm) -> bool:
    """Return whether every value that breaches the alarm's threshold breaches the other's."""
    sides = {name: name.startswith("GreaterThan") for name in BREACHES}
    if sides[found.comparison_operator] != sides[alarm.comparison_operator]:
        return False
    if found.threshold == alarm.threshold:
        return "OrEqualTo" in found.comparison_operator or "OrEqualTo" not in alarm.comparison_operator
    return BREACHES[found.comparison_operator](alarm.threshold, found.threshold)
