from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from config import env
from incidents import retention
from incidents.choices import Disposition, Stage, Status
from incidents.models import AgentStep, Event, Incident, StageRun
from incidents.retention import rows_delete_old
from incidents.tests.factories import EventFactory, IncidentFactory

pytestmark = pytest.mark.django_db

OLD = timedelta(days=400)


def _step(incident: Incident, number: int = 1, *, age: timedelta = OLD) -> AgentStep:
    run, _ = StageRun.objects.get_or_create(
        incident=incident, stage=Stage.TRIAGE, defaults={"started_at": timezone.now()}
    )
    step = AgentStep.objects.create(stage_run=run, number=number, role="user", content=[])
    AgentStep.objects.filter(pk=step.pk).update(created_at=timezone.now() - age)
    return step


def _event(disposition: Disposition, incident: Incident | None = None, *, age: timedelta = OLD) -> Event:
    event: Event = EventFactory.create(disposition=disposition, incident=incident)
    Event.objects.filter(pk=event.pk).update(received_at=timezone.now() - age)
    return event


def test_what_is_old_and_over_goes_and_the_audit_trail_stays() -> None:
    over = IncidentFactory.create(status=Status.RESOLVED)
    _step(over)
    _event(Disposition.OPENED, over)
    _event(Disposition.UNROUTED)

    deleted = rows_delete_old()

    assert (deleted.steps, deleted.events) == (1, 2)
    assert StageRun.objects.filter(incident=over).exists()
    assert not Event.objects.exists()


def test_a_live_incident_keeps_everything_however_old() -> None:
    live = IncidentFactory.create(status=Status.AWAITING_APPROVAL)
    _step(live)
    _event(Disposition.OPENED, live)
    assert rows_delete_old() == retention.Deleted(0, 0)


def test_what_is_not_drained_stays() -> None:
    _event(Disposition.RECEIVED)
    assert rows_delete_old().events == 0


def test_what_is_young_stays() -> None:
    over = IncidentFactory.create(status=Status.CLOSED)
    _step(over, age=timedelta(days=1))
    _event(Disposition.OPENED, over, age=timedelta(days=1))
    assert rows_delete_old() == retention.Deleted(0, 0)


def test_zero_days_keep_for_ever() -> None:
    over = IncidentFactory.create(status=Status.CLOSED)
    _step(over)
    _event(Disposition.OPENED, over)
    keeping = env.load().model_copy(update={"keep_steps_days": 0, "keep_events_days": 0})
    with override_settings(ENV=keeping):
        assert rows_delete_old() == retention.Deleted(0, 0)


def test_more_than_a_batch_goes_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    over = IncidentFactory.create(status=Status.NOISE)
    for number in range(1, 6):
        _step(over, number)
    assert rows_delete_old().steps == 5


def test_a_dry_run_counts_and_deletes_nothing() -> None:
    _step(IncidentFactory.create(status=Status.CLOSED))
    said = StringIO()
    call_command("delete_old", "--dry-run", stdout=said)
    assert "Would delete 1 steps of agents and 0 notifications" in said.getvalue()
    assert AgentStep.objects.count() == 1
