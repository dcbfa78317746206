"""Five purses are asked before every call: its own, the stage's, the incident's, the service's, everybody's.

However many calls begin at once: what each may cost is set aside until its price is recorded.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from agents.evidence import Logs
from agents.runtime.contract import Step
from agents.spending import reservations
from agents.spending.models import Reservation
from agents.spending.reservations import reservation_make
from agents.tests.scripted import ScriptedModel, submission
from agents.tests.stories import a_triage
from core.budget import BudgetExceeded, BudgetReserved, ReplyLost
from core.errors import NeedsHuman, Unavailable
from incidents import selectors
from incidents.choices import Stage, StageStatus, Status
from incidents.models import DaySpend, Incident, StageRun
from integrations.localgit.host import LocalGitHost
from pipeline import sessions, sweeper, tasks, triages
from pipeline.run_budget import RunBudget, losses_record
from pipeline.sessions import StageTranscript
from pipeline.stages import stage_run
from pipeline.tests.stories import an_incident, reason_of, status_of

pytestmark = pytest.mark.django_db


@dataclass
class CostlyModel(ScriptedModel):
    """A scripted model whose next call may cost a dollar and a half."""

    def upper_bound_usd(self, **_request: Any) -> Decimal:
        return Decimal("1.5")


def triage_model(monkeypatch: pytest.MonkeyPatch) -> CostlyModel:
    """Return the model that triages, with an answer ready."""
    model = CostlyModel([submission("triage", a_triage())])
    monkeypatch.setattr(sessions, "messages_model", lambda _name: model)
    monkeypatch.setattr(triages, "logs_or_missing", lambda _incident: Logs(missing="not in this test"))
    return model


def running(incident: Incident, *, stage: Stage = Stage.FIX, candidate: int = 1) -> StageRun:
    """Return a run that a living worker holds."""
    now = timezone.now()
    return StageRun.objects.create(
        incident=incident,
        stage=stage,
        candidate=candidate,
        started_at=now,
        lease_expires_at=now + timedelta(minutes=1),
    )


def spent(incident: Incident, cost_usd: str, *, stage: Stage = Stage.DIAGNOSIS) -> StageRun:
    """Record one paid reply."""
    run = running(incident, stage=stage)
    StageTranscript(run).append(Step("assistant", [], cost_usd=Decimal(cost_usd)))
    return run


def spent_yesterday(monkeypatch: pytest.MonkeyPatch, incident: Incident, cost_usd: str) -> None:
    """Record a reply that was paid the day before."""
    yesterday = timezone.now() - timedelta(days=1)
    with monkeypatch.context() as day_before:
        day_before.setattr(timezone, "now", lambda: yesterday)
        spent(incident, cost_usd)


def budget_of(incident: Incident) -> RunBudget:
    """Return the budget of a stage run that has spent nothing so far."""
    run = StageRun.objects.filter(incident=incident, stage=Stage.MONITOR).first()
    return RunBudget(incident, run or running(incident, stage=Stage.MONITOR))


def limited(monkeypatch: pytest.MonkeyPatch, incident: Incident, **purses: str) -> None:
    """Set `one_call`, `this_stage`, `this_incident`, `this_service` and `everybody`, in dollars.

    What is not named is large.
    """
    service = incident.service
    service.budget_usd_per_incident = Decimal(purses.get("this_incident", "1000"))
    service.budget_usd_per_day = Decimal(purses.get("this_service", "1000"))
    service.save()
    shared = {
        "model_budget_usd_per_call": Decimal(purses.get("one_call", "1000")),
        "model_budget_usd_per_stage": Decimal(purses.get("this_stage", "1000")),
        "model_budget_usd_per_day": Decimal(purses.get("everybody", "1000")),
    }
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=shared))


@pytest.mark.parametrize(
    ("purse", "name"),
    [
        ("this_incident", "this incident"),
        ("this_service", "{service} today"),
        ("everybody", "all services today"),
    ],
)
def test_each_purse_refuses_before_the_call_with_its_name_and_figures(
    monkeypatch: pytest.MonkeyPatch, host: LocalGitHost, purse: str, name: str
) -> None:
    incident = an_incident(status=Status.TRIAGING)
    limited(monkeypatch, incident, **{purse: "3"})
    spent(incident, "1.6")
    model = triage_model(monkeypatch)

    tasks.triage(incident.pk)

    assert model.requests == []
    assert status_of(incident) == Status.NEEDS_HUMAN
    assert reason_of(incident) == (
        f"The model budget of {name.format(service=incident.service)} is 3.00 USD; 1.6000 are spent and the next "
        "call may cost 1.5000. Raise the budget, then resume."
    )
    assert StageRun.objects.get(stage=Stage.TRIAGE).exit_reason == "BudgetExceeded"


def test_a_call_that_fits_exactly_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, this_incident="3", this_service="3", everybody="3")
    spent(incident, "1.5")

    budget_of(incident).set_aside(Decimal("1.5"))
    with pytest.raises(BudgetExceeded):
        budget_of(incident).set_aside(Decimal("1.500001"))


def test_an_incidents_purse_holds_all_its_stages_and_no_other_incidents(monkeypatch: pytest.MonkeyPatch) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, this_incident="3")
    spent(incident, "1", stage=Stage.DIAGNOSIS)
    spent(incident, "1", stage=Stage.FIX)
    spent(an_incident(service=incident.service), "500")

    budget_of(incident).set_aside(Decimal(1))
    with pytest.raises(BudgetExceeded, match=r"this incident is 3\.00 USD; 2\.0000 are spent"):
        budget_of(incident).set_aside(Decimal("1.01"))


def test_a_services_purse_holds_its_incidents_of_today_only(monkeypatch: pytest.MonkeyPatch) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, this_service="3")
    spent(an_incident(service=incident.service), "2")
    spent(an_incident(), "500")
    spent_yesterday(monkeypatch, an_incident(service=incident.service), "500")

    budget_of(incident).set_aside(Decimal(1))
    with pytest.raises(BudgetExceeded, match=r"today is 3\.00 USD; 2\.0000 are spent"):
        budget_of(incident).set_aside(Decimal("1.01"))


def test_one_call_has_a_purse_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, one_call="0.5")
    spent(incident, "100")

    budget_of(incident).set_aside(Decimal("0.5"))
    with pytest.raises(BudgetExceeded, match=r"one call is 0\.50 USD"):
        budget_of(incident).set_aside(Decimal("0.51"))


def test_a_stages_purse_holds_its_own_calls_only(monkeypatch: pytest.MonkeyPatch) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, this_stage="3")
    run = spent(incident, "2")
    spent(incident, "500", stage=Stage.FIX)

    RunBudget(incident, run).set_aside(Decimal(1))
    with pytest.raises(BudgetExceeded, match=r"this stage is 3\.00 USD; 2\.0000 are spent"):
        RunBudget(incident, run).set_aside(Decimal("1.01"))


def test_everybodys_purse_holds_all_services_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, everybody="3")
    spent(an_incident(), "2")
    spent_yesterday(monkeypatch, an_incident(), "500")

    budget_of(incident).set_aside(Decimal(1))
    with pytest.raises(BudgetExceeded, match=r"all services today is 3\.00 USD; 2\.0000 are spent"):
        budget_of(incident).set_aside(Decimal("1.01"))


def test_what_a_failed_try_cost_still_counts_when_the_stage_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, this_service="3")

    def fails_after_a_reply(run: StageRun) -> Logs:
        transcript = StageTranscript(run)
        assert transcript.steps() == []
        transcript.append(Step("assistant", [], cost_usd=Decimal(2)))
        raise NeedsHuman("the model declined")

    def asks_again(run: StageRun) -> Logs:
        assert StageTranscript(run).steps() == []
        budget_of(incident).set_aside(Decimal("1.01"))
        return Logs()

    with pytest.raises(NeedsHuman, match="declined"):
        stage_run(incident, Stage.REVIEW, Logs, fails_after_a_reply, attempt=1)
    with pytest.raises(BudgetExceeded, match=r"2\.0000 are spent"):
        stage_run(incident, Stage.REVIEW, Logs, asks_again, attempt=1)


@contextmanager
def own_connection() -> Iterator[None]:
    """Close the thread's connection at its end."""
    try:
        yield
    finally:
        connection.close()


@pytest.mark.parametrize("purse", ["this_incident", "this_service", "everybody"])
@pytest.mark.django_db(transaction=True)
def test_of_calls_that_begin_at_once_only_as_many_pass_as_the_budget_pays_for(
    monkeypatch: pytest.MonkeyPatch, purse: str
) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, **{purse: "3.5"})
    runs = [running(incident, candidate=number) for number in range(1, 13)]
    beginning, all_asked = Barrier(len(runs), timeout=30), Barrier(len(runs), timeout=30)

    def call(run: StageRun) -> bool:
        with own_connection():
            budget = RunBudget(incident, run)
            beginning.wait()
            try:
                with budget.set_aside(Decimal(1)):
                    all_asked.wait()
                    StageTranscript(run).append(Step("assistant", [], cost_usd=Decimal(1)))
            except BudgetReserved:
                all_asked.wait()
                return False
            return True

    with ThreadPoolExecutor(len(runs)) as pool:
        paid = sum(pool.map(call, runs))

    assert paid == 3
    assert not Reservation.objects.exists()
    with pytest.raises(BudgetExceeded, match=r"3\.0000 are spent"):
        RunBudget(incident, runs[0]).set_aside(Decimal(1))


@pytest.mark.django_db(transaction=True)
def test_threads_that_call_until_they_are_refused_never_spend_more_than_the_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, this_incident="2")
    runs = [running(incident, candidate=number) for number in range(1, 9)]

    def calls(run: StageRun) -> None:
        with own_connection():
            budget = RunBudget(incident, run)
            while True:
                try:
                    with budget.set_aside(Decimal("0.11")):
                        StageTranscript(run).append(Step("assistant", [], cost_usd=Decimal("0.07")))
                except BudgetReserved:
                    continue
                except BudgetExceeded:
                    return

    with ThreadPoolExecutor(len(runs)) as pool:
        list(pool.map(calls, runs))

    # One call more, at its price or at its bound, would not have fitted.
    assert Decimal("1.89") < selectors.spent_usd(incident=incident) <= Decimal(2)


def test_what_is_set_aside_is_given_back_when_the_call_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, this_incident="1")
    budget, other = RunBudget(incident, running(incident)), RunBudget(incident, running(incident, candidate=2))

    with pytest.raises(Unavailable), budget.set_aside(Decimal("0.6")):
        with pytest.raises(BudgetReserved, match=r"0\.6000 are set aside"):
            other.set_aside(Decimal("0.6"))
        raise Unavailable("anthropic", "away")

    with other.set_aside(Decimal("0.6")):
        assert Reservation.objects.count() == 1


def test_what_a_dead_worker_had_set_aside_counts_as_spent_when_its_lease_runs_out_or_its_run_is_taken_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, this_incident="1")
    dead, taken_over = running(incident), running(incident, candidate=2)
    other = RunBudget(incident, running(incident, candidate=3))

    RunBudget(incident, dead).set_aside(Decimal("0.3"))
    with pytest.raises(BudgetReserved):
        other.set_aside(Decimal("0.8"))
    StageRun.objects.filter(pk=dead.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(BudgetExceeded, match=r"0\.3000 are spent \(0\.3000 of it for calls whose"):
        other.set_aside(Decimal("0.8"))

    RunBudget(incident, taken_over).set_aside(Decimal("0.3"))
    StageRun.objects.filter(pk=taken_over.pk).update(claims=2)
    taken_over.claims = 2
    with pytest.raises(BudgetExceeded, match=r"0\.6000 are spent \(0\.6000 of it"):
        RunBudget(incident, taken_over).set_aside(Decimal("0.5"))
    with RunBudget(incident, taken_over).set_aside(Decimal("0.4")):
        StageTranscript(taken_over).append(Step("assistant", [], cost_usd=Decimal("0.1")))

    assert [found.claims for found in taken_over.reservations.all()] == [1]


def test_what_was_lost_counts_in_the_purses_of_its_own_day_only(monkeypatch: pytest.MonkeyPatch) -> None:
    incident, later = an_incident(), an_incident()
    limited(monkeypatch, incident, this_incident="1", everybody="1")
    dead = running(incident)
    RunBudget(incident, dead).set_aside(Decimal("0.6"))
    StageRun.objects.filter(pk=dead.pk).update(status=StageStatus.WAITING, lease_expires_at=None)
    with pytest.raises(BudgetExceeded, match="all services today"):
        budget_of(later).set_aside(Decimal("0.6"))

    Reservation.objects.update(reserved_at=timezone.now() - timedelta(days=1))

    budget_of(later).set_aside(Decimal("0.6"))
    with pytest.raises(BudgetExceeded, match="this incident"):
        budget_of(incident).set_aside(Decimal("0.6"))


def test_what_an_answer_that_broke_off_may_have_cost_is_spent_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, this_incident="1")
    run = running(incident)

    with pytest.raises(ReplyLost), RunBudget(incident, run).set_aside(Decimal("0.3")):
        raise ReplyLost("anthropic", "broke off", lost_usd=Decimal("0.2"))
    with RunBudget(incident, run).set_aside(Decimal("0.3")):
        StageTranscript(run).append(Step("assistant", [], cost_usd=Decimal("0.1")))

    assert not Reservation.objects.exists()
    assert selectors.spent_usd(incident=incident) == selectors.spent_today_usd() == Decimal("0.3")
    with pytest.raises(BudgetExceeded, match=r"0\.3000 are spent and"):
        RunBudget(incident, run).set_aside(Decimal("0.8"))


def test_what_dead_workers_had_set_aside_is_recorded_once_on_its_day_and_what_goes_on_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, this_incident="3")
    dead, taken_over, ended, alive = [running(incident, candidate=number) for number in range(1, 5)]
    for run in (dead, taken_over, ended, alive):
        RunBudget(incident, run).set_aside(Decimal("0.3"))
    StageRun.objects.filter(pk=dead.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    StageRun.objects.filter(pk=taken_over.pk).update(claims=2)
    StageRun.objects.filter(pk=ended.pk).update(status=StageStatus.WAITING, lease_expires_at=None)
    assert losses_record() == 0
    noon = timezone.now().replace(hour=12)
    Reservation.objects.update(reserved_at=noon - timedelta(days=1))
    Reservation.objects.filter(stage_run=ended).update(reserved_at=noon - timedelta(days=2))

    assert losses_record() == 3
    assert losses_record() == 0

    assert Reservation.objects.get().stage_run == alive
    cost = dict(StageRun.objects.values_list("pk", "cost_usd"))
    assert cost == {dead.pk: Decimal("0.3"), taken_over.pk: Decimal("0.3"), ended.pk: Decimal("0.3"), alive.pk: 0}
    assert dict(DaySpend.objects.values_list("day", "usd")) == {
        noon.date() - timedelta(days=1): Decimal("0.6"),
        noon.date() - timedelta(days=2): Decimal("0.3"),
    }
    with pytest.raises(BudgetExceeded, match=r"0\.9000 are spent and"):
        RunBudget(incident, alive).set_aside(Decimal("2.2"))


@pytest.mark.parametrize(("minutes", "counted"), [(9, "0.1"), (11, "0.4")])
def test_a_worker_that_was_taken_for_dead_still_records_its_price(
    monkeypatch: pytest.MonkeyPatch, sent: list[int], minutes: int, counted: str
) -> None:
    incident = an_incident()
    limited(monkeypatch, incident)
    run = running(incident)

    with RunBudget(incident, run).set_aside(Decimal("0.3")):
        StageRun.objects.filter(pk=run.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        Reservation.objects.update(reserved_at=timezone.now() - timedelta(minutes=minutes))
        sweeper.sweep()
        StageTranscript(run).append(Step("assistant", [], cost_usd=Decimal("0.1")))

    assert selectors.spent_usd(incident=incident) == Decimal(counted)
    assert not Reservation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_prices_and_losses_recorded_at_the_same_time_neither_deadlock_nor_get_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    incident = an_incident()
    limited(monkeypatch, incident)
    monkeypatch.setattr(reservations, "ANSWERED_WITHIN", timedelta(0))
    runs = [running(incident, candidate=number) for number in range(1, 5)]
    beginning, calls = Barrier(len(runs) + 2, timeout=30), 30

    def work(run: StageRun) -> None:
        with own_connection():
            beginning.wait()
            for number in range(calls):
                reservation_make(stage_run_id=run.pk, claims=7, usd=Decimal("0.01"))  # a dead worker's
                with RunBudget(incident, run).set_aside(Decimal("0.2")):
                    StageTranscript(run).append(Step("assistant", [], cost_usd=Decimal("0.1")))
                with pytest.raises(ReplyLost), RunBudget(incident, run).set_aside(Decimal("0.2")):
                    raise ReplyLost("anthropic", str(number), lost_usd=Decimal("0.03"))

    def sweeps(_number: int) -> int:
        with own_connection():
            beginning.wait()
            return sum(losses_record() for _ in range(40))

    with ThreadPoolExecutor(len(runs) + 2) as pool:
        swept = pool.map(sweeps, range(2))
        list(pool.map(work, runs))
        found = sum(swept) + losses_record()

    assert found == len(runs) * calls
    each = Decimal("0.01") + Decimal("0.1") + Decimal("0.03")
    assert selectors.spent_usd(incident=incident) == selectors.spent_today_usd() == len(runs) * calls * each


def test_an_answer_that_came_and_could_not_be_recorded_counts_as_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, this_incident="1")
    run = running(incident)

    with pytest.raises(OperationalError), RunBudget(incident, run).set_aside(Decimal("0.6")):
        raise OperationalError("the connection is gone")
    StageRun.objects.filter(pk=run.pk).update(status=StageStatus.WAITING, lease_expires_at=None)

    with pytest.raises(BudgetExceeded, match=r"0\.6000 of it for calls whose price was lost"):
        budget_of(incident).set_aside(Decimal("0.6"))


def test_a_call_that_only_waits_for_others_to_be_paid_parks_its_incident_instead_of_asking_a_person(
    monkeypatch: pytest.MonkeyPatch, host: LocalGitHost
) -> None:
    incident = an_incident(status=Status.TRIAGING)
    limited(monkeypatch, incident, everybody="2")
    elsewhere = an_incident()
    going_on = RunBudget(elsewhere, running(elsewhere)).set_aside(Decimal(1))
    model = triage_model(monkeypatch)

    tasks.triage(incident.pk)

    assert model.requests == []
    assert status_of(incident) == Status.OPEN
    assert reason_of(incident).startswith("Waiting for budget: The model budget of all services today is 2.00 USD")
    assert StageRun.objects.get(incident=incident, stage=Stage.TRIAGE).status == StageStatus.WAITING
    with going_on:
        StageTranscript(elsewhere.stage_runs.get()).append(Step("assistant", [], cost_usd=Decimal("0.1")))
    Incident.objects.filter(pk=incident.pk).update(status=Status.TRIAGING)
    tasks.triage(incident.pk)
    assert len(model.requests) == 1
