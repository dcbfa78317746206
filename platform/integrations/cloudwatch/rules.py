"""The rules of PutMetricAlarm that neither the SDK nor a local stand-in checks before CloudWatch does.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.model import Shape
from botocore.validate import ParamValidator

from integrations.cloudwatch.alarm_spec import MetricAlarm

SHORT_PERIODS_SECONDS = (10, 20, 30)
LONGEST_SECONDS = 7 * 86_400
LONGEST_SECONDS_BELOW_AN_HOUR = 86_400
MOST_TAGS = 50
CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")
ACTION = re.compile(r"arn:[^:\s]+:[^:\s]+:[^:\s]*:[^:\s]*:\S+")


def alarm_problems(alarm: MetricAlarm) -> list[str]:
    """Return every rule that `alarm` breaks as one sentence each; empty means that CloudWatch would take it."""
    return [*_shape_problems(alarm.parameters()), *_problems(alarm)]


def _problems(alarm: MetricAlarm) -> Iterator[str]:
    period, span = alarm.period_seconds, alarm.period_seconds * alarm.evaluation_periods
    if period not in SHORT_PERIODS_SECONDS and (period <= 0 or period % 60):
        yield f"the period of {period} s is neither 10, 20 or 30 s nor a multiple of 60 s"
    if alarm.datapoints_to_alarm > alarm.evaluation_periods:
        yield f"{alarm.datapoints_to_alarm} datapoints to alarm of {alarm.evaluation_periods} periods cannot be"
    if span > LONGEST_SECONDS:
        yield f"{span} s of evaluation are more than {LONGEST_SECONDS} s"
    elif period < 3600 and span > LONGEST_SECONDS_BELOW_AN_HOUR:
        yield f"{span} s of evaluation are more than a day, which needs a period of an hour or longer"
    if CONTROL_CHARACTERS.search(alarm.name):
        yield f"the name {alarm.name!r} holds control characters"
    if alarm.namespace.startswith("AWS/") and alarm.metric_filter:
        yield f"a metric filter cannot write to {alarm.namespace}: that belongs to AWS"
    if alarm.metric_filter and alarm.treat_missing_data == "missing":
        yield "a metric filter writes nothing while nothing happens: treat missing data as notBreaching"
    for action in (*alarm.alarm_actions, *alarm.ok_actions):
        if not ACTION.fullmatch(action):
            yield f"the action {action!r} is not an ARN"
    if not alarm.tags:
        yield "without a tag the alarm could not be told from those of people"
    if len(alarm.tags) > MOST_TAGS:
        yield f"{len(alarm.tags)} tags are more than {MOST_TAGS}"


def _shape_problems(parameters: dict[str, Any]) -> Iterator[str]:
    """Yield what the service's own model says against `parameters`: types, lengths, patterns and choices."""
    shape = _input_shape()
    report = ParamValidator().validate(parameters, shape)
    if report.has_errors():
        yield from report.generate_report().splitlines()
    for name, value in parameters.items():
        yield from _constraint_problems(name, value, shape.members[name])


def _constraint_problems(name: str, value: Any, shape: Shape) -> Iterator[str]:
    rules = shape.metadata
    if isinstance(value, str):
        if rules.get("enum") and value not in rules["enum"]:
            yield f"{name} is {value!r}; it must be one of {', '.join(rules['enum'])}"
        if rules.get("pattern") and not re.fullmatch(rules["pattern"], value):
            yield f"{name} is {value!r}, which does not match {rules['pattern']}"
    if isinstance(value, str | list) and len(value) > rules.get("max", len(value)):
        yield f"{name} has a length of {len(value)}; at most {rules['max']} is allowed"


@cache
def _input_shape() -> Any:
    model = botocore.session.get_session().get_service_model("cloudwatch")
    return model.operation_model("PutMetricAlarm").input_shape
