"""The one status field's one writer: compare-and-swap, one table, one `Transition` row for each move."""

from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from core.broadcast import broadcast
from core.errors import PlatformError
from core.nudge import ADVANCE, nudge
from incidents.choices import MOVING, Status
from incidents.models import Incident, Transition

S = Status

TRANSITIONS: dict[Status, frozenset[Status]] = {
    S.OPEN: frozenset({S.TRIAGING, S.DUPLICATE, S.RESOLVED, S.NEEDS_HUMAN, S.CLOSED}),
    S.TRIAGING: frozenset({S.DIAGNOSING, S.NOISE, S.DUPLICATE, S.OPEN, S.RESOLVED, S.NEEDS_HUMAN, S.CLOSED}),
    S.DIAGNOSING: frozenset({S.FIXING, S.DUPLICATE, S.OPEN, S.RESOLVED, S.NEEDS_HUMAN, S.CLOSED}),
    S.FIXING: frozenset({S.REVIEWING, S.OPEN, S.RESOLVED, S.NEEDS_HUMAN, S.CLOSED}),
    S.REVIEWING: frozenset({S.FIXING, S.AWAITING_APPROVAL, S.OPENING_PR, S.OPEN, S.NEEDS_HUMAN, S.CLOSED}),
    S.AWAITING_APPROVAL: frozenset({S.OPENING_PR, S.REJECTED, S.NEEDS_HUMAN, S.CLOSED}),
    S.OPENING_PR: frozenset({S.PR_OPEN, S.AWAITING_APPROVAL, S.OPEN, S.NEEDS_HUMAN, S.CLOSED}),
    S.PR_OPEN: frozenset({S.MONITORING, S.REJECTED, S.CLOSED}),
    S.MONITORING: frozenset({S.RESOLVED, S.NEEDS_HUMAN, S.CLOSED}),
    S.NEEDS_HUMAN: frozenset({S.OPEN, S.NOISE, S.DUPLICATE, S.RESOLVED, S.CLOSED}),
    S.NOISE: frozenset({S.OPEN}),
    S.DUPLICATE: frozenset({S.OPEN}),
    S.RESOLVED: frozenset(),
    # By a person alone: their own patch has passed in the sandbox, or they opened the closed pull request again.
    S.REJECTED: frozenset({S.FIXING, S.PR_OPEN}),
    S.CLOSED: frozenset(),
}


class InvalidTransition(PlatformError):
    """The table has no such move."""


class StaleState(PlatformError):
    """Somebody else moved the incident first; whoever meets this stops."""


def incident_move(
    *, incident: Incident, target: Status, actor: str, reason: str = "", wake: bool = True
) -> Transition:
    """Move `incident` from the status it was loaded with to `target` and record who did it and why.

    Tells the dashboards after commit and, unless `wake` is False because the caller's own run goes on, wakes
    the pipeline. Raises InvalidTransition if the table has no such
    move, StaleState if the row's status is no longer the one that `incident` was loaded with.
    """
    source = Status(incident.status)
    if target not in TRANSITIONS[source]:
        raise InvalidTransition(f"incident {incident.pk} cannot go from {source} to {target}")
    now = timezone.now()
    with transaction.atomic():
        moved = Incident.objects.filter(pk=incident.pk, status=source).update(
            status=target, status_reason=reason, active_at=now
        )
        if not moved:
            raise StaleState(f"incident {incident.pk} is no longer {source}; nothing was changed")
        transition = transition_record(
            incident=incident, source=source, target=target, actor=actor, reason=reason, wake=wake
        )
        incident.status, incident.status_reason, incident.active_at = target, reason, now
    return transition


def transition_record(
    *, incident: Incident, source: Status | None, target: Status, actor: str, reason: str, wake: bool = True
) -> Transition:
    """Write the row of a move that the caller makes in the same transaction, and announce it after commit."""
    transition = Transition.objects.create(
        incident=incident, source=source or "", target=target, actor=actor, reason=reason, at=timezone.now()
    )
    if wake and target in MOVING:
        nudge(ADVANCE, incident.pk)
    broadcast({"type": "incident.changed", "incident_id": incident.pk, "status": target, "cursor": transition.pk})
    return transition


# For `now` and `incident_id`. The status is the row's own; a cursor that is behind by a move that is committed
# meanwhile makes a dashboard ask for more, never for less.
TOUCH = """
    UPDATE incidents_incident SET active_at = %(now)s WHERE id = %(incident_id)s
    RETURNING status, (SELECT max(id) FROM incidents_transition WHERE incident_id = %(incident_id)s) AS cursor
"""


def incident_touch(incident_id: int, *, at: datetime) -> None:
    """Note that the incident was worked on at `at`, and tell the dashboards after commit.

    Holds the incident's row until the caller's transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(TOUCH, {"now": at, "incident_id": incident_id})
        for status, newest in cursor.fetchall():
            touched_announce(incident_id, status, newest)


def touched_announce(incident_id: int, status: str, cursor: int | None) -> None:
    """Tell the dashboards after commit what TOUCH returned."""
    broadcast({"type": "incident.changed", "incident_id": incident_id, "status": status, "cursor": cursor or 0})


def incident_announce(*incident_ids: int) -> None:
    """Tell the dashboards after commit that something about these incidents changed besides their status."""
    newest = (
        Transition.objects.filter(incident__in=incident_ids).order_by("incident_id", "-id").distinct("incident_id")
    )
    for incident_id, status in newest.values_list("incident_id", "target"):
        # No transition of its own: the feed tells each of those once, and this as often as it happens.
        broadcast({"type": "incident.changed", "incident_id": incident_id, "status": status, "cursor": 0})
