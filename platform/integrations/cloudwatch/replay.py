"""How often an alarm would have gone off in what was measured or logged before it exists.

Evaluation: "How alarm state is evaluated when data is missing" in the CloudWatch user guide,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import operator
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from integrations.cloudwatch.alarm_spec import MetricAlarm
from integrations.cloudwatch.rules import Check

WINDOW = timedelta(days=14)
# Two in a shift of twelve hours are what a person can look into (Site Reliability Engineering, "Being On-Call").
MOST_FIRINGS_A_DAY = 4
# One that is in alarm longer than not says nothing when it goes off.
MOST_SHARE_IN_ALARM = 0.5
# CloudWatch looks a little further back than the evaluation periods; in its guide's examples it is two of three.
EARLIER_PERIODS = 2

BREACHES: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


class Firing(NamedTuple):
    """One stay in ALARM: the index of its first datapoint and the number of datapoints."""

    start: int
    length: int


def firings(
    datapoints: Sequence[float | None],
    threshold: float,
    comparison_operator: str,
    evaluation_periods: int,
    datapoints_to_alarm: int,
    treat_missing_data: str,
) -> list[Firing]:
    """Return each stay in ALARM over `datapoints`, one for each period, oldest first, None where there is none.

    Nothing is decided before the first full evaluation, since nothing is known of what was before.
    """
    breaches = BREACHES[comparison_operator]
    known = [index for index, value in enumerate(datapoints) if value is not None]
    # breaching[k]: how many of the first k known datapoints breach.
    breaching = [0, *accumulate(breaches(value, threshold) for value in datapoints if value is not None)]
    found: list[Firing] = []
    is_alarm = False
    for now in range(evaluation_periods - 1, len(datapoints)):
        last = bisect_left(known, now + 1)
        first = max(bisect_left(known, now - evaluation_periods - EARLIER_PERIODS + 1), last - evaluation_periods)
        is_alarm = _is_alarm(
            breaching=breaching[last] - breaching[first],
            known=last - first,
            oldest_age=now - known[first] + 1 if last > first else 0,
            evaluation_periods=evaluation_periods,
            datapoints_to_alarm=datapoints_to_alarm,
            treat_missing_data=treat_missing_data,
            is_alarm=is_alarm,
        )
        if is_alarm and found and found[-1].start + found[-1].length == now:
            found[-1] = Firing(found[-1].start, found[-1].length + 1)
        elif is_alarm:
            found.append(Firing(now, 1))
    return found


def _is_alarm(
    *,
    breaching: int,
    known: int,
    oldest_age: int,
    evaluation_periods: int,
    datapoints_to_alarm: int,
    treat_missing_data: str,
    is_alarm: bool,
) -> bool:
    """Return the state after one evaluation; `oldest_age` is in periods, 1 for the newest and 0 for none."""
    if breaching >= datapoints_to_alarm:
        return True
    if treat_missing_data == "breaching":
        return breaching + evaluation_periods - known >= datapoints_to_alarm
    if treat_missing_data == "notBreaching" or breaching < known:
        return False
    if treat_missing_data == "missing":
        # Fewer datapoints than asked for are enough if all breach and the first is as old as what was asked for.
        return oldest_age >= datapoints_to_alarm
    return is_alarm


def counts(times: Iterable[datetime], *, since: datetime, period: timedelta, periods: int) -> list[float]:
    """Return how many of `times` fall into each of `periods` from `since` on; others do not count."""
    found = [0.0] * periods
    for time in times:
        index = (time - since) // period
        if 0 <= index < periods:
            found[index] += 1
    return found


def values(
    datapoints: Iterable[tuple[datetime, float]], *, since: datetime, period: timedelta, periods: int
) -> list[float | None]:
    """Return the value of each of `periods` from `since` on, None where there is none."""
    found: list[float | None] = [None] * periods
    for time, value in datapoints:
        index = (time - since) // period
        if 0 <= index < periods:
            found[index] = value
    return found


def replay_check(alarm: MetricAlarm, datapoints: Sequence[float | None]) -> Check:
    """Return whether the alarm would have been quiet enough to be read."""
    days = len(datapoints) * alarm.period_seconds / 86_400
    # These alarms ignore missing data whatever they ask for (API reference of PutMetricAlarm).
    treat_missing_data = "ignore" if alarm.namespace == "AWS/DynamoDB" else alarm.treat_missing_data
    stays = firings(
        datapoints,
        alarm.threshold,
        alarm.comparison_operator,
        alarm.evaluation_periods,
        alarm.datapoints_to_alarm,
        treat_missing_data,
    )
    share = sum(stay.length for stay in stays) / max(len(datapoints), 1)
    most = round(MOST_FIRINGS_A_DAY * max(days, 1))
    is_quiet = len(stays) <= most and share <= MOST_SHARE_IN_ALARM
    detail = (
        f"would have gone off {len(stays)} time{'s' * (len(stays) != 1)} in the last {days:.3g} days "
        f"and been in alarm {share:.1%} of that time; at most {most} times and {MOST_SHARE_IN_ALARM:.0%}"
    )
    advice = (
        ""
        if is_quiet
        else ". Raise the threshold, or the datapoints that it needs, until it tells a fault from a usual day"
    )
    return Check("replay", is_quiet, detail + advice)
