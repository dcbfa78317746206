"""What a stage's wait is counted from."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from incidents.choices import Stage, StageStatus
from incidents.models import Incident, StageRun, Transition
from incidents.tests.factories import IncidentFactory
from pipeline.queue_wait import queued_at

pytestmark = pytest.mark.django_db

START = timezone.now() - timedelta(minutes=10)


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def ended(incident: Incident, stage: Stage, seconds: int, *, attempt: int = 1, candidate: int = 1) -> None:
    StageRun.objects.create(
        incident=incident,
        stage=stage,
        attempt=attempt,
        candidate=candidate,
        status=StageStatus.SUCCEEDED,
        started_at=START,
        finished_at=at(seconds),
    )


@pytest.fixture
def incident() -> Incident:
    incident: Incident = IncidentFactory.create()
    Transition.objects.create(incident=incident, target="open", actor="system:test", at=START)
    return incident


def test_the_first_stage_waits_from_the_incidents_last_move(incident: Incident) -> None:
    assert queued_at(incident, Stage.TRIAGE, attempt=None, candidate=1) == START


def test_a_diagnosis_waits_from_the_last_evidence(incident: Incident) -> None:
    for seconds, stage in enumerate((Stage.LOGS, Stage.OWNERS, Stage.SIMILAR, Stage.COMMITS), start=5):
        ended(incident, stage, seconds)

    assert queued_at(incident, Stage.DIAGNOSIS, attempt=None, candidate=1) == at(8)


def test_a_trial_waits_from_its_own_candidate(incident: Incident) -> None:
    ended(incident, Stage.FIX, 20)
    ended(incident, Stage.FIX, 30, candidate=2)

    assert queued_at(incident, Stage.TRIAL, attempt=1, candidate=1) == at(20)


def test_a_second_candidate_does_not_wait_for_the_trial_of_the_first(incident: Incident) -> None:
    ended(incident, Stage.DIAGNOSIS, 10)
    ended(incident, Stage.PREPARE, 12)
    ended(incident, Stage.TRIAL, 40)

    assert queued_at(incident, Stage.FIX, attempt=1, candidate=2) == at(12)
    assert queued_at(incident, Stage.FIX, attempt=2, candidate=1) == at(40)
