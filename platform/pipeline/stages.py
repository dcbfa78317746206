"""One stage of a run: load, claim, call, checkpoint. Whatever is delivered twice or late finds its work done."""

import functools
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.utils import timezone
from pydantic import BaseModel

from core.errors import NeedsHuman, Unavailable
from core.nudge import ADVANCE, nudge
from core.redact import redact
from incidents.choices import Stage, StageStatus, Status
from incidents.lifecycle import InvalidTransition, StaleState, incident_announce, incident_move, incident_touch
from incidents.models import Incident, StageRun
from incidents.selectors import is_paused
from incidents.stage_runs import stage_run_begin, stage_run_end
from integrations.codehost import CodeHostError
from pipeline.handoffs import OutputUnreadable as OutputUnreadable
from pipeline.handoffs import handoff_read, handoff_written
from pipeline.leases import lease_kept
from pipeline.queue_wait import queued_at
from pipeline.traces import stage_traced

logger = structlog.get_logger(__name__)

ACTOR = "system:pipeline"
# How the reason of a parked incident begins; the sweeper knows it by that.
PARKED_FOR = "Waiting for "
PARKED = PARKED_FOR + "{system}: "

P = ParamSpec("P")
T = TypeVar("T")
Output = TypeVar("Output", bound=BaseModel)


class NotNow(Exception):
    """Another worker is on it or something before it is not done: whoever meets this stops without effect."""


class HandedBack(NotNow):
    """This worker was told to end: what is done is stored, and another one goes on from there at once."""


def step(
    *statuses: Status,
) -> Callable[[Callable[Concatenate[Incident, P], T]], Callable[Concatenate[int, P], T | None]]:
    """Make a task body of a function that works on an incident in one of `statuses`, and is safe to run twice.

    In any other status, and while the pipeline is paused, the task does nothing and returns None. The four ways
    to end are mapped here and nowhere else: done, somebody else's turn, parked until an outside system is back,
    handed to a person with a reason.
    """

    def decorate(work: Callable[Concatenate[Incident, P], T]) -> Callable[Concatenate[int, P], T | None]:
        def body(incident_id: int, /, *args: P.args, **kwargs: P.kwargs) -> T | None:
            incidents = (
                Incident.objects.select_related("service").defer("embedding").annotate(is_paused=is_paused())
            )
            incident = incidents.get(pk=incident_id)
            if incident.status not in statuses or incident.is_paused:
                return None
            with structlog.contextvars.bound_contextvars(incident=incident_id, step=work.__name__):
                return _run(functools.partial(work, incident, *args, **kwargs), incident, work.__name__)

        functools.update_wrapper(body, work)
        return body

    return decorate


def _run(work: Callable[[], T], incident: Incident, name: str) -> T | None:
    try:
        return work()
    except HandedBack:
        logger.info("step.handed_back")
        nudge(ADVANCE, incident.pk)
    except (NotNow, StaleState) as reason:
        logger.info("step.left", reason=str(reason))
    except Unavailable as error:
        _park(incident, error)
    except NeedsHuman as stop:
        _hand_over(incident, stop.reason)
    except CodeHostError as refusal:
        _hand_over(incident, redact(str(refusal)))
    except (OperationalError, InterfaceError) as error:
        # The database is away, and with it every place to note that: the sweeper looks when the lease is over.
        logger.warning("step.left", reason=f"the database does not answer: {error}")
        close_old_connections()
    except Exception as error:
        # The boundary of a run: an unforeseen error must become visible to a person, not vanish with its task.
        logger.exception("step.failed")
        _hand_over(
            incident,
            f"Unexpected {type(error).__name__} in {name}: {redact(str(error))[:500]}. "
            "See the worker's log, then resume.",
        )
    return None


def _park(incident: Incident, error: Unavailable) -> None:
    """Leave the incident for the sweeper, in `open` where the table allows it, with the reason shown."""
    logger.warning("step.parked", system=error.system, error=str(error))
    reason = PARKED.format(system=error.system) + redact(str(error))[:500]
    try:
        incident_move(incident=incident, target=Status.OPEN, actor=ACTOR, reason=reason, wake=False)
    except InvalidTransition:
        _explain(incident, reason)
    except StaleState:
        logger.info("step.left", reason="moved while parking")


def _hand_over(incident: Incident, reason: str) -> None:
    try:
        incident_move(incident=incident, target=Status.NEEDS_HUMAN, actor=ACTOR, reason=reason)
    except InvalidTransition:
        _explain(incident, reason)
    except StaleState:
        logger.info("step.left", reason="moved while handing over")


def _explain(incident: Incident, reason: str) -> None:
    """Show why the incident stands still where it must stay: an open pull request is already with people."""
    Incident.objects.filter(pk=incident.pk, status=incident.status).update(
        status_reason=reason, active_at=timezone.now()
    )
    incident_announce(incident.pk)


def pipeline_move(incident: Incident, target: Status, *, actor: str = ACTOR, reason: str = "") -> None:
    """Move on within a run: the run itself continues, so nothing needs to be woken."""
    incident_move(incident=incident, target=target, actor=actor, reason=reason, wake=False)


def stage_run(
    incident: Incident,
    stage: Stage,
    output: type[Output],
    work: Callable[[StageRun], Output],
    *,
    attempt: int | None = None,
    candidate: int = 1,
) -> Output:
    """Return the stage's output, computed at most once and kept; a dead worker's run is taken over.

    With `attempt` the run is that one (a round of fixing); without, the newest, and a failed one is followed by
    a fresh one. Raises NotNow while another worker holds the lease, OutputUnreadable if what was stored does
    not fit `output`, and whatever `work` raises, after it is recorded.
    """
    run = _claim(incident, stage, attempt=attempt, candidate=candidate)
    if run.status == StageStatus.SUCCEEDED:
        return handoff_read(run, output)
    finish = functools.partial(_finish, run)
    with lease_kept(run):
        try:
            with stage_traced(incident, run):
                result = work(run)
                stored = handoff_written(result, output)
        except Unavailable as error:
            finish(StageStatus.WAITING, exit_reason="Unavailable", error=redact(str(error)))
            raise
        except (OperationalError, InterfaceError) as error:
            # Not a try that failed: no round of fixing is used up because the database was restarted.
            close_old_connections()
            finish(StageStatus.WAITING, exit_reason="DatabaseAway", error=redact(str(error)))
            raise
        except NotNow as left:
            finish(StageStatus.WAITING, exit_reason=type(left).__name__)
            raise
        except Exception as error:
            reason = error.exit_reason if isinstance(error, NeedsHuman) else type(error).__name__
            finish(StageStatus.FAILED, exit_reason=reason, error=redact(str(error)))
            raise
    finish(StageStatus.SUCCEEDED, exit_reason="Submitted", **stored)
    return result


def stage_output(
    incident: Incident, stage: Stage, output: type[Output], *, attempt: int | None = None, candidate: int = 1
) -> Output:
    """Return what the stage handed on. Raises NotNow if it has not succeeded yet."""
    runs = StageRun.objects.filter(
        incident=incident, stage=stage, candidate=candidate, status=StageStatus.SUCCEEDED
    )
    run = (runs if attempt is None else runs.filter(attempt=attempt)).order_by("-attempt").first()
    if run is None:
        raise NotNow(f"{stage} is not done yet")
    return handoff_read(run, output)


def stage_outputs(incident: Incident, outputs: Mapping[Stage, type[BaseModel]]) -> dict[Stage, BaseModel]:
    """Return what each of these stages handed on, read at once. Raises NotNow if one has not succeeded yet."""
    runs = StageRun.objects.filter(
        incident=incident, stage__in=outputs, candidate=1, status=StageStatus.SUCCEEDED
    ).order_by("attempt")
    newest = {Stage(run.stage): run for run in runs}
    for stage in outputs:
        if stage not in newest:
            raise NotNow(f"{stage} is not done yet")
    return {stage: handoff_read(newest[stage], output) for stage, output in outputs.items()}


def _claim(incident: Incident, stage: Stage, *, attempt: int | None, candidate: int) -> StageRun:
    now = timezone.now()
    lease = now + timedelta(seconds=settings.ENV.lease_seconds)
    queued = queued_at(incident, stage, attempt=attempt, candidate=candidate)
    begun = stage_run_begin(
        incident_id=incident.pk,
        stage=stage,
        attempt=attempt,
        candidate=candidate,
        queued_at=queued,
        now=now,
        lease_expires_at=lease,
    )
    if begun is not None:
        return begun
    with transaction.atomic():
        # The incident's row lock makes claims of one incident take turns.
        incident_touch(incident.pk, at=now)
        runs = StageRun.objects.filter(incident=incident, stage=stage, candidate=candidate)
        run = (runs if attempt is None else runs.filter(attempt=attempt)).latest("attempt")
        if run.status == StageStatus.FAILED and attempt is None:
            return StageRun.objects.create(
                incident=incident,
                stage=stage,
                candidate=candidate,
                attempt=run.attempt + 1,
                queued_at=queued,
                started_at=now,
                lease_expires_at=lease,
            )
        if run.status == StageStatus.SUCCEEDED:
            return run
        if run.status == StageStatus.RUNNING and run.lease_expires_at and run.lease_expires_at > now:
            raise NotNow(f"{run} is held by another worker")
        if run.status == StageStatus.FAILED:
            # A failed conversation is not continued but begun anew; its steps stay, because they were paid for.
            run.started_at = now
        run.status, run.lease_expires_at, run.error, run.exit_reason = StageStatus.RUNNING, lease, "", ""
        run.finished_at = None
        run.claims += 1
        changed = ["status", "started_at", "finished_at", "lease_expires_at", "error", "exit_reason", "claims"]
        run.save(update_fields=changed)
        return run


def _finish(run: StageRun, status: StageStatus, *, exit_reason: str, **fields: Any) -> None:
    """Close the run if this worker still holds it. Raises StaleState if another one took it over."""
    if not stage_run_end(run=run, status=status, now=timezone.now(), exit_reason=exit_reason, **fields):
        raise StaleState(f"{run} was taken over by another worker")
