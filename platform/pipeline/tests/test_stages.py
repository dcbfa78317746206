"""Claims, leases and checkpoints: what is delivered twice or late does nothing twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from pydantic import BaseModel

from core.errors import NeedsHuman, Unavailable
from incidents.admission import pause_end, pause_start
from incidents.choices import Stage, StageStatus, Status
from incidents.lifecycle import StaleState
from incidents.models import Incident, StageRun, Transition
from incidents.tests.factories import IncidentFactory
from integrations.codehost import CodeHostError
from pipeline.stages import NotNow, OutputUnreadable, pipeline_move, stage_output, stage_run, step


class Answer(BaseModel):
    value: int


def never(_run: StageRun) -> Answer:
    raise AssertionError("this stage was computed twice")


@pytest.mark.django_db(transaction=True)
def test_a_stage_is_computed_once_and_read_afterwards() -> None:
    incident = IncidentFactory.create()

    first = stage_run(incident, Stage.TRIAGE, Answer, lambda _run: Answer(value=7))
    second = stage_run(incident, Stage.TRIAGE, Answer, never)

    assert first == second == stage_output(incident, Stage.TRIAGE, Answer) == Answer(value=7)
    run = StageRun.objects.get()
    assert (run.status, run.exit_reason, run.lease_expires_at) == (StageStatus.SUCCEEDED, "Submitted", None)


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_computes_and_the_others_stop() -> None:
    incident = IncidentFactory.create()
    together = Barrier(6)

    def work(_run: StageRun) -> Answer:
        # Everybody else must have been turned away while this one works.
        assert StageRun.objects.count() == 1
        return Answer(value=1)

    def attempt(_number: int) -> str:
        together.wait()
        try:
            stage_run(incident, Stage.LOGS, Answer, work)
        except NotNow:
            return "stopped"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(attempt, range(6)))

    assert "done" in outcomes
    run = StageRun.objects.get()
    assert (run.claims, run.status) == (1, StageStatus.SUCCEEDED)


@pytest.mark.django_db(transaction=True)
def test_a_dead_workers_run_is_taken_over_and_the_dead_one_cannot_finish_it() -> None:
    incident = IncidentFactory.create()
    late: list[Exception] = []

    def dies(run: StageRun) -> Answer:
        StageRun.objects.filter(pk=run.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        stage_run(incident, Stage.DIAGNOSIS, Answer, lambda _run: Answer(value=2))
        return Answer(value=1)

    try:
        stage_run(incident, Stage.DIAGNOSIS, Answer, dies)
    except StaleState as error:
        late.append(error)

    assert len(late) == 1
    run = StageRun.objects.get()
    assert (run.claims, run.output) == (2, {"value": 2})


@pytest.mark.django_db(transaction=True)
def test_an_unavailable_system_leaves_the_run_to_go_on_where_it_stopped() -> None:
    incident = IncidentFactory.create()

    def unavailable(_run: StageRun) -> Answer:
        raise Unavailable("anthropic", "overloaded")

    with pytest.raises(Unavailable):
        stage_run(incident, Stage.REVIEW, Answer, unavailable)
    assert StageRun.objects.get().status == StageStatus.WAITING

    stage_run(incident, Stage.REVIEW, Answer, lambda _run: Answer(value=3))
    assert StageRun.objects.get().claims == 2


@pytest.mark.django_db(transaction=True)
def test_a_failed_run_is_kept_and_followed_by_a_fresh_one() -> None:
    incident = IncidentFactory.create()

    def refused(_run: StageRun) -> Answer:
        raise NeedsHuman("no evidence")

    with pytest.raises(NeedsHuman):
        stage_run(incident, Stage.DIAGNOSIS, Answer, refused)
    stage_run(incident, Stage.DIAGNOSIS, Answer, lambda _run: Answer(value=4))

    assert list(StageRun.objects.values_list("attempt", "status")) == [(1, "failed"), (2, "succeeded")]


@pytest.mark.django_db(transaction=True)
def test_a_stored_output_of_another_shape_is_refused_by_name() -> None:
    incident = IncidentFactory.create()
    stage_run(incident, Stage.TRIAGE, Answer, lambda _run: Answer(value=1))
    StageRun.objects.update(output={"value": "no number"})

    with pytest.raises(OutputUnreadable, match="cannot be read by this release"):
        stage_output(incident, Stage.TRIAGE, Answer)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (NeedsHuman("look at this"), Status.NEEDS_HUMAN, "look at this"),
        (Unavailable("github", "no route"), Status.OPEN, "Waiting for github: no route"),
        (CodeHostError("orders has no branch main"), Status.NEEDS_HUMAN, "orders has no branch main"),
        (KeyError("surprise"), Status.NEEDS_HUMAN, "Unexpected KeyError in fails: 'surprise'"),
    ],
)
def test_every_way_to_end_a_step_badly_has_its_status_and_reason(
    error: Exception, status: Status, reason: str
) -> None:
    incident = IncidentFactory.create()
    pipeline_move(incident, Status.TRIAGING)

    @step(Status.TRIAGING)
    def fails(_incident: Incident) -> None:
        raise error

    fails(incident.pk)

    incident.refresh_from_db()
    assert incident.status == status
    assert incident.status_reason.startswith(reason)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_was_restarted_sends_nobody_to_a_person_and_uses_up_no_try() -> None:
    incident = IncidentFactory.create(status=Status.FIXING)

    def work(_run: StageRun) -> Answer:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return Answer(value=1)

    @step(Status.FIXING)
    def body(found: Incident) -> None:
        stage_run(found, Stage.FIX, Answer, work, attempt=1)

    body(incident.pk)

    assert Incident.objects.get(pk=incident.pk).status == Status.FIXING
    run = StageRun.objects.get()
    assert (run.status, run.exit_reason) == (StageStatus.WAITING, "DatabaseAway")


@pytest.mark.django_db(transaction=True)
def test_an_error_of_the_database_in_a_step_leaves_the_incident_to_the_sweeper() -> None:
    incident = IncidentFactory.create(status=Status.REVIEWING)

    @step(Status.REVIEWING)
    def body(_incident: Incident) -> None:
        raise OperationalError("the connection was lost")

    body(incident.pk)

    assert Incident.objects.get(pk=incident.pk).status == Status.REVIEWING


@pytest.mark.django_db
def test_a_step_in_another_status_does_nothing() -> None:
    incident = IncidentFactory.create()

    @step(Status.REVIEWING)
    def fails(_incident: Incident) -> None:
        raise AssertionError("this step had no business here")

    fails(incident.pk)

    assert not Transition.objects.exists()


@pytest.mark.django_db
def test_a_step_that_lost_its_race_stops_quietly() -> None:
    incident = IncidentFactory.create()

    @step(Status.OPEN)
    def loses(mine: Incident) -> None:
        pipeline_move(Incident.objects.get(pk=mine.pk), Status.TRIAGING)
        pipeline_move(mine, Status.TRIAGING)

    loses(incident.pk)

    assert Transition.objects.count() == 1


@pytest.mark.django_db
def test_a_step_does_nothing_while_the_pipeline_is_paused() -> None:
    incident = IncidentFactory.create()
    done: list[int] = []

    @step(Status.OPEN)
    def works(mine: Incident) -> None:
        done.append(mine.pk)

    pause_start(reason="deploy freeze", actor="user:ada")
    works(incident.pk)
    assert done == []

    pause_end(actor="user:ada")
    works(incident.pk)
    assert done == [incident.pk]
