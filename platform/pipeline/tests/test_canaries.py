"""The canary: a real run up to its verdict, people told when it is missing, and nothing of it in the figures."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from core.shared_store import shared_store
from incidents.canary import CANARY
from incidents.choices import Classification, Status
from incidents.false_positives import false_positive_rate
from incidents.models import Incident, PullRequest, Transition
from incidents.mttr import histories
from incidents.tests.factories import IncidentFactory
from integrations.localgit.host import LocalGitHost
from pipeline import canaries, canary_service, tasks
from pipeline.tests.stories import an_incident, reason_of, status_of

pytestmark = pytest.mark.django_db

RUN: list[Callable[[int], Any]] = [
    *(tasks.triage, tasks.logs, tasks.commits, tasks.similar, tasks.owners, tasks.diagnose, tasks.prepare),
    tasks._next_round,
    lambda pk: tasks.propose(pk, 1, 1),
    lambda pk: tasks.trial(pk, 1, 1),
    tasks._next_round,
]


@pytest.fixture
def every_fifteen_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update={"canary_minutes": 15}))
    monkeypatch.setattr(canaries, "_STARTED_AT", timezone.now() - timedelta(days=1))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    titles: list[str] = []
    monkeypatch.setattr(canaries, "_tell", lambda title, _body: titles.append(title))
    shared_store().delete(canaries.TOLD)
    return titles


def a_verdict(*, minutes_ago: float) -> Incident:
    service = canary_service.canary_service_ensure()
    incident: Incident = IncidentFactory.create(service=service, status=Status.RESOLVED)
    at = timezone.now() - timedelta(minutes=minutes_ago)
    Transition.objects.create(incident=incident, source=Status.FIXING, target=Status.RESOLVED, actor="t", at=at)
    return incident


def test_a_run_ends_at_a_verdict_that_tests_really_gave(
    host: LocalGitHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = settings.ENV.model_copy(update={"sandbox_runner": "local", "anthropic_base_url": None})
    monkeypatch.setattr(settings, "ENV", local)
    incident = an_incident(service=canary_service.canary_service_ensure(), status=Status.TRIAGING)

    for step in RUN:
        step(incident.pk)

    assert (status_of(incident), reason_of(incident)) == (Status.RESOLVED, "verdict: fixed")
    report = incident.fixes.get().report or {}
    assert report["runner"] == "local"
    assert len(report["fail_to_pass"]) == 1
    assert not PullRequest.objects.filter(incident=incident).exists()
    assert sum(run.cost_usd for run in incident.stage_runs.all()) == 0


def test_without_a_schedule_nothing_is_missing() -> None:
    assert canaries.canary_problem() == ""


@pytest.mark.usefixtures("every_fifteen_minutes")
def test_a_verdict_in_time_is_no_problem() -> None:
    a_verdict(minutes_ago=20)

    assert canaries.canary_problem() == ""


@pytest.mark.usefixtures("every_fifteen_minutes")
def test_a_verdict_that_is_too_old_is_told_with_where_the_newest_canary_stands() -> None:
    a_verdict(minutes_ago=40)
    stuck = IncidentFactory.create(service=canary_service.canary_service_ensure(), status=Status.NEEDS_HUMAN)
    Incident.objects.filter(pk=stuck.pk).update(status_reason="No fix passed")

    assert "one is due every 15 minutes. The newest one is needs_human: No fix passed" in canaries.canary_problem()


@pytest.mark.usefixtures("every_fifteen_minutes")
def test_a_process_that_has_just_started_waits_for_the_first_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canaries, "_STARTED_AT", timezone.now())

    assert canaries.canary_problem() == ""


@pytest.mark.usefixtures("every_fifteen_minutes")
def test_people_are_told_once_that_it_is_missing_and_once_that_it_is_back(told: list[str]) -> None:
    assert [canaries.canary_watch() for _ in range(3)] == [False, False, False]
    a_verdict(minutes_ago=1)
    assert [canaries.canary_watch() for _ in range(2)] == [True, True]

    assert told == [
        "The canary of the alarm pipeline is missing",
        "The canary of the alarm pipeline is back",
    ]


def test_its_incidents_are_in_no_figure() -> None:
    incident = a_verdict(minutes_ago=1)
    Incident.objects.filter(pk=incident.pk).update(classification=Classification.REAL)
    assert incident.service.name == CANARY

    assert histories() == []
    assert false_positive_rate().called_real == 0
