"""What CloudWatch would refuse, or silently overwrite, if an alarm were created; nothing is written.

The SDK checks names and types only, and the service more than it documents in its model. Rules: the API reference
of PutMetricAlarm.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import botocore.session
from botocore.model import StructureShape
from botocore.validate import ParamValidator

from integrations.cloudwatch.alarm_spec import MetricAlarm
from integrations.cloudwatch.client import CloudWatch

SHORT_PERIODS = frozenset({10, 20, 30})
LONGEST_WINDOW_SECONDS = 604_800
LONGEST_WINDOW_OF_SHORT_PERIODS_SECONDS = 86_400
MOST_ACTIONS = 5
# An alarm of ours carries this tag, so that one made by people is never overwritten.
OWNER_TAG = "agent-platform:incident"
PATTERN_WINDOW = timedelta(days=1)


@dataclass(frozen=True)
class Check:
    """One rule, whether it holds, and what was seen."""

    check: str
    ok: bool
    detail: str


def dry_run(client: CloudWatch, alarm: MetricAlarm) -> list[Check]:
    """Return every check of the alarm's definition and of what exists around it. Raises as the client does."""
    return [*definition_checks(alarm), _name_is_free(client, alarm), _metric_comes(client, alarm)]


def definition_checks(alarm: MetricAlarm) -> list[Check]:
    """Return the checks that need no call."""
    window = alarm.period_seconds * alarm.evaluation_periods
    longest = LONGEST_WINDOW_SECONDS if alarm.period_seconds >= 3600 else LONGEST_WINDOW_OF_SHORT_PERIODS_SECONDS
    period_fits = alarm.period_seconds in SHORT_PERIODS or alarm.period_seconds % 60 == 0
    actions = max(len(alarm.alarm_actions), len(alarm.ok_actions))
    return [
        _model_check(alarm),
        Check("period", period_fits, f"{alarm.period_seconds} s; 10, 20, 30 or a multiple of 60"),
        Check("window", window <= longest, f"period times evaluation periods is {window} s of at most {longest}"),
        Check(
            "datapoints",
            1 <= alarm.datapoints_to_alarm <= alarm.evaluation_periods,
            f"{alarm.datapoints_to_alarm} of {alarm.evaluation_periods} evaluation periods",
        ),
        Check(
            "name",
            alarm.name.isprintable() and alarm.name.isascii(),
            "printable ASCII" if alarm.name.isascii() else "characters outside ASCII",
        ),
        Check(
            "namespace", not alarm.namespace.startswith(":"), f"{alarm.namespace!r} must not start with a colon"
        ),
        Check("actions", 0 < actions <= MOST_ACTIONS, f"{actions} actions; 1 to {MOST_ACTIONS} for a state"),
    ]


def _model_check(alarm: MetricAlarm) -> Check:
    """Check against the service's own model, its enumerations and lengths included."""
    model = botocore.session.get_session().get_service_model("cloudwatch")
    shape = cast(StructureShape, model.operation_model("PutMetricAlarm").input_shape)
    parameters = alarm.parameters()
    problems = [ParamValidator().validate(parameters, shape).generate_report()]
    for name, value in parameters.items():
        member = shape.members[name]
        allowed = getattr(member, "enum", [])  # strings only have one
        if allowed and value not in allowed:
            problems.append(f"{name} {value!r} is not one of {', '.join(allowed)}")
        longest = member.metadata.get("max")
        if isinstance(value, str) and longest and len(value) > longest:
            problems.append(f"{name} has {len(value)} characters of at most {longest}")
    found = "; ".join(problem for problem in problems if problem)
    return Check("model", not found, found or "fits the service's model")


def _name_is_free(client: CloudWatch, alarm: MetricAlarm) -> Check:
    # PutMetricAlarm overwrites an alarm of the same name without a word.
    tags = client.alarm_tags(alarm.name)
    if tags is None:
        return Check("overwrites", True, "no alarm has this name")
    mine = alarm.tags.get(OWNER_TAG)
    is_ours = mine is not None and tags.get(OWNER_TAG) == mine
    return Check("overwrites", is_ours, "created by this incident" if is_ours else "another alarm has this name")


def _metric_comes(client: CloudWatch, alarm: MetricAlarm) -> Check:
    """Check that the metric exists, or that its filter's pattern matches what is really logged."""
    if alarm.metric_filter is None:
        exists = bool(client.metrics(alarm.namespace, alarm.metric_name)) or client.is_fed_by_filter(
            alarm.namespace, alarm.metric_name
        )
        detail = "exists" if exists else "does not exist and no metric filter is given"
        return Check("metric", exists, f"{alarm.namespace}/{alarm.metric_name} {detail}")
    now = datetime.now(UTC)
    source = alarm.metric_filter
    events = client.filtered_events(source.log_group, source.pattern, since=now - PATTERN_WINDOW, until=now)
    return Check(
        "pattern",
        bool(events),
        f"{source.pattern!r} matches {len(events)} events of the last day in {source.log_group}",
    )
