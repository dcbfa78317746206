"""Metrics with dimensions, and planned alarms beside those that exist: on moto's server."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.cloudwatch.alarm import Metric
from integrations.cloudwatch.alarm_spec import MetricAlarm
from integrations.cloudwatch.client import CloudWatch
from integrations.cloudwatch.coverage import ExistingAlarm, coverage_check, existing_alarms
from integrations.cloudwatch.dry_run import dry_run
from integrations.cloudwatch.rules import Check, rule_checks
from integrations.cloudwatch.tests.production import CHANGED_AT, GROUP, METRIC, NAMESPACE, Production, planned

LIVE = {"Stage": "live", "Region": "eu"}


def on_metric(**changes: Any) -> MetricAlarm:
    """Return an alarm on a metric that exists."""
    return planned(**{"metric_filter": None, "metric_name": METRIC, **changes})


def checked(client: CloudWatch, alarm: MetricAlarm) -> dict[str, Check]:
    return {check.check: check for check in dry_run(client, alarm)}


def test_an_alarm_with_dimensions_fits_the_model_and_is_created_on_exactly_that_metric(
    production: Production, client: CloudWatch
) -> None:
    alarm = on_metric(dimensions=LIVE)
    assert all(check.ok for check in rule_checks(alarm))

    arn = client.put_alarm(alarm)
    again = client.put_alarm(on_metric(dimensions=dict(reversed(LIVE.items()))))

    made = production.alarms()["orders-quote-errors"]
    assert again == arn == made["AlarmArn"]
    assert made["Dimensions"] == [{"Name": "Region", "Value": "eu"}, {"Name": "Stage", "Value": "live"}]
    assert client.alarms("orders-") == {
        "orders-quote-errors": (
            "Orders/CheckoutErrors {Region=eu, Stage=live} Sum GreaterThanOrEqualToThreshold 1.0 "
            "for 1 of 1 x 300 s"
        )
    }


def test_the_replay_reads_the_metric_of_the_alarms_dimensions_and_no_other(
    production: Production, client: CloudWatch
) -> None:
    now = datetime.now(UTC)
    production.measured([(now - timedelta(hours=hours), 3.0) for hours in (2, 30, 31)], **LIVE)
    production.measured([(now - timedelta(hours=3), 9.0)], Stage="test", Region="eu")

    found = checked(client, on_metric(dimensions=LIVE))

    assert found["metric"] == Check("metric", True, "Orders/CheckoutErrors {Region=eu, Stage=live} exists")
    assert found["replay"].detail.startswith("would have gone off 3 times")
    other = checked(client, on_metric(dimensions={"Stage": "test", "Region": "eu"}))
    assert other["replay"].detail.startswith("would have gone off 1 time ")


@pytest.mark.parametrize("dimensions", [{}, {"Stage": "live"}, {"Stage": "gone", "Region": "eu"}])
def test_dimensions_that_no_metric_has_are_refused_with_those_that_exist(
    production: Production, client: CloudWatch, dimensions: dict[str, str]
) -> None:
    production.measured([(CHANGED_AT, 1.0)], **LIVE)
    production.logged([(CHANGED_AT, "checkout failed")])
    production.fed('"checkout failed"', dimensions={"Stage": "$.stage"})

    found = checked(client, on_metric(dimensions=dimensions))

    assert not found["metric"].ok
    assert "Orders/CheckoutErrors does with {Region=eu, Stage=live}" in found["metric"].detail


def test_an_alarm_that_one_on_the_same_metric_covers_is_refused_by_its_name(
    production: Production, client: CloudWatch
) -> None:
    production.measured([(datetime.now(UTC) - timedelta(hours=2), 3.0)], **LIVE)
    client.put_alarm(on_metric(name="orders-errors-live", dimensions=LIVE))
    stricter = {"threshold": 2.0, "evaluation_periods": 1}

    assert "orders-errors-live goes off whenever" in (
        checked(client, on_metric(dimensions=LIVE, **stricter))["coverage"].detail
    )
    assert checked(client, on_metric(dimensions=LIVE, threshold=0.5))["coverage"].ok
    # The alarm itself, created before and planned again, covers nothing.
    assert checked(client, on_metric(name="orders-errors-live", dimensions=LIVE))["coverage"].ok


def test_a_pattern_that_a_filter_counts_already_needs_no_second_one(
    production: Production, client: CloudWatch
) -> None:
    production.logged([(CHANGED_AT, "quote failed")])
    production.fed('"quote failed"')

    found = checked(client, planned())

    assert found["coverage"] == Check(
        "coverage",
        False,
        "Orders/CheckoutErrors counts this pattern already: watch that, without a metric_filter",
    )
    assert GROUP in checked(client, on_metric())["metric"].detail


EXISTING = ExistingAlarm(
    name="orders-errors",
    statistic="Sum",
    period_seconds=300,
    evaluation_periods=3,
    datapoints_to_alarm=2,
    threshold=5.0,
    comparison_operator="GreaterThanThreshold",
    treat_missing_data="missing",
    is_enabled=True,
)


@pytest.mark.parametrize(
    ("changes", "is_covered"),
    [
        ({}, True),
        ({"threshold": 6.0}, True),
        ({"threshold": 4.0}, False),
        ({"comparison_operator": "GreaterThanOrEqualToThreshold"}, False),
        ({"comparison_operator": "GreaterThanOrEqualToThreshold", "threshold": 5.1}, True),
        ({"comparison_operator": "LessThanThreshold"}, False),
        ({"datapoints_to_alarm": 3}, True),
        ({"datapoints_to_alarm": 1}, False),
        ({"evaluation_periods": 2}, True),
        ({"evaluation_periods": 4}, False),
        ({"period_seconds": 60}, False),
        ({"statistic": "Maximum"}, False),
        ({"treat_missing_data": "breaching"}, False),
        ({"treat_missing_data": "missing"}, True),
        ({"name": "orders-errors"}, False),
    ],
)
def test_coverage_is_claimed_only_where_it_is_certain(changes: dict[str, Any], is_covered: bool) -> None:
    same = {
        "threshold": 5.0,
        "comparison_operator": "GreaterThanThreshold",
        "evaluation_periods": 3,
        "datapoints_to_alarm": 2,
    }

    assert coverage_check(on_metric(**{**same, **changes}), [EXISTING]).ok is not is_covered


def test_alarms_that_are_no_static_threshold_on_the_very_metric_cover_nothing() -> None:
    row = {
        "AlarmName": "orders-errors",
        "Namespace": NAMESPACE,
        "MetricName": METRIC,
        "Dimensions": [{"Name": "Stage", "Value": "live"}],
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    live = Metric(NAMESPACE, METRIC, {"Stage": "live"})

    assert [found.datapoints_to_alarm for found in existing_alarms([row], live)] == [1]
    assert existing_alarms([row], Metric(NAMESPACE, METRIC)) == []
    assert existing_alarms([{**row, "ComparisonOperator": "GreaterThanUpperThreshold"}], live) == []
    assert existing_alarms([{**row, "Statistic": None, "ExtendedStatistic": "p99"}], live) == []
