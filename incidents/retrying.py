"""One stage once more: what failed, or evidence and diagnosis as long as no fix was built on them."""

from django.db import transaction
from django.utils import timezone

from incidents.choices import Stage, StageStatus, Status
from incidents.lifecycle import InvalidTransition
from incidents.models import Incident, StageRun
from incidents.services import incident_resume

EVIDENCE = (Stage.LOGS, Stage.COMMITS, Stage.SIMILAR, Stage.OWNERS)
# Their success may be asked for again; a fix that stands on one keeps it.
BEFORE_FIX = (*EVIDENCE, Stage.DIAGNOSIS, Stage.PREPARE)


def stages_to_retry(incident: Incident) -> list[Stage]:
    """Return the stages that a person may have run again now: none while the incident runs by itself."""
    if incident.status != Status.NEEDS_HUMAN:
        return []
    newest = {run.stage: run for run in incident.stage_runs.order_by("attempt", "candidate")}
    has_fix = incident.fixes.exists()
    return [
        stage
        for stage in Stage
        if stage in newest
        and (
            newest[stage].status == StageStatus.FAILED
            or (newest[stage].status == StageStatus.SUCCEEDED and stage in BEFORE_FIX and not has_fix)
        )
    ]


def stage_retry(*, incident: Incident, stage: Stage, actor: str) -> None:
    """Resume with this stage to be done anew. Raises InvalidTransition where that is not possible."""
    with transaction.atomic():
        row = Incident.objects.select_for_update().get(pk=incident.pk)
        if stage not in stages_to_retry(row):
            raise InvalidTransition(f"{stage} of incident {row.pk} cannot be tried again now")
        # A diagnosis follows from its evidence.
        stages = (stage, Stage.DIAGNOSIS) if stage in EVIDENCE else (stage,)
        StageRun.objects.filter(incident=row, stage__in=stages, status=StageStatus.SUCCEEDED).update(
            status=StageStatus.FAILED,
            exit_reason="RetriedByPerson",
            error=f"{actor} asked for another try at {timezone.now():%Y-%m-%d %H:%M} UTC",
        )
        incident_resume(incident=row, actor=actor, reason=f"{stage} is tried again")
