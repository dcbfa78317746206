"""Triage: real, noise or duplicate, decided from rows as they are at that moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from agents.evidence import Logs
from agents.tests.scripted import ScriptedModel, submission
from agents.tests.stories import a_triage
from agents.triage.handoff import Triage
from incidents import merging
from incidents.admission import incident_admit
from incidents.choices import Classification, Severity, Status
from incidents.lifecycle import incident_move
from incidents.models import Incident
from incidents.relabelling import incident_relabel
from integrations.localgit.host import LocalGitHost
from pipeline import sessions, tasks, triages
from pipeline.tests.stories import an_incident, move, reason_of, status_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_logs(monkeypatch: pytest.MonkeyPatch, host: LocalGitHost) -> None:
    monkeypatch.setattr(triages, "logs_or_missing", lambda _incident: Logs(missing="not in this test"))


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[[Triage], ScriptedModel]:
    """Make the model hand in one result, once."""

    def script(result: Triage) -> ScriptedModel:
        model = ScriptedModel([submission("triage", result)])
        monkeypatch.setattr(sessions, "messages_model", lambda _name: model)
        return model

    return script


Says = Callable[[Triage], ScriptedModel]


def duplicate_of(original: Incident) -> Triage:
    return a_triage(classification="duplicate", duplicate_of=original.pk, reason="the same crash as before")


def test_a_real_incident_goes_on_to_diagnosis_with_its_severity(says: Says) -> None:
    incident = an_incident(status=Status.TRIAGING)
    says(a_triage(severity="P1"))

    tasks.triage(incident.pk)

    incident.refresh_from_db()
    assert (incident.status, incident.severity, incident.classification) == (
        Status.DIAGNOSING,
        Severity.P1,
        Classification.REAL,
    )
    assert incident.deployed_commit
    last = incident.transitions.order_by("id").last()
    assert last is not None
    assert (last.actor, last.reason[:3]) == ("agent:triage", "P1,")


def test_noise_ends_the_incident(says: Says) -> None:
    incident = an_incident(status=Status.TRIAGING)
    says(a_triage(classification="noise", severity="P3"))

    tasks.triage(incident.pk)

    incident.refresh_from_db()
    assert (incident.status, incident.classification) == (Status.NOISE, Classification.NOISE)


def test_what_a_person_called_real_is_not_dropped_by_triage_again(says: Says) -> None:
    incident = an_incident(status=Status.TRIAGING)
    says(a_triage(classification="noise", severity="P3"))
    tasks.triage(incident.pk)
    ada = User.objects.create_user("ada")
    incident.refresh_from_db()

    incident_relabel(incident=incident, user=ada, classification=Classification.REAL, severity=Severity.P1)
    incident.refresh_from_db()
    incident_admit(incident=incident, actor="system:pipeline")
    tasks.triage(incident.pk)

    incident.refresh_from_db()
    assert (incident.status, incident.severity, incident.classification) == (
        Status.DIAGNOSING,
        Severity.P1,
        Classification.REAL,
    )
    assert incident.status_reason == "ada says it is real"


def test_a_duplicate_of_a_live_incident_points_at_it(says: Says) -> None:
    original = an_incident(status=Status.FIXING)
    incident = an_incident(service=original.service, status=Status.TRIAGING)
    model = says(duplicate_of(original))

    tasks.triage(incident.pk)

    incident.refresh_from_db()
    assert (incident.status, incident.duplicate_of_id) == (Status.DUPLICATE, original.pk)
    assert f"id {original.pk}:" in str(model.requests[0]["messages"])


def test_a_duplicate_of_what_ended_in_between_is_real_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    original = an_incident(status=Status.FIXING)
    incident = an_incident(service=original.service, status=Status.TRIAGING)

    def ends_meanwhile(*_arguments: object, **_keywords: object) -> Triage:
        move(original, Status.CLOSED)
        return duplicate_of(original)

    monkeypatch.setattr(triages, "triage", ends_meanwhile)
    monkeypatch.setattr(triages, "session_for", lambda *_arguments: None)

    tasks.triage(incident.pk)

    incident.refresh_from_db()
    assert (incident.status, incident.classification) == (Status.DIAGNOSING, Classification.REAL)
    assert incident.duplicate_of_id is None
    assert f"not a duplicate: #{original.pk} is no longer live" in incident.status_reason


def test_an_incident_of_another_service_is_never_the_original(monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = an_incident(status=Status.FIXING)
    incident = an_incident(status=Status.TRIAGING)
    _answers(monkeypatch, {incident.pk: foreign})

    tasks.triage(incident.pk)

    assert status_of(incident) == Status.DIAGNOSING


def test_a_second_delivery_after_the_output_was_stored_asks_no_model_again(
    says: Says, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = an_incident(status=Status.TRIAGING)
    model = says(a_triage())
    with monkeypatch.context() as broken:
        broken.setattr(triages, "_apply", _killed)
        with pytest.raises(SystemExit):
            tasks.triage(incident.pk)
    assert status_of(incident) == Status.TRIAGING

    tasks.triage(incident.pk)
    tasks.triage(incident.pk)

    assert status_of(incident) == Status.DIAGNOSING
    assert len(model.requests) == 1


@pytest.mark.django_db(transaction=True)
def test_a_duplicate_waits_for_whoever_is_just_ending_its_original(monkeypatch: pytest.MonkeyPatch) -> None:
    original = an_incident(status=Status.FIXING)
    incident = an_incident(service=original.service, status=Status.TRIAGING)
    asked = threading.Event()
    _answers(monkeypatch, {incident.pk: original}, then=asked.set)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Incident.objects.filter(pk=original.pk).update(status=Status.CLOSED)
            delivery = pool.submit(_delivered, incident)
            assert asked.wait(10)
            with pytest.raises(TimeoutError):
                delivery.result(timeout=0.5)
        delivery.result(timeout=10)

    assert status_of(incident) == Status.DIAGNOSING
    assert "is no longer live" in reason_of(incident)


@pytest.mark.django_db(transaction=True)
def test_two_that_call_each_other_duplicates_do_not_both_end(monkeypatch: pytest.MonkeyPatch) -> None:
    first = an_incident(status=Status.TRIAGING)
    second = an_incident(service=first.service, status=Status.TRIAGING)
    together = threading.Barrier(2)
    _answers(monkeypatch, {first.pk: second, second.pk: first}, then=lambda: together.wait(10))
    # Both hold the row of the other's original at the same time, unless the rows are locked in one order.

    def slowly(**keywords: Any) -> None:
        threading.Event().wait(0.3)
        incident_move(**keywords)

    monkeypatch.setattr(merging, "incident_move", slowly)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(_delivered, [first, second]))

    assert sorted([status_of(first), status_of(second)]) == [Status.DIAGNOSING, Status.DUPLICATE]


def _killed(*_arguments: object) -> None:
    raise SystemExit


def _answers(
    monkeypatch: pytest.MonkeyPatch, originals: dict[int, Incident], *, then: Callable[[], Any] = lambda: None
) -> None:
    """Make triage answer with the original of each incident, after `then`."""

    def triage(context: Any, *_arguments: object, **_keywords: object) -> Triage:
        then()
        return duplicate_of(originals[context.alarm.incident_id])

    monkeypatch.setattr(triages, "triage", triage)
    monkeypatch.setattr(triages, "session_for", lambda *_arguments: None)


def _delivered(incident: Incident) -> None:
    try:
        tasks.triage(incident.pk)
    finally:
        connection.close()
