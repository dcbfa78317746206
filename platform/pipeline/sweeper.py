"""The safety net under every nudge: what should be moving and is not, is nudged again."""

import functools
from datetime import datetime, timedelta
from itertools import takewhile

import structlog
from django.conf import settings
from django.db.models import (
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Greatest, Least
from django.db.models.lookups import GreaterThanOrEqual
from django.utils import timezone

from core.nudge import ADVANCE, drain_bell, nudge_now
from core.resilience.breaker import systems_not_closed
from incidents.alarm_proposals import waits_for_alarm_decision
from incidents.choices import MOVING, Disposition, StageStatus, Status
from incidents.models import Event, Incident, StageRun, Transition
from integrations.codehost import CHECKS
from pipeline.run_budget import losses_record
from pipeline.stages import PARKED, PARKED_FOR

logger = structlog.get_logger(__name__)

BATCH = 500
LONGEST_PAUSE = timedelta(minutes=10)


def sweep() -> list[int]:
    """Nudge undrained events and every incident that has stood still for a sweep interval; return those ids.

    One that has begun and goes on waiting is nudged ever less often, down to LONGEST_PAUSE: it stands in a long
    queue, and every nudge would put more of the same into that. One that is parked stands in none; while the
    circuit breaker of its system is not closed it goes on waiting, apart from one that may try it. A pull request
    whose checks go on is asked about ever less often, too. What dead workers had set aside for their calls is
    recorded as spent.
    """
    now = timezone.now()
    still_since = now - timedelta(seconds=settings.ENV.pipeline_sweep_seconds)
    if Event.objects.filter(disposition=Disposition.RECEIVED, received_at__lt=still_since).exists():
        drain_bell.ring()
    running = StageRun.objects.filter(incident=OuterRef("pk"), status=StageStatus.RUNNING)
    held = running.filter(lease_expires_at__gt=now)
    should_move = Q(status__in=MOVING) | Q(status=Status.PR_OPEN, pull_request__is_merged_by_platform=True)
    waits_for_checks = Q(status_reason__startswith=PARKED.format(system=CHECKS))
    is_parked = Q(status_reason__startswith=PARKED_FOR) & ~waits_for_checks
    still = (
        Incident.objects.filter(should_move, ~Exists(held), active_at__lt=still_since)
        .filter(Q(status=Status.OPEN) | is_parked | Exists(running) | _is_due(now))
        .exclude(waits_for_checks & ~_are_checks_due(now))
        .exclude(waits_for_alarm_decision())
        .order_by("active_at")
    )
    # With the broker down none is sent, and none counts: what was lost must not put off the next try.
    stuck = list(takewhile(functools.partial(nudge_now, ADVANCE), _to_nudge(still)))
    # Not back, where a worker has moved it on since.
    Incident.objects.filter(pk__in=stuck, active_at__lt=now).update(active_at=now)
    if stuck:
        logger.info("sweep.nudged", incidents=stuck)
    losses_record()
    return stuck


def _is_due(now: datetime) -> Q:
    """Return whether the last nudge is as long ago as the incident had waited then, or LONGEST_PAUSE."""
    moves = Transition.objects.filter(incident=OuterRef("pk")).order_by("-id").values("at")[:1]
    ends = StageRun.objects.filter(incident=OuterRef("pk")).values("incident").values(last=Max("finished_at"))
    return _stood_for(F("active_at") - Greatest(Subquery(moves), Subquery(ends)), now)


def _are_checks_due(now: datetime) -> Q:
    """Return whether the last try is an eighth as long ago as the pull request has been open, or LONGEST_PAUSE.

    Each try is several questions to the host, which counts them by the hour.
    """
    opened = ExpressionWrapper(Value(now) - F("pull_request__opened_at"), DurationField())
    return _stood_for(opened / Value(8), now)


def _stood_for(pause: CombinedExpression, now: datetime) -> Q:
    """Return whether the last nudge is as long ago as `pause`, or LONGEST_PAUSE."""
    since = ExpressionWrapper(Value(now) - F("active_at"), DurationField())
    wanted = ExpressionWrapper(pause, DurationField())
    return Q(GreaterThanOrEqual(since, Least(wanted, Value(LONGEST_PAUSE))))


def _to_nudge(still: QuerySet[Incident, Incident]) -> list[int]:
    tries: list[int] = []
    for system, may_try in systems_not_closed().items():
        waiting = still.filter(status_reason__startswith=PARKED.format(system=system))
        tries += waiting.values_list("pk", flat=True)[: 1 if may_try else 0]
        still = still.exclude(status_reason__startswith=PARKED.format(system=system))
    return [*tries, *still.values_list("pk", flat=True)[:BATCH]]
