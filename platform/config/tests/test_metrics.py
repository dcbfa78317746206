"""What Prometheus reads: figures from rows and Redis, for whom they are meant, at a bounded cost."""

import json
import time
from datetime import timedelta
from decimal import Decimal

import boto3
import pytest
from celery import current_app
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from moto import mock_aws
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisAway

from config.metrics import page, requests, workers
from config.metrics.cloudwatch import publish_queues
from core import shared_sums
from core.errors import Unavailable
from core.presence import ALIVE_SECONDS
from core.resilience.breaker import guarded
from core.shared_store import shared_store
from incidents.choices import Disposition, Stage, StageStatus, Status
from incidents.models import StageRun
from incidents.stage_runs import agent_step_store
from incidents.tests.factories import EventFactory, IncidentFactory, ServiceFactory

pytestmark = pytest.mark.django_db

Labels = frozenset[tuple[str, str]]


def scraped() -> dict[tuple[str, Labels], float]:
    answer = Client().get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def value(name: str, **labels: str) -> float:
    return scraped()[f"agent_platform_{name}", frozenset(labels.items())]


def a_run(stage: Stage, status: StageStatus, *, seconds: float, ended: timedelta) -> StageRun:
    ended_at = timezone.now() - ended
    return StageRun.objects.create(
        incident=IncidentFactory.create(),
        stage=stage,
        status=status,
        started_at=ended_at - timedelta(seconds=seconds),
        finished_at=ended_at,
    )


def test_incidents_are_counted_by_status_and_those_that_ended_are_left_out() -> None:
    IncidentFactory.create_batch(2, status=Status.FIXING)
    IncidentFactory.create(status=Status.NEEDS_HUMAN)
    IncidentFactory.create(status=Status.RESOLVED)

    found = {
        dict(labels)["status"]: count
        for (name, labels), count in scraped().items()
        if name == "agent_platform_incidents"
    }

    assert (found["fixing"], found["needs_human"], found["triaging"]) == (2, 1, 0)
    assert "resolved" not in found


def test_stages_tell_how_they_ended_and_how_long_they_took_of_late() -> None:
    for seconds in (1, 2, 9):
        a_run(Stage.TRIAGE, StageStatus.SUCCEEDED, seconds=seconds, ended=timedelta(minutes=1))
    a_run(Stage.TRIAGE, StageStatus.FAILED, seconds=4, ended=timedelta(minutes=1))
    a_run(Stage.REVIEW, StageStatus.FAILED, seconds=4, ended=timedelta(hours=2))

    found = scraped()

    def of(name: str, **labels: str) -> float | None:
        return found.get((f"agent_platform_{name}", frozenset(labels.items())))

    assert of("stage_runs", stage="triage", outcome="succeeded") == 3
    assert of("stage_runs", stage="triage", outcome="failed") == 1
    assert of("stage_seconds", stage="triage", outcome="succeeded", quantile="0.5") == pytest.approx(2)
    assert of("stage_runs", stage="review", outcome="failed") is None


def test_spend_waiting_and_undrained_notifications_come_from_rows() -> None:
    run = a_run(Stage.TRIAGE, StageStatus.SUCCEEDED, seconds=1, ended=timedelta(minutes=1))
    agent_step_store(run=run, number=0, role="assistant", content=[], cost_usd=Decimal("1.25"))
    IncidentFactory.create(status=Status.OPEN, service=ServiceFactory.create(name="orders"))
    EventFactory.create()
    left = {"disposition": Disposition.UNROUTED, "drained_at": timezone.now()}
    EventFactory.create(disposition_reason="Unexpected DataError in intake: year -43 is out of range.", **left)
    EventFactory.create(disposition_reason="No service has a pattern that matches the alarm 'a'.", **left)

    found = scraped()

    assert found["agent_platform_model_spend_usd", frozenset()] == 1.25
    assert found["agent_platform_incidents_waiting", frozenset({("service", "orders")})] == 1
    assert found["agent_platform_events_undrained", frozenset()] == 1
    assert found["agent_platform_events_failed", frozenset()] == 1


def test_a_queue_tells_how_much_waits_in_it_and_for_how_long() -> None:
    shared_store().delete("sandbox")
    current_app.send_task("pipeline.trial", args=[1, 1, 1])
    time.sleep(0.2)
    current_app.send_task("pipeline.trial", args=[1, 1, 2])

    assert value("queue_messages", queue="sandbox") == 2
    assert 0.2 <= value("queue_oldest_seconds", queue="sandbox") < 30
    shared_store().delete("sandbox")
    assert value("queue_oldest_seconds", queue="sandbox") == 0


def test_cloudwatch_is_told_how_much_waits_where_a_namespace_is_set(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")):
        monkeypatch.setenv(name, value)
    shared_store().delete("sandbox")
    current_app.send_task("pipeline.trial", args=[1, 1, 1])

    with mock_aws():
        publish_queues()
        watched = boto3.client("cloudwatch", region_name=settings.ENV.aws_region)
        assert watched.list_metrics()["Metrics"] == []
        settings.ENV = settings.ENV.model_copy(update={"metrics_cloudwatch_namespace": "AgentPlatform"})
        publish_queues()
        found = watched.get_metric_statistics(
            Namespace="AgentPlatform",
            MetricName="QueueMessages",
            Dimensions=[{"Name": "Queue", "Value": "sandbox"}],
            StartTime=timezone.now() - timedelta(minutes=5),
            EndTime=timezone.now() + timedelta(minutes=5),
            Period=60,
            Statistics=["Maximum"],
        )
    shared_store().delete("sandbox")

    assert [point["Maximum"] for point in found["Datapoints"]] == [1.0]


def test_a_worker_counts_for_its_queues_until_it_is_silent() -> None:
    told = {"queues": ["agents", "default"], "running": 3, "at": time.time()}
    silent = {**told, "at": time.time() - ALIVE_SECONDS - 1}
    shared_store().hset(workers.WORKERS_KEY, mapping={"a@1": json.dumps(told), "b@1": json.dumps(silent)})

    assert value("workers", queue="agents") == 1
    assert value("workers", queue="sandbox") == 0
    assert value("tasks_running") == 3
    assert shared_store().hkeys(workers.WORKERS_KEY) == ["a@1"]


def test_a_breaker_is_in_exactly_one_state(settings: Settings) -> None:
    for _ in range(settings.ENV.breaker_failures):
        with pytest.raises(Unavailable), guarded("github"):
            raise Unavailable("github", "502")

    found = {
        dict(labels)["state"]: state
        for (name, labels), state in scraped().items()
        if name == "agent_platform_breaker" and ("system", "github") in labels
    }

    assert found == {"closed": 0, "open": 1, "half_open": 0}


def test_requests_are_added_up_over_processes() -> None:
    others = requests.Sums()
    for _ in range(3):
        others.add("sns", 200, 0.07)
    others.hand_on()
    Client().get("/webhooks/sns/")

    assert value("http_request_seconds_count", area="sns", code="2xx") == 3
    assert value("http_request_seconds_bucket", area="sns", code="2xx", le="0.05") == 0
    assert value("http_request_seconds_bucket", area="sns", code="2xx", le="0.1") == 3
    assert value("http_request_seconds_count", area="sns", code="4xx") == 1


def test_what_cannot_be_handed_on_is_kept_for_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def pipeline(self) -> None:
            raise RedisAway("refused")

    sums = requests.Sums()
    sums.add("api", 200, 0.01)
    with monkeypatch.context() as away:
        away.setattr(shared_sums, "shared_store", Away)
        sums.hand_on()
    sums.hand_on()

    assert value("http_request_seconds_count", area="api", code="2xx") == 1


def test_labels_stay_few_whatever_addresses_are_asked_for() -> None:
    areas = {requests.area_of(f"/{name}") for name in ("wp-login.php", "a/b/c", "incidents/7", "admin", "")}

    assert areas == {"dashboard"}


def test_a_part_that_fails_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise RedisAway("refused")

    monkeypatch.setitem(page.PARTS, "breakers", away)

    found = scraped()

    assert found["agent_platform_part_up", frozenset({("part", "breakers")})] == 0
    assert found["agent_platform_part_up", frozenset({("part", "rows")})] == 1
    assert ("agent_platform_incidents", frozenset({("status", "open")})) in found


def test_only_who_has_the_token_reads_them(settings: Settings) -> None:
    settings.ENV = settings.ENV.model_copy(update={"metrics_token": SecretStr("a-long-token")})

    assert Client().get("/metrics").status_code == 401
    assert Client(HTTP_AUTHORIZATION="Bearer another").get("/metrics").status_code == 401
    assert Client(HTTP_AUTHORIZATION="Bearer a-long-token").get("/metrics").status_code == 200


def test_a_scraper_that_asks_a_process_itself_is_answered_where_the_address_is_https(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["alarms.example.org"]
    settings.SECURE_SSL_REDIRECT = True

    assert Client().get("/metrics", headers={"host": "web:8000"}).status_code == 200


def test_without_a_token_nobody_reads_them_outside_the_embedded_mode(settings: Settings) -> None:
    settings.ENV = settings.ENV.model_copy(update={"database_url": "postgresql://db/app"})

    assert Client(HTTP_AUTHORIZATION="Bearer ").get("/metrics").status_code == 401


def test_a_scrape_asks_the_same_few_questions_however_much_there_is() -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            scraped()
        return len(captured)

    before = queries()
    for _ in range(30):
        a_run(Stage.TRIAGE, StageStatus.SUCCEEDED, seconds=1, ended=timedelta(minutes=1))

    assert queries() == before <= 16
