"""Celery's view of the pipeline: ids in, a step called, nothing else. Queues are in settings (`task_routes`).

Results are kept only where a join counts them.
"""

from celery import Task, shared_task

from incidents.choices import Stage, Status
from incidents.models import Incident
from pipeline import (
    better_patches,
    canaries,
    diagnoses,
    evidence,
    fixes,
    gates,
    graph,
    monitors,
    persons_fixes,
    preparation,
    pull_request_ends,
    pull_requests,
    reviews,
    sweeper,
    triages,
)
from pipeline.rounds import Round
from pipeline.stages import step


@shared_task(name="pipeline.advance", ignore_result=True)
def advance(incident_id: int) -> None:
    graph.advance(incident_id)


@shared_task(name="pipeline.sweep", ignore_result=True)
def sweep() -> None:
    sweeper.sweep()


@shared_task(name="pipeline.ask_pull_requests", ignore_result=True)
def ask_pull_requests() -> None:
    pull_request_ends.pull_requests_ask()


@shared_task(name="pipeline.canary", ignore_result=True)
def canary() -> None:
    canaries.canary_send()


@shared_task(name="pipeline.canary_watch", ignore_result=True)
def canary_watch() -> None:
    canaries.canary_watch()


@shared_task(name="pipeline.triage", ignore_result=True)
@step(Status.TRIAGING)
def triage(incident: Incident) -> None:
    triages.triage_run(incident)


@shared_task(name="pipeline.logs")
@step(Status.DIAGNOSING)
def logs(incident: Incident) -> None:
    evidence.evidence_collect(incident, Stage.LOGS)


@shared_task(name="pipeline.commits")
@step(Status.DIAGNOSING)
def commits(incident: Incident) -> None:
    evidence.evidence_collect(incident, Stage.COMMITS)


@shared_task(name="pipeline.similar")
@step(Status.DIAGNOSING)
def similar(incident: Incident) -> None:
    evidence.evidence_collect(incident, Stage.SIMILAR)


@shared_task(name="pipeline.owners")
@step(Status.DIAGNOSING)
def owners(incident: Incident) -> None:
    evidence.evidence_collect(incident, Stage.OWNERS)


@shared_task(name="pipeline.diagnose")
@step(Status.DIAGNOSING)
def diagnose(incident: Incident) -> None:
    diagnoses.diagnosis_run(incident)


@shared_task(name="pipeline.prepare")
@step(Status.DIAGNOSING, Status.FIXING)
def prepare(incident: Incident) -> None:
    preparation.sandbox_prepare(incident)


@step(Status.FIXING)
def _next_round(incident: Incident) -> Round | None:
    persons_fixes.persons_fix_make(incident)
    return fixes.round_next(incident)


@shared_task(name="pipeline.fix", bind=True)
def fix(self: "Task[[int], None]", incident_id: int) -> None:
    """Accept a candidate that passed, or put a round of candidates in this task's place."""
    next_round = _next_round(incident_id)
    if next_round is not None:
        raise self.replace(graph.fix_round(incident_id, next_round))


@shared_task(name="pipeline.propose")
@step(Status.FIXING)
def propose(incident: Incident, attempt: int, candidate: int) -> None:
    fixes.fix_propose(incident, attempt=attempt, candidate=candidate)


@shared_task(name="pipeline.trial")
@step(Status.FIXING)
def trial(incident: Incident, attempt: int, candidate: int) -> None:
    fixes.fix_try(incident, attempt=attempt, candidate=candidate)


@shared_task(name="pipeline.try_better_patch", ignore_result=True)
def try_better_patch(better_patch_id: int) -> None:
    better_patches.better_patch_try(better_patch_id)


@shared_task(name="pipeline.review", ignore_result=True)
@step(Status.REVIEWING)
def review(incident: Incident) -> None:
    reviews.review_run(incident)


@shared_task(name="pipeline.gate", ignore_result=True)
@step(Status.REVIEWING)
def gate(incident: Incident) -> None:
    gates.gate_run(incident)


@shared_task(name="pipeline.open_pull_request", ignore_result=True)
@step(Status.OPENING_PR)
def open_pull_request(incident: Incident) -> None:
    pull_requests.pull_request_open(incident)


@shared_task(name="pipeline.merge", ignore_result=True)
@step(Status.PR_OPEN)
def merge(incident: Incident) -> None:
    pull_requests.pull_request_merge(incident)


@shared_task(name="pipeline.monitor", ignore_result=True)
@step(Status.MONITORING)
def monitor(incident: Incident) -> None:
    monitors.monitors_create(incident)
