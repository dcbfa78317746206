"""What one stored event says about a service, and what follows from it for the incidents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.choices import ENDED, Disposition, Status
from incidents.fingerprint import FingerprintParts
from incidents.lifecycle import incident_move
from incidents.models import Event, Incident, Service
from incidents.opening import incident_open_or_attach
from incidents.routing import route
from integrations.cloudwatch.alarm import Alarm, parse_alarm

ACTOR = "system:intake"

# While no fix exists, an alarm that went back to OK ends its incident; later its fix is still worth having.
RESOLVED_BY_OK = frozenset({Status.OPEN, Status.TRIAGING, Status.DIAGNOSING})


@dataclass(frozen=True)
class Signal:
    """A routed event: what it says of which service, and why it came there."""

    event: Event
    service: Service
    parts: FingerprintParts
    state: str
    seen_at: datetime
    why: str

    @property
    def fingerprint(self) -> str:
        return self.parts.value


def signal_of(event: Event, services: Sequence[Service]) -> Signal | None:
    """Return what the event says and to whom, or None after marking it unrouted."""
    alarm = parse_alarm(event.alarm) if event.alarm else None
    if event.service is not None:
        service, why = event.service, event.disposition_reason or f"belongs to {event.service.name}"
    elif alarm is None:
        _mark_unrouted(event, "The message is not a CloudWatch alarm.")
        return None
    elif (found := route(alarm.name, services)) is None:
        _mark_unrouted(event, f"No service has a pattern that matches the alarm {alarm.name!r}.")
        return None
    else:
        service, why = found.service, f"{found.service.name} claims it by the pattern {found.pattern!r}"
    event.service = service
    return Signal(
        event=event,
        service=service,
        parts=_parts(event, alarm, service),
        state=alarm.state if alarm else "ALARM",
        seen_at=alarm.state_changed_at if alarm else event.received_at,
        why=why,
    )


def _parts(event: Event, alarm: Alarm | None, service: Service) -> FingerprintParts:
    if alarm is not None:
        return FingerprintParts.of_alarm(alarm, topic_arn=event.topic_arn, service=service.name)
    topic = event.topic_arn.split(":")
    return FingerprintParts(
        account=topic[4], region=topic[3], alarm=event.subject or event.message_id, service=service.name
    )


def _mark_unrouted(event: Event, reason: str) -> None:
    event.disposition = Disposition.UNROUTED
    event.disposition_reason = reason


def signal_apply(signal: Signal) -> None:
    """Open, attach or resolve; the event is changed in memory only, and saved by whoever holds its row."""
    if signal.state == "ALARM":
        _open_or_attach(signal)
    else:
        _attach_other_state(signal)


def _open_or_attach(signal: Signal) -> None:
    event = signal.event
    occurrence = incident_open_or_attach(
        service=signal.service,
        parts=signal.parts,
        title=signal.parts.alarm,
        seen_at=signal.seen_at,
        actor=ACTOR,
        reason=signal.why,
    )
    event.incident = occurrence.incident
    if not occurrence.is_new:
        event.disposition = Disposition.ATTACHED
        event.disposition_reason = (
            f"{signal.why}; incident #{occurrence.incident.pk} is open for the same account, region and alarm"
        )
        return
    event.disposition = Disposition.OPENED
    event.disposition_reason = f"{signal.why}; no open incident has its account, region and alarm"
    # SNS keeps no order: the OK that ended this alarm may have come, and found nothing to end, before it.
    went_back = (
        Event.objects.filter(
            alarm_arn=event.alarm_arn, alarm_state="OK", state_changed_at__gt=signal.seen_at, incident=None
        )
        .exclude(alarm_arn="")
        .exclude(drained_at=None)
        .first()
    )
    if went_back is not None:
        Event.objects.filter(pk=went_back.pk).update(incident=occurrence.incident)
        _resolve(occurrence.incident)


def _attach_other_state(signal: Signal) -> None:
    event = signal.event
    is_ok = signal.state == "OK"
    event.disposition = Disposition.OK if is_ok else Disposition.INSUFFICIENT_DATA
    incident = (
        Incident.objects.select_for_update()
        .filter(fingerprint=signal.fingerprint)
        .exclude(status__in=ENDED)
        .first()
    )
    if incident is None:
        event.disposition_reason = f"{signal.why}; no incident of this alarm is open"
        return
    event.incident = incident
    event.disposition_reason = f"{signal.why}; about incident #{incident.pk}"
    if not is_ok:
        return
    if signal.seen_at < incident.last_seen_at:
        event.disposition_reason += ", which has seen a newer ALARM"
    elif incident.status in RESOLVED_BY_OK:
        _resolve(incident)
        event.disposition_reason += ", which it resolved"
    else:
        event.disposition_reason += f", which stays {incident.status}"


def _resolve(incident: Incident) -> None:
    incident_move(
        incident=incident,
        target=Status.RESOLVED,
        actor=ACTOR,
        reason="alarm went back to OK before a fix existed",
    )
