"""The rules of PutMetricAlarm and PutMetricFilter that neither the SDK nor a stand-in checks before AWS does.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from botocore.model import ListShape, Shape, StructureShape
from botocore.validate import ParamValidator

from integrations.cloudwatch.alarm_spec import MetricAlarm
from integrations.cloudwatch.aws_session import service_model

SHORT_PERIODS_SECONDS = (10, 20, 30)
LONGEST_SECONDS = 604_800
LONGEST_SECONDS_BELOW_AN_HOUR = 86_400
MOST_ACTIONS = 5
MOST_TAGS = 50
MISSING_DATA = ("breaching", "notBreaching", "ignore", "missing")
# The other three compare with the band of an anomaly model.
STATIC_COMPARISONS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
)
CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")
ACTION = re.compile(r"arn:[^:\s]+:[^:\s]+:[^:\s]*:[^:\s]*:\S+")


@dataclass(frozen=True)
class Check:
    """One rule, whether it holds, and what was seen; where it does not hold, what to do."""

    check: str
    ok: bool
    detail: str


def rule_checks(alarm: MetricAlarm) -> list[Check]:
    """Return one check for each rule; none needs a call."""
    checks = [
        _model("model", "cloudwatch", "PutMetricAlarm", alarm.parameters()),
        _name(alarm),
        _period(alarm),
        _window(alarm),
        _datapoints(alarm),
        _threshold(alarm),
        _missing_data(alarm),
        _actions(alarm),
        _tags(alarm),
    ]
    if (parameters := alarm.filter_parameters()) is not None:
        checks.append(_filter(alarm, parameters))
    return checks


def _name(alarm: MetricAlarm) -> Check:
    is_clean = not CONTROL_CHARACTERS.search(alarm.name)
    return Check(
        "name", is_clean, "no control characters" if is_clean else f"{alarm.name!r}: no control characters"
    )


def _period(alarm: MetricAlarm) -> Check:
    period = alarm.period_seconds
    fits = period in SHORT_PERIODS_SECONDS or (period > 0 and period % 60 == 0)
    return Check("period", fits, f"{period} s; 10, 20, 30 or a multiple of 60")


def _window(alarm: MetricAlarm) -> Check:
    window = alarm.period_seconds * alarm.evaluation_periods
    longest = LONGEST_SECONDS if alarm.period_seconds >= 3600 else LONGEST_SECONDS_BELOW_AN_HOUR
    return Check(
        "window", window <= longest, f"period times evaluation periods is {window} s of at most {longest}"
    )


def _datapoints(alarm: MetricAlarm) -> Check:
    fits = 1 <= alarm.datapoints_to_alarm <= alarm.evaluation_periods
    return Check(
        "datapoints", fits, f"{alarm.datapoints_to_alarm} of {alarm.evaluation_periods} evaluation periods"
    )


def _threshold(alarm: MetricAlarm) -> Check:
    if not math.isfinite(alarm.threshold):
        return Check("threshold", False, f"{alarm.threshold} is not a finite number")
    if alarm.comparison_operator not in STATIC_COMPARISONS:
        known = ", ".join(STATIC_COMPARISONS)
        return Check(
            "threshold", False, f"{alarm.comparison_operator} compares with no threshold; one of {known} does"
        )
    return Check("threshold", True, f"{alarm.comparison_operator} {alarm.threshold:g}")


def _missing_data(alarm: MetricAlarm) -> Check:
    given = alarm.treat_missing_data
    if given not in MISSING_DATA:
        return Check("missing_data", False, f"{given!r} is not one of {', '.join(MISSING_DATA)}")
    if alarm.metric_filter and given == "missing":
        reason = "a metric filter writes nothing while nothing is logged: use notBreaching"
        return Check("missing_data", False, reason)
    return Check("missing_data", True, f"is treated as {given}")


def _actions(alarm: MetricAlarm) -> Check:
    strange = [action for action in (*alarm.alarm_actions, *alarm.ok_actions) if not ACTION.fullmatch(action)]
    if strange:
        return Check("actions", False, f"{', '.join(map(repr, strange))}: not an ARN")
    most = max(len(alarm.alarm_actions), len(alarm.ok_actions))
    fits = bool(alarm.alarm_actions) and most <= MOST_ACTIONS
    return Check(
        "actions", fits, f"{most} for a state; the alarm state needs one, and no state more than {MOST_ACTIONS}"
    )


def _tags(alarm: MetricAlarm) -> Check:
    fits = 0 < len(alarm.tags) <= MOST_TAGS
    return Check("tags", fits, f"{len(alarm.tags)}; 1 to {MOST_TAGS}, one of them to tell it from those of people")


def _filter(alarm: MetricAlarm, parameters: Mapping[str, Any]) -> Check:
    if alarm.namespace.startswith("AWS/"):
        return Check("filter", False, f"a metric filter cannot write to {alarm.namespace}: that belongs to AWS")
    if alarm.dimensions:
        return Check("filter", False, "a metric_filter feeds a metric without dimensions: leave them out")
    return _model("filter", "logs", "PutMetricFilter", parameters)


def _model(check: str, service: str, operation: str, parameters: Mapping[str, Any]) -> Check:
    """Check the arguments against the service's own model: names, types, lengths, patterns and choices."""
    shape = cast(StructureShape, service_model(service).operation_model(operation).input_shape)
    report = ParamValidator().validate(parameters, shape)
    told = report.generate_report().splitlines() if report.has_errors() else []
    problems = [*told, *_constraint_problems("", parameters, shape)]
    return Check(check, not problems, "; ".join(problems) or f"fits the model of {operation}")


def _constraint_problems(name: str, value: object, shape: Shape) -> Iterator[str]:
    """Yield what the model says and the SDK does not check."""
    rules = shape.metadata
    if isinstance(value, str):
        if rules.get("enum") and value not in rules["enum"]:
            yield f"{name} is {value!r}; it must be one of {', '.join(rules['enum'])}"
        if rules.get("pattern") and not re.fullmatch(rules["pattern"], value):
            yield f"{name} is {value!r}, which does not match {rules['pattern']}"
    if isinstance(value, str | list) and len(value) > rules.get("max", len(value)):
        yield f"{name} has a length of {len(value)}; at most {rules['max']} is allowed"
    if isinstance(value, list) and isinstance(shape, ListShape):
        for index, item in enumerate(value):
            yield from _constraint_problems(f"{name}[{index}]", item, shape.member)
    if isinstance(value, dict) and isinstance(shape, StructureShape):
        for key, item in value.items():
            yield from _constraint_problems(f"{name}.{key}".lstrip("."), item, shape.members[key])
