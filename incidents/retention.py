"""Deletes what grows without end once its incident is over: conversations of agents and raw notifications.

Incidents, transitions, stage runs, fixes and approvals stay: they are small, and the audit trail and every figure
stand on them. Why the tables are not partitioned, with figures: docs/backups.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from incidents.choices import ENDED, Disposition
from incidents.models import AgentStep, Event

# Rows in one statement: a lock is held for moments, and a killed deletion has lost nothing.
BATCH = 1000


@dataclass(frozen=True)
class Deleted:
    """How many rows of each kind were, or would be, deleted."""

    steps: int
    events: int


def rows_delete_old(*, dry_run: bool = False) -> Deleted:
    """Delete what is older than KEEP_STEPS_DAYS and KEEP_EVENTS_DAYS; 0 days keeps a kind for ever."""
    env = settings.ENV
    steps = _old_steps(_before(env.keep_steps_days))
    events = _old_events(_before(env.keep_events_days))
    if dry_run:
        return Deleted(steps.count(), events.count())
    return Deleted(_delete(steps), _delete(events))


def _old_steps(before: datetime | None) -> QuerySet[AgentStep, AgentStep]:
    if before is None:
        return AgentStep.objects.none()
    return AgentStep.objects.filter(created_at__lt=before, stage_run__incident__status__in=ENDED)


def _old_events(before: datetime | None) -> QuerySet[Event, Event]:
    """Never what is not drained yet or belongs to a live incident."""
    if before is None:
        return Event.objects.none()
    is_over = Q(incident=None) | Q(incident__status__in=ENDED)
    return Event.objects.filter(is_over, received_at__lt=before).exclude(disposition=Disposition.RECEIVED)


def _before(days: int) -> datetime | None:
    return timezone.now() - timedelta(days=days) if days else None


def _delete(rows: QuerySet[AgentStep, AgentStep] | QuerySet[Event, Event]) -> int:
    """Delete oldest first, a batch at a time; return how many were deleted.

    Ids rise with time, so each batch begins where the last one ended instead of passing over what is kept again.
    """
    deleted, last = 0, 0
    while batch := _ids(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        # Asked again with its condition: an incident may have been opened again meanwhile.
        deleted += rows.filter(pk__in=batch).delete()[0]
        last = batch[-1]
    return deleted


def _ids(values: Iterable[int]) -> list[int]:
    return list(values)
