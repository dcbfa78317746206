"""A storm waits and is taken up later; a pause stops everything and loses nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from incidents import admission
from incidents.admission import incident_admit, pause_end, pause_start
from incidents.choices import Status
from incidents.lifecycle import incident_move
from incidents.models import Incident, Pause, Service, Transition
from incidents.selectors import pause_in_force
from incidents.tests.factories import IncidentFactory, ServiceFactory

pytestmark = pytest.mark.django_db

ACTOR = "system:test"


def admitted(incident: Incident) -> bool:
    return incident_admit(incident=Incident.objects.get(pk=incident.pk), actor=ACTOR)


def test_what_is_within_the_hours_limit_enters_and_the_rest_waits_with_the_reason() -> None:
    service: Service = ServiceFactory.create(name="orders", incidents_per_hour=2)
    incidents = [IncidentFactory.create(service=service) for _ in range(3)]

    assert [admitted(incident) for incident in incidents] == [True, True, False]

    waiting = Incident.objects.get(pk=incidents[2].pk)
    assert waiting.status == Status.OPEN
    assert waiting.status_reason.startswith(
        "Waiting: 2 incidents of orders entered the pipeline within the last hour"
    )


def test_it_is_taken_up_when_the_hour_allows() -> None:
    service: Service = ServiceFactory.create(incidents_per_hour=1)
    first, second = IncidentFactory.create(service=service), IncidentFactory.create(service=service)
    admitted(first)
    assert not admitted(second)

    Transition.objects.update(at=timezone.now() - admission.WINDOW - timedelta(seconds=1))

    assert admitted(second)
    assert Incident.objects.get(pk=second.pk).status_reason == ""


def test_it_is_taken_up_when_the_limit_is_raised() -> None:
    service: Service = ServiceFactory.create(incidents_per_hour=0)
    incident = IncidentFactory.create(service=service)
    assert not admitted(incident)

    Service.objects.update(incidents_per_hour=1)

    assert admitted(incident)


def test_every_service_has_an_hour_of_its_own() -> None:
    full, free = ServiceFactory.create(incidents_per_hour=1), ServiceFactory.create(incidents_per_hour=1)
    admitted(IncidentFactory.create(service=full))

    assert not admitted(IncidentFactory.create(service=full))
    assert admitted(IncidentFactory.create(service=free))


def test_an_incident_that_was_parked_and_comes_back_is_counted_once_and_never_waits() -> None:
    service: Service = ServiceFactory.create(incidents_per_hour=1)
    incident = IncidentFactory.create(service=service)
    admitted(incident)
    incident.refresh_from_db()
    incident_move(incident=incident, target=Status.OPEN, actor=ACTOR, reason="Waiting for anthropic")

    assert admitted(incident)

    Service.objects.update(incidents_per_hour=2)
    assert admitted(IncidentFactory.create(service=service))


@pytest.mark.django_db(transaction=True)
def test_of_many_that_ask_at_once_no_more_than_the_limit_enter() -> None:
    service: Service = ServiceFactory.create(incidents_per_hour=3)
    incidents = [IncidentFactory.create(service=service) for _ in range(12)]
    together = Barrier(len(incidents))

    def ask(incident: Incident) -> bool:
        together.wait()
        try:
            return admitted(incident)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(incidents)) as pool:
        answers = list(pool.map(ask, incidents))

    assert answers.count(True) == 3
    assert Incident.objects.filter(status=Status.TRIAGING).count() == 3


def test_a_pause_is_in_force_until_it_is_ended_and_both_are_recorded() -> None:
    assert pause_in_force() is None

    pause = pause_start(reason="the model is wrong today", actor="user:ada")
    assert pause_in_force() == pause
    ended = pause_end(actor="user:bo")

    assert ended == pause
    assert pause_in_force() is None
    row = Pause.objects.get()
    assert (row.reason, row.started_by, row.ended_by) == ("the model is wrong today", "user:ada", "user:bo")


def test_pausing_twice_is_one_pause_and_ending_none_is_none() -> None:
    first = pause_start(reason="first", actor=ACTOR)

    assert pause_start(reason="second", actor=ACTOR) == first
    assert pause_end(actor=ACTOR) == first
    assert pause_end(actor=ACTOR) is None


def test_the_end_of_a_pause_wakes_what_should_be_moving(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    moving = IncidentFactory.create(status=Status.FIXING)
    IncidentFactory.create(status=Status.AWAITING_APPROVAL)
    pause_start(reason="", actor=ACTOR)
    woken: list[tuple[str, int]] = []
    monkeypatch.setattr(admission, "nudge", lambda task, incident_id: woken.append((task, incident_id)))

    pause_end(actor=ACTOR)

    assert woken == [("pipeline.advance", moving.pk)]


def said(*arguments: str, **options: Any) -> str:
    output = StringIO()
    call_command("pause", *arguments, stdout=output, **options)
    return output.getvalue()


def test_the_command_pauses_tells_and_ends() -> None:
    assert said().startswith("The pipeline runs.")
    assert "Paused by user:" in said("deploy freeze")
    assert "deploy freeze" in said()
    assert said(end=True).startswith("Ended the pause since ")
    assert said(end=True) == "The pipeline was not paused.\n"


def test_the_end_takes_no_reason() -> None:
    with pytest.raises(CommandError, match="takes no reason"):
        said("why", end=True)
