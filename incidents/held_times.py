"""When the platform itself let nobody in: while it was paused, and while a service had its fill of incidents.

From `Pause` and `Transition` rows. A service's limit is taken as it is set today: no row says what it was before.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.admission import WINDOW
from incidents.choices import Status
from incidents.models import Incident, Pause, Transition
from incidents.time_parts import Hold


@dataclass(frozen=True)
class Entry:
    """An incident that went on from open to triage; it fills its service's limit for an hour."""

    at: datetime
    incident_id: int


class HeldTimes:
    """The holds of some incidents, read in two queries."""

    def __init__(self, incidents: Sequence[Incident], *, now: datetime) -> None:
        self._now = now
        self._pauses = [
            Hold(pause.started_at, pause.ended_at or now) for pause in Pause.objects.order_by("started_at")
        ]
        self._full = self._read_full(incidents)

    def of(self, incident: Incident, *, opened_at: datetime, entered_at: datetime | None) -> list[Hold]:
        """Return when the incident was held: by a pause at any time, by the limit until it had entered once."""
        until = entered_at or self._now
        full = self._full.get(incident.service_id, [])
        first = bisect_left(full, opened_at, key=lambda hold: hold.end)
        found = []
        for hold in full[first:]:
            if hold.start >= until:
                break
            found.append(Hold(max(hold.start, opened_at), min(hold.end, until)))
        return [*self._pauses, *found]

    def _read_full(self, incidents: Sequence[Incident]) -> dict[int, list[Hold]]:
        if not incidents:
            return {}
        limits = {incident.service_id: incident.service.incidents_per_hour for incident in incidents}
        rows = Transition.objects.filter(
            source=Status.OPEN,
            target=Status.TRIAGING,
            incident__service__in=limits,
            at__gt=min(incident.first_seen_at for incident in incidents) - WINDOW,
        ).order_by("at", "id")
        entries: dict[int, list[Entry]] = {}
        for service, at, incident_id in rows.values_list("incident__service", "at", "incident"):
            entries.setdefault(service, []).append(Entry(at, incident_id))
        return {service: full_times(found, limits[service]) for service, found in entries.items()}


def full_times(entries: Iterable[Entry], limit: int) -> list[Hold]:
    """Return when `limit` different incidents, or more, had entered within the hour before; in order, apart."""
    changes = sorted(
        change
        for entry in entries
        for change in ((entry.at, 1, entry.incident_id), (entry.at + WINDOW, -1, entry.incident_id))
    )
    inside: Counter[int] = Counter()
    found: list[Hold] = []
    since: datetime | None = None
    for at, change, incident_id in changes:
        inside[incident_id] += change
        if not inside[incident_id]:
            del inside[incident_id]
        is_full = len(inside) >= limit
        if is_full and since is None:
            since = at
        elif not is_full and since is not None:
            if at > since:
                found.append(Hold(since, at))
            since = None
    return found
