"""The whole run as one function: what is left to do for an incident, built from the database alone."""

from celery import chain, chord, current_app
from celery.canvas import Signature
from django.utils import timezone

from incidents.admission import incident_admit
from incidents.choices import Stage, StageStatus, Status
from incidents.lifecycle import StaleState
from incidents.models import Incident, StageRun
from incidents.selectors import pause_in_force
from pipeline.rounds import Round
from pipeline.stages import ACTOR


def remaining(incident: Incident) -> Signature | None:
    """Return what is left to do from the incident's status on, or None where the pipeline has nothing to do.

    The same function starts a run, resumes it after a crash, goes on after an approval and after a merge.
    """

    def do(task: str) -> Signature:
        return current_app.signature(f"pipeline.{task}", args=(incident.pk,), immutable=True)

    def diagnose_and_fix() -> Signature:
        # Preparing the sandbox (dependencies, baseline tests) takes as long as thinking: both run side by side.
        evidence = chord([do("logs"), do("commits"), do("similar"), do("owners")], do("diagnose"))
        return chord([evidence, do("prepare")], do("fix"))

    deliver = [do("gate"), do("open_pull_request"), do("merge")]
    match Status(incident.status):
        case Status.OPEN | Status.TRIAGING:
            return chain(do("triage"), diagnose_and_fix(), do("review"), *deliver)
        case Status.DIAGNOSING:
            return chain(diagnose_and_fix(), do("review"), *deliver)
        case Status.FIXING:
            return chain(do("prepare"), do("fix"), do("review"), *deliver)
        case Status.REVIEWING:
            return chain(do("review"), *deliver)
        case Status.OPENING_PR:
            return chain(do("open_pull_request"), do("merge"))
        case Status.PR_OPEN if incident.pull_request.is_merged_by_platform:
            return do("merge")
        case Status.MONITORING:
            return do("monitor")
        case _:
            return None


def fix_round(incident_id: int, next_round: Round) -> Signature:
    """Return one round of fixing: every candidate left of it proposed and tried, then the question again."""
    candidates = [
        chain(
            *(
                current_app.signature(
                    f"pipeline.{task}", args=(incident_id, next_round.attempt, candidate), immutable=True
                )
                for task in ("propose", "trial")
            )
        )
        for candidate in next_round.candidates
    ]
    return chord(candidates, current_app.signature("pipeline.fix", args=(incident_id,), immutable=True))


def advance(incident_id: int) -> None:
    """Start what is left to do, unless a live worker is on it already or it may not enter yet."""
    if pause_in_force():
        return
    found = Incident.objects.select_related("service", "pull_request").defer("embedding")
    incident = found.get(pk=incident_id)
    holding = StageRun.objects.filter(
        incident=incident, status=StageStatus.RUNNING, lease_expires_at__gt=timezone.now()
    )
    if incident.status == Status.MONITORING:
        # The host tells of a merge while the worker that asked for it still waits for the answer.
        holding = holding.exclude(stage=Stage.MERGE)
    if holding.exists() or (incident.status == Status.OPEN and not _is_admitted(incident)):
        return
    run = remaining(incident)
    if run is not None:
        Incident.objects.filter(pk=incident_id).update(active_at=timezone.now())
        run.apply_async()


def _is_admitted(incident: Incident) -> bool:
    try:
        return incident_admit(incident=incident, actor=ACTOR)
    except StaleState:
        # Another delivery of the same nudge was first, and starts the run.
        return False
