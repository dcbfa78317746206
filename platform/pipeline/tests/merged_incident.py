"""An incident whose fix was merged, and the production on moto's CloudWatch that its alarm came from."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import httpx
import pytest
from django.conf import settings
from django.utils import timezone
from moto.server import ThreadedMotoServer

from agents.evidence import Logs
from agents.monitor.handoff import AlarmSpec, MonitorPlan
from agents.tests.scripted import ScriptedModel, submission
from agents.tests.stories import a_diagnosis
from incidents.choices import Disposition, PullRequestState, Stage, Status
from incidents.models import Incident, PullRequest
from incidents.tests.factories import EventFactory, IncidentFactory, ServiceFactory
from integrations.localgit.host import LocalGitHost
from pipeline import sessions, tasks
from pipeline.tests.stories import REPOSITORY, a_tried_fix, stage_done

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
    log_written(watch, f"TypeError: {CRASH}")
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


def log_written(watch: Watch, message: str) -> None:
    at = int((timezone.now() - timedelta(hours=1)).timestamp() * 1000)
    watch.logs.put_log_events(
        logGroupName=GROUP, logStreamName="web/1", logEvents=[{"timestamp": at, "message": message}]
    )


def merged(**service_settings: Any) -> Incident:
    """Return an incident of an alarm in `REGION` whose fix was merged."""
    service = ServiceFactory.create(
        name="orders-service", repository=REPOSITORY, log_groups=[GROUP], **service_settings
    )
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
