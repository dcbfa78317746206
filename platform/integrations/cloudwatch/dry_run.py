"""What an alarm would be if it were created: refused, the end of another, silent or noisy. Writes nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import dropwhile

from integrations.cloudwatch.alarm import Metric
from integrations.cloudwatch.alarm_spec import LogMetricFilter, MetricAlarm
from integrations.cloudwatch.client import CloudWatch
from integrations.cloudwatch.coverage import coverage_check
from integrations.cloudwatch.errors import NotFound, NotValid
from integrations.cloudwatch.log_search import Feed, LogSource, Matching
from integrations.cloudwatch.replay import WINDOW, counts, replay_check, values
from integrations.cloudwatch.rules import Check, rule_checks

# An alarm of ours carries this tag, so that one made by people is never overwritten.
OWNER_TAG = "agent-platform:incident"
# Enough for a usual two weeks; a pattern that matches more is replayed over the newest of it.
EVENT_LIMIT = 20_000
PAGE_LIMIT = 100
KNOWN_SHOWN = 10
# GetMetricData keeps datapoints of periods below a minute for three hours.
SHORT_PERIOD_SECONDS, SHORT_PERIOD_WINDOW = 60, timedelta(hours=3)


def dry_run(client: CloudWatch, alarm: MetricAlarm) -> list[Check]:
    """Return every check of the alarm's definition, of what exists around it, and of what was logged or measured.

    A definition that breaks a rule is not looked at further. Raises as the client does.
    """
    rules = rule_checks(alarm)
    if not all(rule.ok for rule in rules):
        return rules
    now = datetime.now(UTC).replace(microsecond=0)
    return [*rules, _overwrites(client, alarm), *_history(client, alarm, now)]


def _overwrites(client: CloudWatch, alarm: MetricAlarm) -> Check:
    """Check that nothing of another is lost: both Put operations replace what has the same name without a word."""
    tags = client.alarm_tags(alarm.name)
    if tags is not None:
        mine = alarm.tags.get(OWNER_TAG)
        is_ours = mine is not None and tags.get(OWNER_TAG) == mine
        return Check(
            "overwrites",
            is_ours,
            "the alarm was created by this incident"
            if is_ours
            else "another alarm has this name: choose another name",
        )
    if alarm.metric_filter is not None:
        for feed in client.feeds_of_group(alarm.metric_filter.log_group):
            is_same = feed.pattern == alarm.metric_filter.pattern and feed.metric == str(alarm.metric)
            if feed.filter_name == alarm.metric_filter.name and not is_same:
                detail = f"a metric filter of {feed.log_group} has this name: choose another name"
                return Check("overwrites", False, detail)
    return Check("overwrites", True, "no alarm has this name")


def _history(client: CloudWatch, alarm: MetricAlarm, now: datetime) -> list[Check]:
    """Return whether the alarm has something to watch, and how often that would have set it off."""
    feeds = client.feeds_of_metric(alarm.namespace, alarm.metric_name)
    listed = client.metrics(alarm.namespace, alarm.metric_name)
    if alarm.metric_filter is not None:
        return _filtered(client, alarm, alarm.metric_filter, feeds, is_listed=bool(listed), now=now)
    coverage = coverage_check(alarm, client.alarms_on(alarm.metric))
    if alarm.metric in listed:
        return [coverage, Check("metric", True, f"{alarm.metric} exists"), _measured(client, alarm, now)]
    plain = [feed for feed in feeds if not feed.has_dimensions]
    if plain and not alarm.dimensions:
        return [coverage, *_fed(client, alarm, plain, now)]
    return [Check("metric", False, _not_there(alarm, listed))]


def _not_there(alarm: MetricAlarm, listed: Sequence[Metric]) -> str:
    """Say what of the metric exists: an alarm sees the one with exactly its dimensions and no other."""
    if not listed:
        return f"{alarm.metric} does not exist: give a metric_filter that feeds a metric of its own"
    known = "; ".join(f"{{{metric.dimensions_text}}}" for metric in listed[:KNOWN_SHOWN])
    more = f" and {len(listed) - KNOWN_SHOWN} more" if len(listed) > KNOWN_SHOWN else ""
    return (
        f"{alarm.metric} does not exist, but {alarm.namespace}/{alarm.metric_name} does with {known}{more}: "
        "give exactly the dimensions of one, or a metric_filter that feeds a metric of its own"
    )


def _filtered(
    client: CloudWatch,
    alarm: MetricAlarm,
    source: LogMetricFilter,
    feeds: Sequence[Feed],
    *,
    is_listed: bool,
    now: datetime,
) -> list[Check]:
    """Check an alarm that brings a metric filter: the metric is its own, the pattern finds what was logged.

    A pattern that a filter of the group counts already needs no second one.
    """
    others = [feed for feed in feeds if (feed.log_group, feed.filter_name) != (source.log_group, source.name)]
    is_known = bool(others) or (is_listed and not feeds)
    metric = Check(
        "metric",
        not is_known,
        f"{alarm.metric} exists already and would be counted twice: leave metric_filter out or name another metric"
        if is_known
        else f"{alarm.metric} is fed by the metric filter {source.name}",
    )
    counting = [
        feed
        for feed in client.feeds_of_group(source.log_group)
        if feed.pattern == source.pattern and feed.filter_name != source.name and not feed.has_dimensions
    ]
    if counting:
        detail = f"{counting[0].metric} counts this pattern already: watch that, without a metric_filter"
        return [metric, Check("coverage", False, detail)]
    try:
        matching = _matching(client, LogSource(source.log_group, source.pattern), alarm, now)
    except NotFound:
        detail = f"there is no log group {source.log_group}: name one that the service writes to"
        return [metric, Check("pattern", False, detail)]
    except NotValid as error:
        return [
            metric,
            Check("pattern", False, f"CloudWatch does not take the pattern {source.pattern!r}: {error}"),
        ]
    return [metric, _pattern(source, matching), _counted(alarm, [matching], now)]


def _pattern(source: LogMetricFilter, matching: Matching) -> Check:
    found = len(matching.events)
    where = f"of the last {WINDOW.days} days in {source.log_group}"
    if found:
        number = f"{found}" if matching.is_whole else f"more than {found - 1}"
        return Check("pattern", True, f"{source.pattern!r} matches {number} event{'s' * (found != 1)} {where}")
    advice = "take a phrase from a log line that the fault really wrote"
    if matching.is_whole:
        return Check("pattern", False, f"{source.pattern!r} matches no event {where}: {advice}")
    return Check(
        "pattern", False, f"{source.pattern!r} matches none of the newest events that could be read: {advice}"
    )


def _fed(client: CloudWatch, alarm: MetricAlarm, feeds: Sequence[Feed], now: datetime) -> list[Check]:
    """Replay a metric without data by what its metric filters would have counted."""
    names = ", ".join(f"{feed.filter_name} of {feed.log_group}" for feed in feeds)
    metric = Check("metric", True, f"{alarm.metric} is fed by the metric filter {names}")
    if any(feed.value != "1" for feed in feeds):
        return [metric, Check("replay", True, "there is no data yet, and the metric filter does more than count")]
    return [metric, _counted(alarm, [_matching(client, feed.source, alarm, now) for feed in feeds], now)]


def _matching(client: CloudWatch, source: LogSource, alarm: MetricAlarm, now: datetime) -> Matching:
    since = now - _periods(alarm, WINDOW) * _period(alarm)
    return client.matching_events(source, since=since, until=now, event_limit=EVENT_LIMIT, page_limit=PAGE_LIMIT)


def _counted(alarm: MetricAlarm, found: Sequence[Matching], now: datetime) -> Check:
    """Replay what metric filters count, over the time that was read."""
    times = sorted(event.at for matching in found for event in matching.events)
    window, until = WINDOW, now
    if times and not all(matching.is_whole for matching in found):
        window, until = times[-1] - times[0], times[-1]
    elif times and alarm.comparison_operator.startswith("LessThan"):
        window = now - times[0]  # what is too rare was not too rare before there was any
    periods = _periods(alarm, window)
    counted = counts(times, since=until - periods * _period(alarm), period=_period(alarm), periods=periods)
    if alarm.statistic not in ("Sum", "SampleCount"):
        # Each matching event is a 1 and each other a 0, so that no other statistic passes 1.
        counted = [min(count, 1.0) for count in counted]
    return replay_check(alarm, counted)


def _measured(client: CloudWatch, alarm: MetricAlarm, now: datetime) -> Check:
    """Replay the metric as it was, in whole periods that begin as CloudWatch's do."""
    period = _period(alarm)
    window = WINDOW if alarm.period_seconds >= SHORT_PERIOD_SECONDS else SHORT_PERIOD_WINDOW
    periods = _periods(alarm, window)
    until = datetime.fromtimestamp(now.timestamp() // alarm.period_seconds * alarm.period_seconds, tz=UTC)
    since = until - periods * period
    measured = client.datapoints(
        alarm.metric,
        statistic=alarm.statistic,
        period_seconds=alarm.period_seconds,
        since=since,
        until=until,
    )
    datapoints = values(measured, since=since, period=period, periods=periods)
    if alarm.treat_missing_data == "breaching":
        # A metric is not missed before there was any of it.
        datapoints = list(dropwhile(lambda value: value is None, datapoints))
    return replay_check(alarm, datapoints)


def _period(alarm: MetricAlarm) -> timedelta:
    return timedelta(seconds=alarm.period_seconds)


def _periods(alarm: MetricAlarm, window: timedelta) -> int:
    return max(window // _period(alarm), 1)
