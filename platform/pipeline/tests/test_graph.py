"""The run on a real worker and broker: what waits for what, and that a second delivery changes nothing."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from celery.contrib.testing.worker import start_worker
from django.utils import timezone

from config import celery_app
from incidents.admission import pause_end, pause_start
from incidents.choices import ENDED, Stage, Status
from incidents.models import Incident, StageRun
from incidents.tests.factories import IncidentFactory, PullRequestFactory
from pipeline import diagnoses, evidence, fixes, gates, graph, preparation, pull_requests, reviews, triages
from pipeline.rounds import Round
from pipeline.stages import pipeline_move


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    celery_app.control.purge()
    with start_worker(celery_app, pool="threads", concurrency=6, perform_ping_check=False, shutdown_timeout=30):
        yield


class Recorder:
    """Stands in for every step's work and notes the order of its beginnings."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, rounds: int) -> None:
        self.order: list[str] = []
        self.ended = threading.Event()
        self._rounds = rounds
        self._lock = threading.Lock()
        monkeypatch.setattr(triages, "triage_run", self.then_to("triage", Status.DIAGNOSING))
        monkeypatch.setattr(evidence, "evidence_collect", self._evidence)
        monkeypatch.setattr(diagnoses, "diagnosis_run", self.then_to("diagnose", Status.FIXING))
        monkeypatch.setattr(preparation, "sandbox_prepare", self.then_to("prepare"))
        monkeypatch.setattr(fixes, "round_next", self._round_next)
        monkeypatch.setattr(fixes, "fix_propose", self._candidate("propose"))
        monkeypatch.setattr(fixes, "fix_try", self._candidate("trial"))
        monkeypatch.setattr(reviews, "review_run", self.then_to("review"))
        monkeypatch.setattr(gates, "gate_run", self.then_to("gate", Status.OPENING_PR))
        monkeypatch.setattr(pull_requests, "pull_request_open", self.then_to("open", Status.PR_OPEN))
        monkeypatch.setattr(pull_requests, "pull_request_merge", self._end)

    def note(self, name: str) -> None:
        with self._lock:
            self.order.append(name)

    def then_to(self, name: str, *targets: Status) -> Callable[[Incident], None]:
        def work(incident: Incident) -> None:
            self.note(name)
            for target in targets:
                pipeline_move(incident, target)

        return work

    def _evidence(self, incident: Incident, stage: Stage) -> None:
        self.note(stage)

    def _candidate(self, name: str) -> Callable[..., None]:
        return lambda incident, *, attempt, candidate: self.note(f"{name} {attempt}")

    def _round_next(self, incident: Incident) -> Round | None:
        done = sum(entry.startswith("trial") for entry in self.order)
        if done < self._rounds:
            return Round(done + 1, (1,))
        pipeline_move(incident, Status.REVIEWING)
        return None

    def _end(self, incident: Incident) -> None:
        self.note("merge")
        self.ended.set()


def test_every_stage_waits_for_what_it_needs(worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(monkeypatch, rounds=2)
    incident = IncidentFactory.create()

    graph.advance(incident.pk)

    assert recorder.ended.wait(60), recorder.order
    order = recorder.order
    assert order[0] == "triage"
    for piece in ("logs", "commits", "similar", "owners"):
        assert order.index(piece) < order.index("diagnose")
    tail = ["propose 1", "trial 1", "propose 2", "trial 2", "review", "gate", "open", "merge"]
    assert order[-8:] == tail
    assert order.index("prepare") < order.index("propose 1")
    assert len(order) == len(set(order)) == 15


def test_what_is_left_begins_where_the_status_stands(worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(monkeypatch, rounds=0)
    incident = IncidentFactory.create(status=Status.OPENING_PR)

    graph.advance(incident.pk)

    assert recorder.ended.wait(30), recorder.order
    assert recorder.order == ["open", "merge"]


@pytest.mark.django_db
@pytest.mark.parametrize("status", [*sorted(ENDED), Status.AWAITING_APPROVAL, Status.NEEDS_HUMAN])
def test_nothing_is_left_where_people_decide_or_all_is_over(status: Status) -> None:
    assert graph.remaining(IncidentFactory.create(status=status)) is None


@pytest.mark.django_db
@pytest.mark.parametrize("is_merged_by_platform", [True, False])
def test_an_open_pull_request_is_merged_only_where_the_platform_may(is_merged_by_platform: bool) -> None:
    pull_request = PullRequestFactory.create(
        incident__status=Status.PR_OPEN, is_merged_by_platform=is_merged_by_platform
    )

    left = graph.remaining(pull_request.incident)

    assert (left is not None) == is_merged_by_platform


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the incidents whose run was started."""
    ids: list[int] = []

    class Run:
        def __init__(self, incident: Incident) -> None:
            self._incident = incident

        def apply_async(self) -> None:
            ids.append(self._incident.pk)

    monkeypatch.setattr(graph, "remaining", Run)
    return ids


@pytest.mark.django_db
def test_an_open_incident_enters_triage_when_its_run_starts(started: list[int]) -> None:
    incident = IncidentFactory.create()

    graph.advance(incident.pk)

    assert started == [incident.pk]
    assert Incident.objects.get(pk=incident.pk).status == Status.TRIAGING


@pytest.mark.django_db
def test_what_is_over_its_services_limit_is_not_started(started: list[int]) -> None:
    incident = IncidentFactory.create(service__incidents_per_hour=0)

    graph.advance(incident.pk)

    assert started == []
    assert Incident.objects.get(pk=incident.pk).status == Status.OPEN


@pytest.mark.django_db
@pytest.mark.parametrize("status", [Status.OPEN, Status.FIXING])
def test_nothing_is_started_while_the_pipeline_is_paused(started: list[int], status: Status) -> None:
    incident = IncidentFactory.create(status=status)
    pause_start(reason="deploy freeze", actor="user:ada")

    graph.advance(incident.pk)
    assert started == []

    pause_end(actor="user:ada")
    graph.advance(incident.pk)
    assert started == [incident.pk]


@pytest.mark.django_db
def test_after_a_merge_only_the_monitors_are_left() -> None:
    left = graph.remaining(IncidentFactory.create(status=Status.MONITORING))

    assert left is not None
    assert left.task == "pipeline.monitor"


@pytest.mark.django_db
def test_a_merge_that_is_not_answered_yet_does_not_keep_its_monitors_waiting(started: list[int]) -> None:
    incident = IncidentFactory.create(status=Status.MONITORING)
    lease = timezone.now() + timedelta(minutes=1)
    StageRun.objects.create(
        incident=incident, stage=Stage.MERGE, started_at=timezone.now(), lease_expires_at=lease
    )

    graph.advance(incident.pk)

    assert started == [incident.pk]
