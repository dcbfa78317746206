"""The safety net under every nudge: what should be moving and is not, is nudged again."""

from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from core.nudge import ADVANCE, drain_bell, nudge
from core.resilience.breaker import systems_not_closed
from incidents.alarm_proposals import waits_for_alarm_decision
from incidents.choices import MOVING, Disposition, StageStatus, Status
from incidents.models import Event, Incident, StageRun
from pipeline.stages import PARKED

logger = structlog.get_logger(__name__)

BATCH = 500


def sweep() -> list[int]:
    """Nudge undrained events and every incident that has stood still for a sweep interval; return those ids.

    Each nudge restarts the incident's clock, so that one that waits in a long queue is not nudged at every sweep.
    What waits for a system whose circuit breaker is not closed goes on waiting, apart from one that may try it.
    """
    now = timezone.now()
    still_since = now - timedelta(seconds=settings.ENV.pipeline_sweep_seconds)
    if Event.objects.filter(disposition=Disposition.RECEIVED, received_at__lt=still_since).exists():
        drain_bell.ring()
    held = StageRun.objects.filter(incident=OuterRef("pk"), status=StageStatus.RUNNING, lease_expires_at__gt=now)
    should_move = Q(status__in=MOVING) | Q(status=Status.PR_OPEN, pull_request__is_merged_by_platform=True)
    still = (
        Incident.objects.filter(should_move, ~Exists(held), active_at__lt=still_since)
        .exclude(waits_for_alarm_decision())
        .order_by("active_at")
    )
    stuck = _to_nudge(still)
    Incident.objects.filter(pk__in=stuck).update(active_at=now)
    for incident_id in stuck:
        nudge(ADVANCE, incident_id)
    if stuck:
        logger.info("sweep.nudged", incidents=stuck)
    return stuck


def _to_nudge(still: QuerySet[Incident, Incident]) -> list[int]:
    tries: list[int] = []
    for system, may_try in systems_not_closed().items():
        waiting = still.filter(status_reason__startswith=PARKED.format(system=system))
        tries += waiting.values_list("pk", flat=True)[: 1 if may_try else 0]
        still = still.exclude(status_reason__startswith=PARKED.format(system=system))
    return [*tries, *still.values_list("pk", flat=True)[:BATCH]]
