"""After the merge, on moto's CloudWatch: nothing but proposed and checked alarms, in the first alarm's region."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import boto3
import httpx
import pytest
from django.conf import settings
from django.utils import timezone
from moto.server import ThreadedMotoServer

from agents.evidence import Logs
from agents.monitor.handoff import AlarmSpec, MonitorPlan
from agents.runtime.contract import Block
from agents.tests.hostile import MONITOR_ATTEMPTS, MonitorAttempt
from agents.tests.scripted import ScriptedModel, submission
from agents.tests.stories import a_diagnosis, an_alarm
from incidents.choices import AlarmProposalState, Disposition, PullRequestState, Stage, Status
from incidents.models import AlarmProposal, Incident, PullRequest
from incidents.tests.factories import EventFactory, IncidentFactory, ServiceFactory
from integrations.localgit.host import LocalGitHost
from pipeline import sessions, tasks
from pipeline.tests.stories import REPOSITORY, a_tried_fix, reason_of, stage_done, status_of

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef
    from mypy_boto3_logs.type_defs import MetricTransformationTypeDef

pytestmark = pytest.mark.django_db

REGION = "eu-central-1"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:orders-alarms"
GROUP = "/ecs/orders-service"
CRASH = "Cannot read properties of undefined"
THEIRS = "orders-service-errors"


class Watch:
    """One region of production, seen from outside."""

    def __init__(self, endpoint: str, region: str) -> None:
        session = boto3.Session("test", "test", region_name=region)
        self.logs = session.client("logs", endpoint_url=endpoint)
        self.cloudwatch = session.client("cloudwatch", endpoint_url=endpoint)
        self.sns = session.client("sns", endpoint_url=endpoint)

    def alarms(self) -> dict[str, Any]:
        return {row["AlarmName"]: row for row in self.cloudwatch.describe_alarms()["MetricAlarms"]}

    def filters(self) -> dict[str, Any]:
        return {row["filterName"]: row for row in self.logs.describe_metric_filters()["metricFilters"]}

    def groups(self) -> list[str]:
        return [row["logGroupName"] for row in self.logs.describe_log_groups()["logGroups"]]


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    address, port = server.get_host_and_port()
    httpx.post(f"http://{address}:{port}/moto-api/reset").raise_for_status()
    yield f"http://{address}:{port}"
    server.stop()


@pytest.fixture
def production(endpoint: str, host: LocalGitHost, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Production in another region than the configured one: one alarm of people and a crash in the logs."""
    here = {"aws_endpoint_url": endpoint, "aws_region": "us-east-1"}
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=here))
    watch = Watch(endpoint, REGION)
    watch.logs.create_log_group(logGroupName=GROUP)
    watch.logs.create_log_stream(logGroupName=GROUP, logStreamName="web/1")
    _log(watch, f"TypeError: {CRASH}")
    watch.cloudwatch.put_metric_alarm(
        AlarmName=THEIRS,
        Namespace="OrdersService",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[TOPIC],
    )
    return watch


def _log(watch: Watch, message: str) -> None:
    at = int((timezone.now() - timedelta(hours=1)).timestamp() * 1000)
    watch.logs.put_log_events(
        logGroupName=GROUP, logStreamName="web/1", logEvents=[{"timestamp": at, "message": message}]
    )


def merged() -> Incident:
    """Return an incident of an alarm in `REGION` whose fix was merged."""
    service = ServiceFactory.create(name="orders-service", repository=REPOSITORY, log_groups=[GROUP])
    incident: Incident = IncidentFactory.create(service=service, status=Status.MONITORING)
    EventFactory.create(
        incident=incident,
        service=service,
        disposition=Disposition.OPENED,
        topic_arn=TOPIC,
        alarm_name=THEIRS,
        alarm_arn=f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:{THEIRS}",
    )
    fix = a_tried_fix(incident)
    PullRequest.objects.create(
        incident=incident,
        fix=fix,
        repository=REPOSITORY,
        number=1,
        url="http://127.0.0.1/1",
        branch="fix",
        head_commit=fix.base_commit,
        diff_sha256=fix.diff_sha256,
        state=PullRequestState.MERGED,
        opened_at=timezone.now(),
    )
    stage_done(incident, Stage.DIAGNOSIS, a_diagnosis())
    stage_done(incident, Stage.LOGS, Logs(log_groups=[GROUP]))
    return incident


def monitored(monkeypatch: pytest.MonkeyPatch, incident: Incident, *replies: list[Any]) -> ScriptedModel:
    """Run the monitor stage with a model that says these replies."""
    model = ScriptedModel(list(replies))
    monkeypatch.setattr(sessions, "messages_model", lambda _name: model)
    tasks.monitor(incident.pk)
    return model


def a_plan(*alarms: AlarmSpec) -> list[Any]:
    return submission("monitor", MonitorPlan(reason="No alarm shows crashes of totals.", alarms=list(alarms)))


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
        _log(watch, attempt.text)
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
