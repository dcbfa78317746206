"""What an alarm watches; for a composite alarm, what the alarms below it watch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from integrations.cloudwatch.alarm import Alarm, Metric, trigger_metrics, trigger_window_seconds
from integrations.cloudwatch.errors import cloudwatch_errors

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import LogAlarmTypeDef

# Composite alarms may stand below one another, in circles too (API reference of PutCompositeAlarm).
DEPTH_LIMIT = 5
ALARM_LIMIT = 200
NAMES_A_CALL = 100


@dataclass
class Watched:
    """`log_groups` are those of log alarms, which have no metric; the window is the longest of all alarms."""

    metrics: list[Metric] = field(default_factory=list)
    log_groups: list[str] = field(default_factory=list)
    window_seconds: int = 0


def watched_by(client: "CloudWatchClient", alarm: Alarm) -> Watched:
    """Return what the alarm watches; one without metrics of its own is looked up with its children."""
    if alarm.metrics:
        return Watched(list(alarm.metrics), window_seconds=trigger_window_seconds(alarm.document["Trigger"]))
    found = Watched()
    # A composite alarm that somebody set by hand names no children, and a log alarm has none.
    level = [_name(arn) for arn in alarm.children] or [alarm.name]
    seen: set[str] = set()
    with cloudwatch_errors(f"looking up the alarms below {alarm.name}"):
        for _ in range(DEPTH_LIMIT):
            fresh = [name for name in dict.fromkeys(level) if name not in seen][: ALARM_LIMIT - len(seen)]
            if not fresh:
                break
            seen.update(fresh)
            level = _look_up(client, fresh, found)
    return found


def _look_up(client: "CloudWatchClient", names: Sequence[str], found: Watched) -> list[str]:
    """Add what the named alarms watch to `found`; return the names of those below the composite ones."""
    below: list[str] = []
    pages = client.get_paginator("describe_alarms")
    for first in range(0, len(names), NAMES_A_CALL):
        batch = names[first : first + NAMES_A_CALL]
        # Without AlarmTypes only metric alarms are answered.
        for page in pages.paginate(AlarmNames=batch, AlarmTypes=["MetricAlarm", "CompositeAlarm", "LogAlarm"]):
            for row in page.get("MetricAlarms", []):
                _add_metric_alarm(row, found)
            for log_alarm in page.get("LogAlarms", []):
                _add_log_alarm(log_alarm, found)
            for composite in page.get("CompositeAlarms", []):
                below += _children(client, composite["AlarmName"])
    return below


def _children(client: "CloudWatchClient", name: str) -> Iterator[str]:
    # Their definitions are not in this answer.
    for page in client.get_paginator("describe_alarms").paginate(ChildrenOfAlarmName=name):
        yield from (row["AlarmName"] for row in page.get("MetricAlarms", []))
        yield from (row["AlarmName"] for row in page.get("CompositeAlarms", []))
        yield from (row["AlarmName"] for row in page.get("LogAlarms", []))


def _add_metric_alarm(row: Mapping[str, Any], found: Watched) -> None:
    found.metrics += [metric for metric in trigger_metrics(row) if metric not in found.metrics]
    found.window_seconds = max(found.window_seconds, trigger_window_seconds(row))


def _add_log_alarm(row: "LogAlarmTypeDef", found: Watched) -> None:
    query = row.get("ScheduledQueryConfiguration", {})
    groups = [_group_name(group) for group in query.get("LogGroupIdentifiers", [])]
    found.log_groups += [group for group in groups if group not in found.log_groups]
    offset = query.get("ScheduleConfiguration", {}).get("StartTimeOffset", 0)
    found.window_seconds = max(found.window_seconds, offset)


def _name(arn: str) -> str:
    """Return the alarm's name: what follows `arn:aws:cloudwatch:REGION:ACCOUNT:alarm:`, colons included."""
    return arn.split(":", 6)[-1]


def _group_name(identifier: str) -> str:
    """Return the log group's name, given it or its ARN: `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`."""
    return identifier.split(":", 6)[-1].removesuffix(":*") if identifier.startswith("arn:") else identifier
