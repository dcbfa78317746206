"""One error, one live incident: the first keeps it, decided from locked rows however many look at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from time import sleep
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F

from incidents import merging
from incidents.choices import ENDED, Classification, Status
from incidents.error_fingerprint import ErrorParts
from incidents.lifecycle import InvalidTransition
from incidents.locks import advisory_lock
from incidents.merging import error_record, incident_merge
from incidents.models import Incident, Service, Transition
from incidents.tests.factories import IncidentFactory, ServiceFactory

pytestmark = pytest.mark.django_db

ERROR = ErrorParts("TypeError", "Reduce of empty array", ("src/parcels.js heaviest",))
ACTOR = "system:test"


def an_incident(service: Service, **fields: object) -> Incident:
    incident: Incident = IncidentFactory.create(service=service, **{"status": Status.DIAGNOSING, **fields})
    return incident


def recorded(incident: Incident) -> Incident | None:
    return error_record(incident=incident, error=ERROR, actor=ACTOR)


def test_the_first_incident_with_an_error_keeps_it_and_shows_what_it_is() -> None:
    incident = an_incident(ServiceFactory.create())

    assert recorded(incident) is None

    incident.refresh_from_db()
    assert incident.status == Status.DIAGNOSING
    assert incident.error_fingerprint == ERROR.value
    assert incident.error_fingerprint_parts == ERROR.named


def test_the_second_one_is_merged_into_it_with_its_occurrences_and_times() -> None:
    service: Service = ServiceFactory.create()
    older = an_incident(service, occurrences=2)
    younger = an_incident(
        service,
        occurrences=3,
        first_seen_at=older.first_seen_at,
        last_seen_at=older.last_seen_at + timedelta(hours=1),
    )
    recorded(older)

    assert recorded(younger) == older

    older.refresh_from_db()
    younger.refresh_from_db()
    assert (younger.status, younger.duplicate_of, younger.classification) == (
        Status.DUPLICATE,
        older,
        Classification.DUPLICATE,
    )
    assert younger.status_reason == f"same error as #{older.pk}: TypeError: Reduce of empty array"
    assert (older.occurrences, older.last_seen_at) == (5, younger.last_seen_at)
    assert older.status == Status.DIAGNOSING


def test_an_incident_whose_pull_request_is_open_takes_the_error_too() -> None:
    service: Service = ServiceFactory.create()
    older, younger = an_incident(service), an_incident(service)
    recorded(older)
    Incident.objects.filter(pk=older.pk).update(status=Status.PR_OPEN)

    assert recorded(younger) == older


@pytest.mark.parametrize("ended", sorted(ENDED))
def test_one_that_has_ended_takes_nothing(ended: Status) -> None:
    service: Service = ServiceFactory.create()
    older, younger = an_incident(service), an_incident(service)
    recorded(older)
    Incident.objects.filter(pk=older.pk).update(status=ended)

    assert recorded(younger) is None
    assert Incident.objects.get(pk=younger.pk).status == Status.DIAGNOSING


def test_another_service_or_another_error_is_another_trouble() -> None:
    service: Service = ServiceFactory.create()
    recorded(an_incident(service))
    other = ErrorParts("RangeError", ERROR.message, ERROR.frames)

    assert recorded(an_incident(ServiceFactory.create())) is None
    assert error_record(incident=an_incident(service), error=other, actor=ACTOR) is None


def test_the_first_to_note_the_error_keeps_it_even_against_an_older_incident() -> None:
    service: Service = ServiceFactory.create()
    older, younger = an_incident(service), an_incident(service)
    recorded(younger)

    assert recorded(older) == younger
    assert recorded(younger) is None


def test_an_incident_is_not_merged_into_itself() -> None:
    incident = an_incident(ServiceFactory.create())

    assert not incident_merge(incident=incident, original_id=incident.pk, actor=ACTOR, reason="")


def test_what_cannot_become_a_duplicate_any_more_changes_nothing() -> None:
    service: Service = ServiceFactory.create()
    original, merged = an_incident(service), an_incident(service, status=Status.PR_OPEN)

    with pytest.raises(InvalidTransition):
        incident_merge(incident=merged, original_id=original.pk, actor=ACTOR, reason="")

    original.refresh_from_db()
    merged.refresh_from_db()
    assert (original.occurrences, merged.duplicate_of, merged.status) == (1, None, Status.PR_OPEN)


@pytest.mark.django_db(transaction=True)
def test_of_many_that_see_the_error_at_once_one_stays() -> None:
    service: Service = ServiceFactory.create()
    incidents = [an_incident(service) for _ in range(12)]
    together = Barrier(len(incidents))

    def record(incident: Incident) -> None:
        together.wait()
        try:
            recorded(incident)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(incidents)) as pool:
        list(pool.map(record, incidents))

    live = Incident.objects.exclude(status__in=ENDED).get()
    assert live.occurrences == 12
    assert Incident.objects.filter(status=Status.DUPLICATE, duplicate_of=live).count() == 11
    assert Transition.objects.count() == 11


@pytest.mark.django_db(transaction=True)
def test_an_alarm_that_is_drained_at_the_same_moment_waits_for_the_merge_instead_of_deadlocking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service: Service = ServiceFactory.create()
    older, younger = an_incident(service), an_incident(service)
    recorded(older)
    is_merging, drains = Event(), Event()

    def merge(**of: Any) -> bool:
        is_merging.set()
        assert drains.wait(timeout=10)
        sleep(0.3)  # the drain stands at its first lock by now
        return incident_merge(**of)

    monkeypatch.setattr(merging, "incident_merge", merge)

    def record() -> Incident | None:
        try:
            return recorded(younger)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        merged = pool.submit(record)
        assert is_merging.wait(timeout=10)
        with transaction.atomic():
            drains.set()
            advisory_lock(younger.fingerprint)
            Incident.objects.filter(pk=younger.pk).update(occurrences=F("occurrences") + 1)
        assert merged.result(timeout=10) == older

    assert Incident.objects.get(pk=younger.pk).status == Status.DUPLICATE
