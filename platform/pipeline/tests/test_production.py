"""Production as diagnosis reads it: redacted, of this service only, and no obstacle when it does not answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from agents.runtime.contract import ToolFailed
from core.errors import Unavailable
from incidents.models import Incident
from integrations.cloudwatch import metric_data
from integrations.cloudwatch.client import FoundEvent
from integrations.embeddings import embedder
from pipeline.production import IncidentProduction
from pipeline.tests.stories import an_incident

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
RANGE: dict[str, Any] = {"since": AT - timedelta(hours=1), "until": AT}
KEY = "AKIAQWERTYUIOPASDFGH"


class Watch:
    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    def filtered_events(self, log_group: str, _pattern: str, **_range: datetime) -> list[FoundEvent]:
        if self._error:
            raise self._error
        return [FoundEvent("event-1", AT, log_group, "web/1", f"key {KEY}")]


def test_log_events_come_redacted_from_the_services_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.production.cloudwatch", Watch)
    production = IncidentProduction(an_incident(), log_groups=["/ecs/filtered"])

    [event] = production.log_events("/ecs/orders", "", **RANGE)

    assert production.log_groups == ["/ecs/filtered", "/ecs/orders"]
    assert event.id == "event-1"
    assert KEY not in event.message


def test_a_cloudwatch_that_is_down_is_an_answer_to_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.production.cloudwatch", lambda: Watch(Unavailable("cloudwatch", "503")))

    with pytest.raises(ToolFailed, match="cloudwatch does not answer now"):
        IncidentProduction(an_incident(), log_groups=[]).log_events("/ecs/orders", "", **RANGE)


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Stubber:
    client = boto3.Session("a", "b", region_name="us-east-1").client("cloudwatch")
    monkeypatch.setattr(metric_data, "_client", lambda: client)
    return Stubber(client)


def test_a_metric_is_read_in_the_order_of_time(stubbed: Stubber) -> None:
    points = [{"Timestamp": AT, "Sum": 2.0}, {"Timestamp": AT - timedelta(minutes=1), "Sum": 1.0}]
    stubbed.add_response(
        "get_metric_statistics",
        {"Label": "Errors", "Datapoints": points},
        {
            "Namespace": "Orders",
            "MetricName": "Errors",
            "Period": 60,
            "Statistics": ["Sum"],
            "StartTime": RANGE["since"],
            "EndTime": RANGE["until"],
        },
    )
    with stubbed:
        found = IncidentProduction(an_incident(), log_groups=[]).datapoints(
            "Orders", "Errors", statistic="Sum", period_seconds=60, **RANGE
        )

    assert [value for _, value in found] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("Throttling", 400, "does not answer now"),
        ("InternalFailure", 500, "does not answer now"),
        ("AccessDenied", 403, "does not give Orders/Errors"),
    ],
)
def test_a_metric_that_is_not_given_is_told(stubbed: Stubber, code: str, status: int, said: str) -> None:
    stubbed.add_client_error("get_metric_statistics", code, http_status_code=status)
    with stubbed, pytest.raises(ToolFailed, match=said):
        IncidentProduction(an_incident(), log_groups=[]).datapoints(
            "Orders", "Errors", statistic="Sum", period_seconds=60, **RANGE
        )


def test_similar_incidents_are_of_the_same_service_and_not_this_one() -> None:
    incident = an_incident()
    other = an_incident(service=incident.service, title="Totals crash")
    foreign = an_incident()
    [vector] = embedder().embed(["totals crash"])
    Incident.objects.filter(pk__in=[incident.pk, other.pk, foreign.pk]).update(embedding=vector)

    found = IncidentProduction(incident, log_groups=[]).similar("totals crash").incidents

    assert [each.id for each in found] == [other.pk]
