"""How a stage run begins and ends: once, whoever else tries at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from incidents.choices import Stage, StageStatus
from incidents.models import DaySpend, Incident, StageRun
from incidents.selectors import day_began_at, spent_around, spent_today_usd
from incidents.stage_runs import TokensAdded, agent_step_store, loss_record, stage_run_begin, stage_run_end
from incidents.tasks import recount_day_spend
from incidents.tests.factories import IncidentFactory

pytestmark = pytest.mark.django_db

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


def test_what_begins_is_the_row_that_is_stored() -> None:
    begun = begin(IncidentFactory.create(), attempt=2)

    assert begun is not None
    stored = StageRun.objects.get()
    fields = [field.attname for field in StageRun._meta.concrete_fields]
    assert {name: getattr(begun, name) for name in fields} == {name: getattr(stored, name) for name in fields}


def test_another_attempt_begins_beside_the_first_and_the_first_only_where_there_is_none() -> None:
    incident = IncidentFactory.create()

    assert begin(incident, attempt=1) is not None
    assert begin(incident, attempt=1) is None
    assert begin(incident, attempt=2) is not None
    assert begin(incident) is None


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


def test_whoever_lost_the_run_ends_nothing() -> None:
    run = begin(IncidentFactory.create())
    assert run is not None
    StageRun.objects.filter(pk=run.pk).update(claims=2)

    assert not end(run, output={"events": ["late"]})

    run.refresh_from_db()
    assert (run.status, run.output) == (StageStatus.RUNNING, None)


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


def test_a_paid_message_adds_to_its_run_and_to_what_its_service_spent_today() -> None:
    run, other = begin(IncidentFactory.create()), begin(IncidentFactory.create())
    assert run is not None
    assert other is not None

    for number, (which, cost) in enumerate(((run, "0.25"), (run, "0.5"), (other, "1"))):
        agent_step_store(
            run=which,
            number=number,
            role="assistant",
            content=[{"type": "text", "text": "done"}],
            cost_usd=Decimal(cost),
            tokens=TokensAdded(100, 80, 7),
            model="a-model",
        )

    run.refresh_from_db()
    assert (run.cost_usd, run.input_tokens, run.cached_input_tokens, run.output_tokens, run.model) == (
        Decimal("0.75"),
        200,
        160,
        14,
        "a-model",
    )
    assert spent_today_usd() == Decimal("1.75")
    assert spent_around(run=run, service=run.incident.service) == (
        Decimal("0.75"),
        Decimal("0.75"),
        Decimal("0.75"),
        Decimal("1.75"),
    )


def test_a_message_whose_number_is_taken_costs_nothing_twice() -> None:
    run = begin(IncidentFactory.create())
    assert run is not None
    agent_step_store(run=run, number=1, role="assistant", content=[], cost_usd=Decimal(1))

    with pytest.raises(IntegrityError), transaction.atomic():
        agent_step_store(run=run, number=1, role="assistant", content=[], cost_usd=Decimal(1))

    run.refresh_from_db()
    assert (run.steps.count(), run.cost_usd, spent_today_usd()) == (1, Decimal(1), Decimal(1))


def test_yesterdays_spending_is_none_of_todays(monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(IncidentFactory.create())
    assert run is not None
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    monkeypatch.setattr(timezone, "now", lambda: midnight - timedelta(microseconds=1))
    agent_step_store(run=run, number=1, role="assistant", content=[], cost_usd=Decimal(1))
    assert spent_today_usd() == 1

    monkeypatch.setattr(timezone, "now", lambda: midnight)

    assert spent_today_usd() == 0


def test_what_a_release_without_the_days_rows_spent_is_made_good_and_what_was_lost_is_not_taken_back() -> None:
    behind, ahead = begin(IncidentFactory.create()), begin(IncidentFactory.create())
    assert behind is not None and ahead is not None
    for run in (behind, ahead):
        agent_step_store(run=run, number=0, role="assistant", content=[], cost_usd=Decimal(2))
        run.steps.create(number=1, role="assistant", content=[], cost_usd=Decimal(3))
        old = run.steps.create(number=2, role="assistant", content=[], cost_usd=Decimal(100))
        type(old).objects.filter(pk=old.pk).update(created_at=day_began_at() - timedelta(seconds=1))
    loss_record(stage_run_id=ahead.pk, usd=Decimal(7), day=day_began_at().date())

    recount_day_spend()
    recount_day_spend()

    spent = dict(DaySpend.objects.values_list("service", "usd"))
    assert spent == {behind.incident.service_id: 5, ahead.incident.service_id: 9}
