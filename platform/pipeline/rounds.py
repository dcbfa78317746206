"""Rounds of fixing: how many candidates each has, which of them are left, and when the rounds are over."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from core.errors import NeedsHuman
from incidents.choices import Severity, Stage, StageStatus, Status
from incidents.lifecycle import StaleState
from incidents.models import Incident, StageRun

# Where an answer is worth more than the model's price for it.
SEVERE = frozenset({Severity.P0, Severity.P1})


class SameBytes(NeedsHuman):
    """Another candidate of the round is the same change: one trial says all there is to say."""

    exit_reason = "SameBytes"


@dataclass(frozen=True)
class Round:
    """A round to work on: its number from 1 and the candidates of it that are not done."""

    attempt: int
    candidates: tuple[int, ...]


def candidates_of(incident: Incident) -> int:
    """Return how many candidates a round of the incident has."""
    env = settings.ENV
    return int(env.pipeline_severe_candidates if incident.severity in SEVERE else env.pipeline_candidates)


def round_begun(incident: Incident) -> Round | None:
    """Return the newest round with what is left of it, perhaps nothing; None before the first."""
    newest = StageRun.objects.filter(incident=incident, stage=Stage.FIX).order_by("-attempt").first()
    if newest is None:
        return None
    done = _failed(incident, newest.attempt) | _with(
        incident, newest.attempt, stage=Stage.TRIAL, status=StageStatus.SUCCEEDED
    )
    return Round(newest.attempt, tuple(sorted(_all(incident, newest.attempt).difference(done))))


def round_fresh(incident: Incident, attempt: int) -> Round:
    """Return a round of which nothing is done yet."""
    return Round(attempt, tuple(sorted(_all(incident, attempt))))


def rounds_allowed(incident: Incident) -> int:
    """A person who resumes gives a fresh set of rounds; a review that asks for changes gives one more."""
    resumed = incident.transitions.filter(source=Status.NEEDS_HUMAN, target=Status.OPEN).count()
    sent_back = incident.transitions.filter(source=Status.REVIEWING, target=Status.FIXING).count()
    return int(settings.ENV.pipeline_fix_rounds) * (1 + resumed) + sent_back


def others_stand(incident: Incident, attempt: int) -> bool:
    """Return whether another candidate of the round was tried or still can be: then a failure is one's own."""
    return bool(_all(incident, attempt).difference(_failed(incident, attempt)))


def twin_of(run: StageRun, diff_sha256: str) -> int | None:
    """Return the candidate of the same round whose trial of the same bytes began before `run`, if there is one."""
    twins = run.incident.fixes.filter(attempt=run.attempt, diff_sha256=diff_sha256).exclude(
        candidate=run.candidate
    )
    trials = StageRun.objects.filter(
        incident=run.incident_id,
        stage=Stage.TRIAL,
        attempt=run.attempt,
        candidate__in=twins.values("candidate"),
        pk__lt=run.pk,
    )
    return trials.exclude(status=StageStatus.FAILED).values_list("candidate", flat=True).first()


@contextmanager
def held(run: StageRun) -> Iterator[None]:
    """Write what a run found only while this worker holds it. Raises StaleState if another one took it over."""
    with transaction.atomic():
        mine = StageRun.objects.select_for_update().filter(
            pk=run.pk, claims=run.claims, status=StageStatus.RUNNING
        )
        if not mine.exists():
            raise StaleState(f"{run} was taken over by another worker; what this one found is not kept")
        yield


def _all(incident: Incident, attempt: int) -> set[int]:
    if incident.fixes.filter(attempt=attempt).exclude(author="").exists():
        return {1}  # a person's patch is a round of its own
    return set(range(1, candidates_of(incident) + 1))


def _failed(incident: Incident, attempt: int) -> set[int]:
    return _with(incident, attempt, stage__in=[Stage.FIX, Stage.TRIAL], status=StageStatus.FAILED)


def _with(incident: Incident, attempt: int, **conditions: object) -> set[int]:
    runs = StageRun.objects.filter(incident=incident, attempt=attempt, **conditions)
    return set(runs.values_list("candidate", flat=True))
