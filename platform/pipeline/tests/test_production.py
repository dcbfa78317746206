"""Production as diagnosis reads it: redacted, of this service only, and no obstacle when it does not answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents.runtime.contract import ToolFailed
from agents.tools.metric_data import MetricDataArguments
from core.errors import Unavailable
from incidents.similarity import embedding_store
from integrations.cloudwatch.alarm import Metric
from integrations.cloudwatch.errors import CloudWatchError
from integrations.cloudwatch.log_search import FoundEvent, LogSource, Matching
from integrations.embeddings import embedder
from pipeline.production import IncidentProduction
from pipeline.tests.stories import an_incident

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
RANGE: dict[str, Any] = {"since": AT - timedelta(hours=1), "until": AT}
ASKED = MetricDataArguments(namespace="Orders", name="Errors", dimensions={"Stage": "live"}, **RANGE)
KEY = "AKIAQWERTYUIOPASDFGH"


class Watch:
    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    def matching_events(self, source: LogSource, **_range: datetime) -> Matching:
        if self._error:
            raise self._error
        return Matching([FoundEvent("event-1", AT, source.log_group, "web/1", f"key {KEY}")], is_whole=True)

    def datapoints(self, metric: Metric, **_range: object) -> list[tuple[datetime, float]]:
        if self._error:
            raise self._error
        assert metric == Metric("Orders", "Errors", {"Stage": "live"})
        return [(AT, 2.0)]


def watched(monkeypatch: pytest.MonkeyPatch, watch: Watch) -> None:
    """Let `watch` be the incident's CloudWatch."""
    monkeypatch.setattr("pipeline.production.cloudwatch_of", lambda _incident: watch)


def test_log_events_come_redacted_from_the_services_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    watched(monkeypatch, Watch())
    production = IncidentProduction(an_incident(), log_groups=["/ecs/filtered"])

    [event] = production.log_events("/ecs/orders", "", **RANGE)

    assert production.log_groups == ["/ecs/filtered", "/ecs/orders"]
    assert event.id == "event-1"
    assert KEY not in event.message


def test_a_cloudwatch_that_is_down_is_an_answer_to_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    watched(monkeypatch, Watch(Unavailable("cloudwatch", "503")))

    with pytest.raises(ToolFailed, match="cloudwatch does not answer now"):
        IncidentProduction(an_incident(), log_groups=[]).log_events("/ecs/orders", "", **RANGE)


def test_a_metric_is_read_from_cloudwatch(monkeypatch: pytest.MonkeyPatch) -> None:
    watched(monkeypatch, Watch())

    found = IncidentProduction(an_incident(), log_groups=[]).datapoints(ASKED)

    assert found == [(AT, 2.0)]


def test_a_metric_that_is_not_given_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    watched(monkeypatch, Watch(CloudWatchError("not allowed")))

    with pytest.raises(ToolFailed, match="not allowed"):
        IncidentProduction(an_incident(), log_groups=[]).datapoints(ASKED)


def test_similar_incidents_are_of_the_same_service_and_not_this_one() -> None:
    incident = an_incident()
    other = an_incident(service=incident.service, title="Totals crash")
    foreign = an_incident()
    [vector] = embedder().embed(["totals crash"])
    for each in (incident, other, foreign):
        embedding_store(incident_id=each.pk, vector=vector, embedding_model=embedder().name)

    found = IncidentProduction(incident, log_groups=[]).similar("totals crash").incidents

    assert [each.id for each in found] == [other.pk]
