"""The safety net: only what stands still is nudged, and not at every sweep."""

import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from core.errors import Unavailable
from core.resilience.breaker import breaker_reset, guarded
from incidents.choices import Stage, StageStatus, Status
from incidents.models import Incident, StageRun, Transition
from incidents.tests.factories import IncidentFactory, PullRequestFactory
from integrations.codehost import CHECKS
from pipeline import sweeper
from pipeline.sweeper import sweep

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def standing_still(**fields: object) -> Incident:
    incident: Incident = IncidentFactory.create(**fields)
    Incident.objects.filter(pk=incident.pk).update(active_at=timezone.now() - timedelta(hours=1))
    return incident


def test_a_moving_incident_that_stands_still_is_nudged_once_an_interval() -> None:
    incident = standing_still(status=Status.DIAGNOSING)

    assert sweep() == [incident.pk]
    assert sweep() == []


@pytest.mark.parametrize("status", [Status.AWAITING_APPROVAL, Status.NEEDS_HUMAN, Status.PR_OPEN, Status.RESOLVED])
def test_what_waits_for_others_or_has_ended_is_left_alone(status: Status) -> None:
    standing_still(status=status)

    assert sweep() == []


def test_a_stage_with_a_live_lease_is_left_alone_and_one_without_is_not() -> None:
    incident = standing_still(status=Status.FIXING)
    now = timezone.now()
    run = StageRun.objects.create(
        incident=incident, stage=Stage.FIX, started_at=now, lease_expires_at=now + timedelta(minutes=1)
    )
    assert sweep() == []

    run.lease_expires_at = now - timedelta(seconds=1)
    run.save()
    assert sweep() == [incident.pk]


def parked(system: str) -> Incident:
    return standing_still(status=Status.OPEN, status_reason=f"Waiting for {system}: overloaded")


def break_circuit(seconds: float) -> None:
    with pytest.raises(Unavailable), guarded("anthropic"):
        raise Unavailable("anthropic", "overloaded", retry_after_seconds=seconds)


def test_what_waits_for_a_system_that_is_left_alone_goes_on_waiting_and_is_taken_up_by_itself() -> None:
    waiting, other = parked("anthropic"), parked("github")
    break_circuit(60)

    assert sweep() == [other.pk]

    breaker_reset("anthropic", "user:ada")
    assert sweep() == [waiting.pk]


def test_only_one_goes_to_find_out_whether_a_system_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    short = {"breaker_failures": 1, "breaker_open_seconds": 0.05}
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=short))
    oldest, *others = [parked("anthropic") for _ in range(3)]
    break_circuit(0)
    assert sweep() == []
    time.sleep(0.1)

    assert sweep() == [oldest.pk]

    with guarded("anthropic"):
        pass
    assert sweep() == [other.pk for other in others]


def waited(incident: Incident, *, minutes: float, nudged: float) -> None:
    """Let the incident's last move be `minutes` ago and its last nudge `nudged` minutes."""
    now = timezone.now()
    Transition.objects.create(
        incident=incident, source=Status.TRIAGING, target=incident.status, at=now - timedelta(minutes=minutes)
    )
    Incident.objects.filter(pk=incident.pk).update(active_at=now - timedelta(minutes=nudged))


@pytest.mark.parametrize(
    ("minutes", "nudged", "is_due"),
    [(1, 1, True), (3, 1, False), (3, 1.6, True), (60, 9, False), (60, 11, True)],
)
def test_what_stands_in_a_long_queue_is_nudged_ever_less_often(
    minutes: float, nudged: float, is_due: bool
) -> None:
    incident = standing_still(status=Status.DIAGNOSING)
    waited(incident, minutes=minutes, nudged=nudged)

    assert sweep() == ([incident.pk] if is_due else [])


def test_a_stage_that_ended_since_counts_as_a_move() -> None:
    incident = standing_still(status=Status.DIAGNOSING)
    waited(incident, minutes=60, nudged=1)
    now = timezone.now()
    StageRun.objects.create(
        incident=incident,
        stage=Stage.LOGS,
        status=StageStatus.SUCCEEDED,
        started_at=now - timedelta(minutes=2),
        finished_at=now - timedelta(minutes=1),
    )

    assert sweep() == [incident.pk]


def test_a_worker_that_died_is_replaced_however_long_its_incident_has_waited() -> None:
    incident = standing_still(status=Status.DIAGNOSING)
    waited(incident, minutes=60, nudged=1)
    now = timezone.now()
    StageRun.objects.create(incident=incident, stage=Stage.DIAGNOSIS, started_at=now, lease_expires_at=now)

    assert sweep() == [incident.pk]


def test_one_that_is_parked_stands_in_no_queue_and_is_tried_at_every_interval() -> None:
    incident = standing_still(status=Status.MONITORING, status_reason="Waiting for cloudwatch: throttled")
    waited(incident, minutes=60, nudged=1)

    assert sweep() == [incident.pk]


def test_a_broker_that_was_away_puts_nothing_off(monkeypatch: pytest.MonkeyPatch) -> None:
    began = timezone.now()
    incidents = [standing_still(status=Status.DIAGNOSING) for _ in range(3)]
    for incident in incidents:
        waited(incident, minutes=0.5, nudged=0.5)
    tried: list[int] = []
    sweeps: list[list[int]] = []

    def is_away(_name: str, incident_id: int) -> bool:
        tried.append(incident_id)
        return False

    for number in range(1, 21):
        monkeypatch.setattr(timezone, "now", lambda at=began + timedelta(seconds=30 * number): at)
        with monkeypatch.context() as broker:
            if number <= 15:
                broker.setattr(sweeper, "nudge_now", is_away)
            sweeps.append(sweep())

    # 450 seconds without a broker: one try a sweep, and all go on at the first sweep after.
    assert tried == [incidents[0].pk] * 15
    assert sweeps[:15] == [[]] * 15
    assert sweeps[15] == [incident.pk for incident in incidents]


def test_one_that_a_worker_has_moved_on_at_the_nudge_keeps_its_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    incident = standing_still(status=Status.DIAGNOSING)
    later = timezone.now() + timedelta(seconds=1)

    def moved_on(_name: str, incident_id: int) -> bool:
        return bool(Incident.objects.filter(pk=incident_id).update(active_at=later))

    monkeypatch.setattr(sweeper, "nudge_now", moved_on)
    assert sweep() == [incident.pk]

    assert Incident.objects.get().active_at == later


def test_what_waits_to_be_admitted_is_asked_about_at_every_interval() -> None:
    incident = standing_still(status=Status.OPEN)
    waited(incident, minutes=60, nudged=1)

    assert sweep() == [incident.pk]


@pytest.mark.parametrize(
    ("opened", "asked", "is_due"),
    [(2, 1, True), (16, 1, False), (16, 2.5, True), (900, 9, False), (900, 11, True)],
)
def test_a_pull_request_whose_checks_go_on_is_asked_about_ever_less_often(
    opened: float, asked: float, is_due: bool
) -> None:
    incident = standing_still(status=Status.PR_OPEN, status_reason=f"Waiting for {CHECKS}: one goes on")
    since = timezone.now() - timedelta(minutes=opened)
    PullRequestFactory(incident=incident, is_merged_by_platform=True, opened_at=since)
    waited(incident, minutes=opened, nudged=asked)
    # The last try ended a moment after its nudge.
    ended = timezone.now() - timedelta(minutes=asked, seconds=-1)
    StageRun.objects.create(
        incident=incident,
        stage=Stage.MERGE,
        status=StageStatus.WAITING,
        started_at=ended,
        finished_at=ended,
    )

    assert sweep() == ([incident.pk] if is_due else [])
