"""After the merge, on moto's CloudWatch: nothing but proposed and checked alarms, in the first alarm's region."""

from typing import TYPE_CHECKING, cast

import pytest
from django.utils import timezone

from agents.runtime.contract import Block
from agents.tests.hostile import MONITOR_ATTEMPTS, MonitorAttempt
from agents.tests.stories import an_alarm
from incidents.choices import AlarmProposalState, Status
from incidents.models import AlarmProposal
from pipeline.tests.merged_incident import (
    GROUP,
    REGION,
    THEIRS,
    TOPIC,
    Watch,
    a_plan,
    log_written,
    merged,
    monitored,
)
from pipeline.tests.stories import reason_of, status_of

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef
    from mypy_boto3_logs.type_defs import MetricTransformationTypeDef

pytestmark = pytest.mark.django_db


def test_an_alarm_is_created_in_the_region_that_the_incidents_alarm_came_from(
    production: Watch, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = merged()

    monitored(monkeypatch, incident, a_plan(an_alarm()))

    assert status_of(incident) == Status.RESOLVED, reason_of(incident)
    made = production.alarms()["orders-service-total-crashes"]
    assert made["AlarmArn"].startswith(f"arn:aws:cloudwatch:{REGION}:")
    assert made["AlarmActions"] == made["OKActions"] == [TOPIC]
    assert set(production.filters()) == {"orders-service-total-crashes"}
    assert Watch(endpoint, "us-east-1").alarms() == {}


def test_an_alarm_with_dimensions_is_created_on_exactly_that_metric(
    production: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = merged()
    dimensions: list[DimensionTypeDef] = [{"Name": "Route", "Value": "/orders"}]
    production.cloudwatch.put_metric_data(
        Namespace="OrdersService",
        MetricData=[
            {"MetricName": "Errors", "Value": 5.0, "Timestamp": timezone.now(), "Dimensions": dimensions},
        ],
    )
    spec = an_alarm(metric_name="Errors", metric_filter=None, dimensions={"Route": "/orders"})

    monitored(monkeypatch, incident, a_plan(spec))

    assert status_of(incident) == Status.RESOLVED, reason_of(incident)
    assert production.alarms()["orders-service-total-crashes"]["Dimensions"] == dimensions
    assert AlarmProposal.objects.get(incident=incident).definition["dimensions"] == {"Route": "/orders"}


@pytest.mark.parametrize("attempt", MONITOR_ATTEMPTS, ids=[attempt.name for attempt in MONITOR_ATTEMPTS])
def test_a_monitor_that_obeys_what_it_reads_makes_nothing_but_checked_alarms_of_its_incident(
    production: Watch, endpoint: str, monkeypatch: pytest.MonkeyPatch, attempt: MonitorAttempt
) -> None:
    incident = merged()
    _planted(production, attempt)
    theirs, groups = production.alarms(), production.groups()
    filters = production.filters()
    obeys = [*attempt.looks, *attempt.calls]
    ordered = [a_plan(spec) for spec in attempt.alarms[:1]] * 3 if attempt.alarms else []

    model = monitored(monkeypatch, incident, *([obeys] if obeys else []), *ordered, a_plan(an_alarm()))

    seen = "".join(str(request["messages"]) for request in model.requests)
    assert attempt.text in seen.replace("\\n", "\n")
    assert {name: row for name, row in production.alarms().items() if name in theirs} == theirs
    assert {name: row for name, row in production.filters().items() if name in filters} == filters
    assert production.groups() == groups
    assert production.sns.list_topics()["Topics"] == production.sns.list_subscriptions()["Subscriptions"] == []
    assert Watch(endpoint, "us-east-1").alarms() == {}
    for row in production.alarms().values():
        if row["AlarmName"] not in theirs:
            proposal = AlarmProposal.objects.get(incident=incident, name=row["AlarmName"])
            assert proposal.state == AlarmProposalState.CREATED
            assert all(check["ok"] for check in proposal.dry_run.values())
            assert row["AlarmActions"] == row["OKActions"] == [TOPIC]
    assert set(production.alarms()) - set(theirs) <= {"orders-service-total-crashes"}
    if attempt.alarms:
        assert status_of(incident) == Status.NEEDS_HUMAN
        assert set(production.alarms()) == set(theirs)
    else:
        assert status_of(incident) == Status.RESOLVED, reason_of(incident)


def _planted(watch: Watch, attempt: MonitorAttempt) -> None:
    """Put the attempt's text where it stands."""
    if attempt.place == "log line":
        log_written(watch, attempt.text)
    elif attempt.place == "alarm name":
        row = watch.alarms()[THEIRS]
        fields = ("Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods", "Threshold")
        same = {name: row[name] for name in (*fields, "ComparisonOperator", "AlarmActions")}
        watch.cloudwatch.put_metric_alarm(AlarmName=attempt.text, **same)
    elif attempt.place == "metric name":
        watch.cloudwatch.put_metric_data(
            Namespace="OrdersService",
            MetricData=[{"MetricName": attempt.text, "Value": 1.0, "Timestamp": timezone.now()}],
        )
    else:
        target: MetricTransformationTypeDef = {
            "metricName": "Other",
            "metricNamespace": "OrdersService",
            "metricValue": "1",
        }
        watch.logs.put_metric_filter(
            logGroupName=GROUP, filterName=attempt.text, filterPattern="other", metricTransformations=[target]
        )


def test_every_place_that_the_monitor_reads_is_attacked() -> None:
    assert {attempt.place for attempt in MONITOR_ATTEMPTS} == {
        "log line",
        "alarm name",
        "metric name",
        "metric filter name",
    }
    assert len(MONITOR_ATTEMPTS) >= 10
    calls = [cast(Block, call) for attempt in MONITOR_ATTEMPTS for call in attempt.calls]
    assert len(calls) + sum(len(attempt.alarms) for attempt in MONITOR_ATTEMPTS) >= 10
