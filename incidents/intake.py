"""From a verified message to a stored event, and from stored events to incidents."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core.nudge import drain_bell
from core.redact import redact
from incidents.alarm_signals import signal_apply, signal_of
from incidents.choices import Disposition
from incidents.lifecycle import incident_announce
from incidents.locks import advisory_lock
from incidents.models import Event, Service
from integrations.cloudwatch.alarm import parse_alarm
from integrations.sns.message import Message

logger = structlog.get_logger(__name__)

BATCH = 200
# How the reason of an event begins that an error has left to a person.
FAILED = "Unexpected "

# Either unique constraint can hold: the same MessageId, or another one for the same state change.
_INSERT_ONCE = """
    INSERT INTO incidents_event (
        message_id, topic_arn, raw, subject, alarm, alarm_arn, alarm_name, alarm_state, state_changed_at,
        received_at, drained_at, disposition, disposition_reason
    )
    VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT DO NOTHING
    RETURNING id
"""


def event_store(
    *, message: Message, raw: str, disposition: Disposition = Disposition.RECEIVED, reason: str = ""
) -> int | None:
    """Store a verified message and wake the drain after commit; return its id, or None if it was known already.

    With another disposition than RECEIVED the event is only recorded. Raises django.db.Error if it cannot be
    stored, in which case the sender must be told to deliver again.
    """
    is_waiting = disposition == Disposition.RECEIVED
    event = event_of(message)
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_ONCE,
            [
                event.message_id,
                event.topic_arn,
                raw,
                event.subject,
                json.dumps(event.alarm) if event.alarm else None,
                event.alarm_arn,
                event.alarm_name,
                event.alarm_state,
                event.state_changed_at,
                event.received_at,
                None if is_waiting else event.received_at,
                disposition.value,
                reason[:500],
            ],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    if is_waiting:
        drain_bell.ring()
    return int(row[0])


def event_of(message: Message) -> Event:
    """Return the event that a message becomes, not stored."""
    alarm = parse_alarm(message.message) if message.type == "Notification" else None
    return Event(
        message_id=message.message_id,
        topic_arn=message.topic_arn,
        subject=(message.subject or "")[:200],
        alarm=alarm.document if alarm else None,
        alarm_arn=alarm.arn if alarm else "",
        alarm_name=alarm.name if alarm else "",
        alarm_state=alarm.state if alarm else "",
        state_changed_at=alarm.state_changed_at if alarm else None,
        received_at=timezone.now(),
    )


def event_known(event: Event) -> Event | None:
    """Return the stored event that would keep this one from being stored, or None."""
    same_change = Q(
        alarm_arn=event.alarm_arn, state_changed_at=event.state_changed_at, alarm_state=event.alarm_state
    ) & ~Q(alarm_arn="")
    return Event.objects.filter(Q(message_id=event.message_id) | same_change).first()


@dataclass(frozen=True)
class DrainReport:
    """How many events one batch took, by what became of them."""

    dispositions: Counter[str]

    @property
    def total(self) -> int:
        return self.dispositions.total()


def drain(*, limit: int = BATCH) -> DrainReport:
    """Take at most `limit` stored events that no other drain holds, and give each its incident or its reason.

    All of a batch commits together or not at all; events of one fingerprint are taken in the order of their state
    changes, and never by two drains at once.

    An event that no incident can be made of does not stop the others: it is left to a person with the error as its
    reason, once another one of the same batch has opened an incident. Until then the fault may be ours and hit all
    of them, so what fails stays received and is tried again, also one that is alone. Raises what the first failed
    on where nothing could be taken, and django.db.OperationalError where the database is away.
    """
    waiting = Event.objects.filter(disposition=Disposition.RECEIVED)
    try:
        return _take(waiting.order_by("id"), limit)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # The boundary of intake: whatever one event brings along, the next alarm must not wait for its mending.
        logger.exception("drain.batch_failed", taken_up="one by one")
    taken: Counter[str] = Counter()
    failed: dict[int, Exception] = {}
    for pk in list(waiting.order_by("state_changed_at", "id").values_list("pk", flat=True)[:limit]):
        try:
            taken += _take(waiting.filter(pk=pk), 1).dispositions
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("drain.event_failed", event_id=pk)
            failed[pk] = error
    # Only an incident that was opened has gone all the way that one of the failed may have to go.
    if taken[Disposition.OPENED]:
        for pk, fault in failed.items():
            taken[Disposition.UNROUTED] += _leave_to_a_person(pk, fault)
    elif failed and not taken:
        raise next(iter(failed.values()))
    return DrainReport(taken)


def events_failed(*, since: datetime) -> QuerySet[Event, Event]:
    """Return the events that an error has left to a person since then, and that nobody has routed again."""
    return Event.objects.filter(
        disposition=Disposition.UNROUTED, drained_at__gt=since, disposition_reason__startswith=FAILED
    )


def _take(waiting: QuerySet[Event, Event], limit: int) -> DrainReport:
    with transaction.atomic():
        events = list(waiting.select_for_update(skip_locked=True, of=("self",)).select_related("service")[:limit])
        services = list(Service.objects.all()) if events else []
        signals = [signal for event in events if (signal := signal_of(event, services)) is not None]
        # The same order in every drain, so that two of them wait for each other instead of deadlocking.
        signals.sort(key=lambda signal: (signal.fingerprint, signal.seen_at, signal.event.pk))
        advisory_lock(*sorted({signal.fingerprint for signal in signals}))
        for signal in signals:
            signal_apply(signal)
        # One message for each incident, however many of the batch are its occurrences.
        incident_announce(*{event.incident_id for event in events if event.incident_id})
        now = timezone.now()
        for event in events:
            event.drained_at = now
            event.disposition_reason = event.disposition_reason[:500]
        Event.objects.bulk_update(
            events, ["service", "incident", "disposition", "disposition_reason", "drained_at"]
        )
    return DrainReport(Counter(event.disposition for event in events))


def _leave_to_a_person(event_id: int, error: Exception) -> int:
    """Mark an event that cannot be drained as unrouted; return how many rows that were: it may be gone."""
    reason = (
        f"{FAILED}{type(error).__name__} in intake: {redact(str(error))[:300]}. "
        "See the worker's log, then route it again."
    )
    return Event.objects.filter(pk=event_id, disposition=Disposition.RECEIVED).update(
        disposition=Disposition.UNROUTED, disposition_reason=reason, drained_at=timezone.now()
    )
