"""From a verified message to a stored event, and from stored events to incidents."""

import json
from collections import Counter
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from core.nudge import drain_bell
from incidents.alarm_signals import signal_apply, signal_of
from incidents.choices import Disposition
from incidents.lifecycle import incident_announce
from incidents.locks import advisory_lock
from incidents.models import Event, Service
from integrations.cloudwatch.alarm import parse_alarm
from integrations.sns.message import Message

BATCH = 200

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
    now = timezone.now()
    is_waiting = disposition == Disposition.RECEIVED
    alarm = parse_alarm(message.message) if message.type == "Notification" else None
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_ONCE,
            [
                message.message_id,
                message.topic_arn,
                raw,
                (message.subject or "")[:200],
                json.dumps(alarm.document) if alarm else None,
                alarm.arn if alarm else "",
                alarm.name if alarm else "",
                alarm.state if alarm else "",
                alarm.state_changed_at if alarm else None,
                now,
                None if is_waiting else now,
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
    """
    with transaction.atomic():
        waiting = Event.objects.filter(disposition=Disposition.RECEIVED).order_by("id")
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
