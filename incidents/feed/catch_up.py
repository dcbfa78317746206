"""What a client missed, from the database: the transitions are the outbox of the feed."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from core.broadcast import IncidentChanged
from incidents.choices import MOVING
from incidents.feed.messages import Reload, Snapshot
from incidents.models import Incident, Transition

MOST_TRANSITIONS = 20_000
MOST_INCIDENTS = 500
# Ids are given out before their transactions commit, so that a lower one can become visible after a higher one
# was told. What lies this close before the cursor is told again; a client knows it by its cursor.
OVERLAP_IDS = 200
OVERLAP = timedelta(seconds=10)

_NEWEST_OF_EACH = """
    WITH cursor_row AS (
        SELECT max(at) AS at FROM incidents_transition WHERE id BETWEEN %(cursor)s - %(ids)s AND %(cursor)s
    ), missed AS (
        SELECT id, incident_id, target FROM incidents_transition
        WHERE id > %(cursor)s - %(ids)s
          AND (id > %(cursor)s OR at > (SELECT at FROM cursor_row) - %(overlap)s)
        ORDER BY id LIMIT %(most)s
    )
    SELECT DISTINCT ON (incident_id) id, incident_id, target, count(*) OVER () FROM missed
    ORDER BY incident_id, id DESC
"""


def missed(cursor: int) -> Snapshot | Reload:
    """Return what happened after transition `cursor`, or Reload if that is more than a client should be sent."""
    values: dict[str, Any] = {
        "cursor": cursor,
        "ids": OVERLAP_IDS,
        "overlap": OVERLAP,
        "most": MOST_TRANSITIONS + 1,
    }
    with connection.cursor() as database:
        database.execute(_NEWEST_OF_EACH, values)
        rows = database.fetchall()
    if len(rows) > MOST_INCIDENTS or (rows and rows[0][3] > MOST_TRANSITIONS):
        return Reload(type="reload", cursor=newest_cursor())
    return Snapshot(
        type="snapshot",
        cursor=max([cursor, *(pk for pk, *_ in rows)]),
        changes=[_change(pk, incident_id, target) for pk, incident_id, target, _ in sorted(rows)],
    )


def transitions_besides(known: Iterable[int], floor: int) -> list[IncidentChanged]:
    """Return the changes above transition `floor` that are not among `known`, in order; at most 500."""
    rows = Transition.objects.filter(pk__gt=floor).exclude(pk__in=list(known)).order_by("id")
    return [_change(*row) for row in rows.values_list("pk", "incident_id", "target")[:MOST_INCIDENTS]]


def active_now(seconds: float) -> list[IncidentChanged]:
    """Return the incidents in which a stage began or ended within the last `seconds`; at most 500."""
    since = timezone.now() - timedelta(seconds=seconds)
    rows = Incident.objects.filter(status__in=MOVING, active_at__gt=since).values_list("pk", "status")
    return [_change(0, incident_id, status) for incident_id, status in rows[:MOST_INCIDENTS]]


def newest_cursor() -> int:
    """Return the id of the newest transition, or 0."""
    return Transition.objects.order_by("-id").values_list("pk", flat=True).first() or 0


def _change(pk: int, incident_id: int, target: str) -> IncidentChanged:
    return {"type": "incident.changed", "incident_id": incident_id, "status": target, "cursor": pk}
