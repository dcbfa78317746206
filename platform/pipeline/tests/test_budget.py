"""Three purses are asked before every model call: the incident's, the service's of today, everybody's of today."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from agents.evidence import Logs
from agents.runtime.contract import Step
from agents.tests.scripted import ScriptedModel, submission
from agents.tests.stories import a_triage
from core.budget import BudgetExceeded
from core.errors import NeedsHuman
from incidents.choices import Stage, Status
from incidents.models import AgentStep, Incident, StageRun
from integrations.localgit.host import LocalGitHost
from pipeline import sessions, tasks, triages
from pipeline.sessions import IncidentBudget, StageTranscript
from pipeline.stages import stage_run
from pipeline.tests.stories import an_incident, reason_of, status_of

pytestmark = pytest.mark.django_db


@dataclass
class CostlyModel(ScriptedModel):
    """A scripted model whose next call may cost a dollar and a half."""

    def upper_bound_usd(self, **_request: Any) -> Decimal:
        return Decimal("1.5")


def spent(incident: Incident, cost_usd: str, *, stage: Stage = Stage.DIAGNOSIS) -> StageRun:
    """Record one paid reply."""
    run = StageRun.objects.create(incident=incident, stage=stage, started_at=timezone.now())
    StageTranscript(run).append(Step("assistant", [], cost_usd=Decimal(cost_usd)))
    return run


def limited(monkeypatch: pytest.MonkeyPatch, incident: Incident, **purses: str) -> None:
    """Set `this_incident`, `this_service` and `everybody`, in dollars; what is not named is large."""
    service = incident.service
    service.budget_usd_per_incident = Decimal(purses.get("this_incident", "1000"))
    service.budget_usd_per_day = Decimal(purses.get("this_service", "1000"))
    service.save()
    everybody = {"model_budget_usd_per_day": Decimal(purses.get("everybody", "1000"))}
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=everybody))


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
    model = CostlyModel([submission("triage", a_triage())])
    monkeypatch.setattr(sessions, "messages_model", lambda _name: model)
    monkeypatch.setattr(triages, "logs_or_missing", lambda _incident: Logs(missing="not in this test"))

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

    IncidentBudget(incident).check(Decimal("1.5"))
    with pytest.raises(BudgetExceeded):
        IncidentBudget(incident).check(Decimal("1.500001"))


def test_an_incidents_purse_holds_all_its_stages_and_no_other_incidents(monkeypatch: pytest.MonkeyPatch) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, this_incident="3")
    spent(incident, "1", stage=Stage.DIAGNOSIS)
    spent(incident, "1", stage=Stage.FIX)
    spent(an_incident(service=incident.service), "500")

    IncidentBudget(incident).check(Decimal(1))
    with pytest.raises(BudgetExceeded, match=r"this incident is 3\.00 USD; 2\.0000 are spent"):
        IncidentBudget(incident).check(Decimal("1.01"))


def test_a_services_purse_holds_its_incidents_of_today_only(monkeypatch: pytest.MonkeyPatch) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, this_service="3")
    spent(an_incident(service=incident.service), "2")
    spent(an_incident(), "500")
    yesterday = spent(an_incident(service=incident.service), "500")
    _move_to_yesterday(yesterday)

    IncidentBudget(incident).check(Decimal(1))
    with pytest.raises(BudgetExceeded, match=r"today is 3\.00 USD; 2\.0000 are spent"):
        IncidentBudget(incident).check(Decimal("1.01"))


def test_everybodys_purse_holds_all_services_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    incident = an_incident()
    limited(monkeypatch, incident, everybody="3")
    spent(an_incident(), "2")
    _move_to_yesterday(spent(an_incident(), "500"))

    IncidentBudget(incident).check(Decimal(1))
    with pytest.raises(BudgetExceeded, match=r"all services today is 3\.00 USD; 2\.0000 are spent"):
        IncidentBudget(incident).check(Decimal("1.01"))


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
        IncidentBudget(incident).check(Decimal("1.01"))
        return Logs()

    with pytest.raises(NeedsHuman, match="declined"):
        stage_run(incident, Stage.REVIEW, Logs, fails_after_a_reply, attempt=1)
    with pytest.raises(BudgetExceeded, match=r"2\.0000 are spent"):
        stage_run(incident, Stage.REVIEW, Logs, asks_again, attempt=1)


def _move_to_yesterday(run: StageRun) -> None:
    AgentStep.objects.filter(stage_run=run).update(created_at=timezone.now() - timedelta(days=1))
