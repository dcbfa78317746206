"""How long a stage waited for a worker: from the moment when nothing before it was left to do."""

from datetime import datetime

from incidents.choices import Stage, StageStatus
from incidents.models import Incident, StageRun, Transition

_EVIDENCE = (Stage.LOGS, Stage.COMMITS, Stage.SIMILAR, Stage.OWNERS)
# What each stage waits for, as pipeline.graph joins them; what is not here waits for the incident's last move.
BEFORE: dict[Stage, tuple[Stage, ...]] = {
    **dict.fromkeys((*_EVIDENCE, Stage.PREPARE), (Stage.TRIAGE,)),
    Stage.DIAGNOSIS: _EVIDENCE,
    Stage.FIX: (Stage.DIAGNOSIS, Stage.PREPARE, Stage.TRIAL),
    Stage.TRIAL: (Stage.FIX,),
    Stage.REVIEW: (Stage.TRIAL,),
    Stage.GATE: (Stage.REVIEW,),
    Stage.PULL_REQUEST: (Stage.GATE,),
}


def queued_at(incident: Incident, stage: Stage, *, attempt: int | None, candidate: int) -> datetime | None:
    """Return when the last of what `stage` waits for ended: a stage before it, or the incident's newest move.

    A trial waits for its own candidate only, a fix not for the trials of its own round.
    """
    before = StageRun.objects.filter(
        incident=incident, stage__in=BEFORE.get(stage, ()), status=StageStatus.SUCCEEDED
    )
    if stage == Stage.TRIAL:
        before = before.filter(attempt=attempt or 1, candidate=candidate)
    elif stage == Stage.FIX:
        before = before.exclude(stage=Stage.TRIAL, attempt__gte=attempt or 1)
    moved = Transition.objects.filter(incident=incident).order_by().values_list("at")
    ends = moved.union(before.order_by().values_list("finished_at"), all=True)
    return max((at for (at,) in ends if at is not None), default=None)
