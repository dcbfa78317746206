"""What may enter the pipeline now: a switch for everything, and a number an hour for each service.

Nothing is dropped: what may not enter stays `open` with the reason shown, and the sweeper asks again.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from core.broadcast import broadcast
from core.nudge import ADVANCE, nudge
from incidents.choices import MOVING, Status
from incidents.lifecycle import incident_announce, incident_move
from incidents.locks import advisory_lock
from incidents.models import Incident, Pause, Service, Transition
from incidents.selectors import pause_in_force

WINDOW = timedelta(hours=1)


def pause_start(*, reason: str, actor: str) -> Pause:
    """Stop every incident at its next step until `pause_end`; alarms are still stored. One at a time."""
    with transaction.atomic():
        advisory_lock("pause")
        broadcast({"type": "summary.changed"})
        running = pause_in_force()
        return running or Pause.objects.create(reason=reason, started_by=actor, started_at=timezone.now())


def pause_end(*, actor: str) -> Pause | None:
    """Let everything go on; return the pause that ended, or None if there was none."""
    with transaction.atomic():
        advisory_lock("pause")
        running = pause_in_force()
        if running is None:
            return None
        running.ended_by, running.ended_at = actor, timezone.now()
        running.save(update_fields=["ended_by", "ended_at"])
        broadcast({"type": "summary.changed"})
        for incident_id in Incident.objects.filter(status__in=MOVING).values_list("pk", flat=True):
            nudge(ADVANCE, incident_id)
    return running


def incident_admit(*, incident: Incident, actor: str) -> bool:
    """Move an open incident on to triage if it may enter now, else leave it open with the reason; say which."""
    with transaction.atomic():
        # So that of many that ask at once no more than the limit enter.
        advisory_lock(f"admission of service {incident.service_id}")
        reason = waiting_reason(incident)
        if not reason:
            incident_move(incident=incident, target=Status.TRIAGING, actor=actor, wake=False)
            return True
        waits = Incident.objects.filter(pk=incident.pk, status=Status.OPEN)
        waits.update(status_reason=reason, active_at=timezone.now())
        if incident.status_reason != reason:
            incident_announce(incident.pk)
    return False


def waiting_reason(incident: Incident) -> str:
    """Return why an open incident has to wait, or an empty text. One that has entered before may go on."""
    entries = Transition.objects.filter(source=Status.OPEN, target=Status.TRIAGING)
    if entries.filter(incident=incident).exists():
        return ""
    return limit_reason(incident.service)


def limit_reason(service: Service) -> str:
    """Return why no new incident of the service may enter within this hour, or an empty text."""
    limit = service.incidents_per_hour
    entries = Transition.objects.filter(source=Status.OPEN, target=Status.TRIAGING)
    recent = entries.filter(incident__service=service, at__gt=timezone.now() - WINDOW)
    if recent.values("incident").distinct().count() < limit:
        return ""
    return (
        f"Waiting: {limit} incidents of {service} entered the pipeline within the last hour, which is "
        "its limit. It is taken up as soon as the hour allows, or when the limit is raised."
    )
