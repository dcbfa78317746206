"""How long a stage waited for a worker: from the moment when nothing before it was left to do."""

from datetime import datetime

from django.db import connection

from incidents.choices import Stage, StageStatus
from incidents.models import Incident

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
    with connection.cursor() as cursor:
        cursor.execute(
            _LAST_END,
            {
                "incident": incident.pk,
                "before": [str(before) for before in BEFORE.get(stage, ())],
                "succeeded": str(StageStatus.SUCCEEDED),
                "stage": str(stage),
                "attempt": attempt or 1,
                "candidate": candidate,
                "trial": str(Stage.TRIAL),
                "fix": str(Stage.FIX),
            },
        )
        ended: datetime | None = cursor.fetchone()[0]
    return ended


# Every stage asks this once: composed by Django it takes longer than all the rest of a stage's beginning.
_LAST_END = """
    SELECT greatest(
        (SELECT max(at) FROM incidents_transition WHERE incident_id = %(incident)s),
        (SELECT max(finished_at) FROM incidents_stagerun
            WHERE incident_id = %(incident)s AND stage = ANY(%(before)s) AND status = %(succeeded)s
                AND (%(stage)s <> %(trial)s OR attempt = %(attempt)s AND candidate = %(candidate)s)
                AND NOT (%(stage)s = %(fix)s AND stage = %(trial)s AND attempt >= %(attempt)s))
    )
"""
