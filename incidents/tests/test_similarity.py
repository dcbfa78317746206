"""The index suggests ids of the same service and embedder, nearest first."""

import math
import random

import pytest

from core.embedding import EMBEDDING_DIMENSIONS
from incidents.choices import Stage, StageStatus, Verdict
from incidents.models import Incident, Service, StageRun
from incidents.similarity import embedding_store, incident_texts, not_indexed_by, similar_candidates
from incidents.tests.factories import EventFactory, FixFactory, IncidentFactory, ServiceFactory

pytestmark = pytest.mark.django_db

MODEL = "test"


def direction(angle: float) -> list[float]:
    return [math.cos(angle), math.sin(angle), *[0.0] * (EMBEDDING_DIMENSIONS - 2)]


def embedded(service: Service, angle: float, *, model: str = MODEL) -> Incident:
    incident: Incident = IncidentFactory.create(service=service)
    embedding_store(incident_id=incident.pk, vector=direction(angle), embedding_model=model)
    return incident


def found(service: Service, *, limit: int = 10) -> list[int]:
    candidates = similar_candidates(vector=direction(0), embedding_model=MODEL, service=service, limit=limit)
    return [candidate.id for candidate in candidates]


def test_the_nearest_come_first_with_their_distance() -> None:
    service = ServiceFactory.create()
    far, near = embedded(service, 1.0), embedded(service, 0.1)

    first, second = similar_candidates(vector=direction(0), embedding_model=MODEL, service=service, limit=5)

    assert (first.id, second.id) == (near.pk, far.pk)
    assert math.isclose(first.distance, 1 - math.cos(0.1), abs_tol=1e-6)


def test_other_services_and_vectors_of_other_embedders_do_not_count() -> None:
    service = ServiceFactory.create()
    embedded(ServiceFactory.create(), 0.0)
    embedded(service, 0.0, model="another")
    IncidentFactory.create(service=service)
    mine = embedded(service, 1.0)

    assert found(service) == [mine.pk]


def test_a_service_with_few_incidents_among_many_is_searched_to_its_end() -> None:
    """Without iterative scans the index gives the nearest of all services, and the filter leaves none of them."""
    crowd, service = ServiceFactory.create(), ServiceFactory.create()
    rows = [
        Incident(
            service=crowd,
            fingerprint=f"{number:064d}",
            title="crowd",
            first_seen_at="2026-01-01T00:00Z",
            last_seen_at="2026-01-01T00:00Z",
            embedding=direction(random.Random(number).uniform(0, 0.2)),
            embedding_model=MODEL,
        )
        for number in range(1500)
    ]
    Incident.objects.bulk_create(rows)
    mine = [embedded(service, 1 + number / 10) for number in range(5)]

    assert found(service) == [incident.pk for incident in mine]


def test_the_text_grows_with_what_is_known() -> None:
    incident = EventFactory.create(
        incident=IncidentFactory.create(title="orders-errors"), alarm={"AlarmDescription": "Orders fail"}
    ).incident
    assert incident_texts(ids=[incident.pk]) == {incident.pk: "orders-errors\nOrders fail"}

    incident.error_fingerprint_parts = {"type": "TypeError", "message": "x is undefined", "frames": []}
    incident.save()
    StageRun.objects.create(
        incident=incident,
        stage=Stage.DIAGNOSIS,
        status=StageStatus.SUCCEEDED,
        started_at=incident.first_seen_at,
        output={"root_cause": "x is never set"},
    )
    FixFactory.create(incident=incident, verdict=Verdict.FIXED, rationale="Set x.")

    [text] = incident_texts(ids=[incident.pk]).values()
    assert text.splitlines() == [
        "orders-errors",
        "Orders fail",
        "TypeError",
        "x is undefined",
        "x is never set",
        "Set x.",
    ]


def test_what_another_embedder_made_is_left_to_do_newest_first() -> None:
    service = ServiceFactory.create()
    embedded(service, 0.0)
    old, newer = embedded(service, 0.0, model="another"), IncidentFactory.create(service=service)

    assert list(not_indexed_by(MODEL)) == [newer, old]
