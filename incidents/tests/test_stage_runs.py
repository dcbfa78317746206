"""How a stage run begins and ends: once, whoever else tries at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from incidents.choices import Stage, StageStatus
from incidents.models import Incident, StageRun
from incidents.stage_runs import stage_run_begin, stage_run_end
from incidents.tests.factories import IncidentFactory

WORKERS = 6


def begin(incident: Incident, *, attempt: int | None = None) -> StageRun | None:
    now = timezone.now()
    return stage_run_begin(
        incident_id=incident.pk,
        stage=Stage.LOGS,
        attempt=attempt,
        candidate=1,
        queued_at=now,
        now=now,
        lease_expires_at=now + timedelta(seconds=60),
    )


def end(run: StageRun, **fields: object) -> bool:
    return stage_run_end(
        run=run,
        status=StageStatus.SUCCEEDED,
        now=timezone.now(),
        exit_reason="Submitted",
        **fields,  # type: ignore[arg-type]
    )


@pytest.mark.django_db(transaction=True)
def test_of_several_workers_at_once_one_begins_the_stage() -> None:
    incident, together = IncidentFactory.create(), Barrier(WORKERS)

    def work(_number: int) -> StageRun | None:
        try:
            together.wait(timeout=30)
            return begin(incident)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        begun = [run for run in pool.map(work, range(WORKERS)) if run is not None]

    assert [run.pk for run in begun] == list(StageRun.objects.values_list("pk", flat=True))
    assert len(begun) == 1


@pytest.mark.django_db
def test_what_begins_is_the_row_that_is_stored() -> None:
    begun = begin(IncidentFactory.create(), attempt=2)

    assert begun is not None
    stored = StageRun.objects.get()
    fields = [field.attname for field in StageRun._meta.concrete_fields]
    assert {name: getattr(begun, name) for name in fields} == {name: getattr(stored, name) for name in fields}


@pytest.mark.django_db
def test_another_attempt_begins_beside_the_first_and_the_first_only_where_there_is_none() -> None:
    incident = IncidentFactory.create()

    assert begin(incident, attempt=1) is not None
    assert begin(incident, attempt=1) is None
    assert begin(incident, attempt=2) is not None
    assert begin(incident) is None


@pytest.mark.django_db
def test_both_note_that_the_incident_was_worked_on() -> None:
    incident = IncidentFactory.create()
    before = timezone.now()

    run = begin(incident)

    incident.refresh_from_db()
    assert run is not None
    assert before < incident.active_at
    before = timezone.now()
    assert end(run, output={"events": []})
    incident.refresh_from_db()
    assert before < incident.active_at


@pytest.mark.django_db
def test_whoever_lost_the_run_ends_nothing() -> None:
    run = begin(IncidentFactory.create())
    assert run is not None
    StageRun.objects.filter(pk=run.pk).update(claims=2)

    assert not end(run, output={"events": ["late"]})

    run.refresh_from_db()
    assert (run.status, run.output) == (StageStatus.RUNNING, None)


@pytest.mark.django_db
def test_an_end_without_output_keeps_what_was_handed_on_before() -> None:
    run = begin(IncidentFactory.create())
    assert run is not None
    assert end(run, output={"events": []}, output_version=3)
    StageRun.objects.update(status=StageStatus.RUNNING)
    run.refresh_from_db()

    assert stage_run_end(run=run, status=StageStatus.WAITING, now=timezone.now(), exit_reason="HandedBack")

    run.refresh_from_db()
    assert (run.status, run.output, run.output_version) == (StageStatus.WAITING, {"events": []}, 3)
    assert (run.lease_expires_at, run.exit_reason) == (None, "HandedBack")
