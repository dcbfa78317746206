"""What one stored event says about a service, and what follows from it for the incidents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

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


@dataclass(frozen=True)
class Forecast:
    """What a signal means at this moment.

    `incident` is the one it is about; None: a new one, or none at all. `earlier_ok` is the event that ends a new
    incident at once.
    """

    disposition: Disposition
    reason: str
    incident: Incident | None
    resolves: bool = False
    earlier_ok: Event | None = None


def signal_forecast(signal: Signal, incident: Incident | None) -> Forecast:
    """Return what follows from the signal if `incident` is the open one with its fingerprint; change nothing."""
    if signal.state == "ALARM":
        if incident is not None:
            same = f"incident #{incident.pk} is open for the same account, region and alarm"
            return Forecast(Disposition.ATTACHED, f"{signal.why}; {same}", incident)
        reason = f"{signal.why}; no open incident has its account, region and alarm"
        earlier_ok = _went_back(signal)
        return Forecast(Disposition.OPENED, reason, None, resolves=earlier_ok is not None, earlier_ok=earlier_ok)
    is_ok = signal.state == "OK"
    disposition = Disposition.OK if is_ok else Disposition.INSUFFICIENT_DATA
    if incident is None:
        return Forecast(disposition, f"{signal.why}; no incident of this alarm is open", None)
    about = f"{signal.why}; about incident #{incident.pk}"
    if not is_ok:
        return Forecast(disposition, about, incident)
    if signal.seen_at < incident.last_seen_at:
        return Forecast(disposition, f"{about}, which has seen a newer ALARM", incident)
    if incident.status in RESOLVED_BY_OK:
        return Forecast(disposition, f"{about}, which it resolved", incident, resolves=True)
    return Forecast(disposition, f"{about}, which stays {incident.status}", incident)


def open_incidents(signal: Signal) -> QuerySet[Incident, Incident]:
    """Return the open incident with the signal's fingerprint: at most one."""
    return Incident.objects.filter(fingerprint=signal.fingerprint).exclude(status__in=ENDED)


def _went_back(signal: Signal) -> Event | None:
    """Return the OK that ended this alarm but came, and found nothing to end, before it: SNS keeps no order."""
    return (
        Event.objects.filter(
            alarm_arn=signal.event.alarm_arn,
            alarm_state="OK",
            state_changed_at__gt=signal.seen_at,
            incident=None,
        )
        .exclude(alarm_arn="")
        .exclude(drained_at=None)
        .first()
    )


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
    forecast = signal_forecast(signal, None if occurrence.is_new else occurrence.incident)
    _note(event, forecast)
    event.incident = occurrence.incident
    if forecast.earlier_ok is not None:
        Event.objects.filter(pk=forecast.earlier_ok.pk).update(incident=occurrence.incident)
        _resolve(occurrence.incident)


def _attach_other_state(signal: Signal) -> None:
    incident = open_incidents(signal).select_for_update().first()
    forecast = signal_forecast(signal, incident)
    _note(signal.event, forecast)
    signal.event.incident = incident
    if incident is not None and forecast.resolves:
        _resolve(incident)


def _note(event: Event, forecast: Forecast) -> None:
    event.disposition, event.disposition_reason = forecast.disposition, forecast.reason


def _resolve(incident: Incident) -> None:
    incident_move(
        incident=incident,
        target=Status.RESOLVED,
        actor=ACTOR,
        reason="alarm went back to OK before a fix existed",
    )
