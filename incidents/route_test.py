"""Where a pasted payload would go, and why: intake's own questions, asked without storing anything."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from pydantic_core import from_json

from core.errors import PlatformError
from incidents.admission import limit_reason
from incidents.alarm_signals import open_incidents, signal_forecast, signal_of
from incidents.choices import Disposition
from incidents.intake import event_known, event_of
from incidents.models import Event, Incident, Pause, Service
from incidents.selectors import pause_in_force
from integrations.cloudwatch.alarm import FIRST_YEAR, LAST_YEAR, Alarm, parse_alarm
from integrations.sns.errors import Malformed, NotAllowed
from integrations.sns.message import Message, parse_message
from integrations.sns.verify import check_topic

ARN_PARTS = 6


class NotReadable(PlatformError):
    """The payload is neither an SNS message nor an alarm document; the text says what is wrong with it."""


@dataclass(frozen=True)
class RouteTest:
    """What intake would write of the payload now.

    `remarks` say what a real delivery would meet besides; `hold` is why a new incident would have to wait, and
    `known` the event of an earlier delivery, after which nothing more would happen.
    """

    disposition: Disposition
    reason: str
    alarm: Alarm | None = None
    service: Service | None = None
    incident: Incident | None = None
    resolves: bool = False
    known: Event | None = None
    pause: Pause | None = None
    hold: str = ""
    remarks: Sequence[str] = ()


def route_test(payload: str) -> RouteTest:
    """Answer for an SNS message or a bare CloudWatch alarm document. Raises NotReadable."""
    message, remarks = _message_of(payload)
    if message.type == "SubscriptionConfirmation":
        return RouteTest(Disposition.CONFIRMED, "The subscription would be confirmed at SNS.", remarks=remarks)
    if message.type == "UnsubscribeConfirmation":
        return RouteTest(Disposition.UNSUBSCRIBED, "The end of the subscription would be noted.", remarks=remarks)
    event = event_of(message)
    known = event_known(event)
    alarm = parse_alarm(event.alarm) if event.alarm else None
    signal = signal_of(event, list(Service.objects.all()))
    if signal is None:
        return RouteTest(Disposition.UNROUTED, event.disposition_reason, alarm=alarm, known=known, remarks=remarks)
    forecast = signal_forecast(signal, open_incidents(signal).first())
    opens = forecast.disposition == Disposition.OPENED
    return RouteTest(
        disposition=forecast.disposition,
        reason=forecast.reason,
        alarm=alarm,
        service=signal.service,
        incident=forecast.incident,
        resolves=forecast.resolves,
        known=known,
        pause=pause_in_force(),
        hold=limit_reason(signal.service) if opens else "",
        remarks=remarks,
    )


def _message_of(payload: str) -> tuple[Message, list[str]]:
    """Return the payload as SNS would deliver it, and what has to be said about that. Raises NotReadable."""
    try:
        document = from_json(payload, allow_inf_nan=False)
    except ValueError as error:
        raise NotReadable(f"This is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise NotReadable("This is JSON but not an object; paste the whole SNS message or the whole alarm.")
    if "AlarmName" in document:
        return _wrapped(payload, document)
    if "Type" not in document:
        raise NotReadable("This has neither the Type of an SNS message nor the AlarmName of a CloudWatch alarm.")
    try:
        message = parse_message(payload.encode())
    except Malformed as error:
        raise NotReadable(f"SNS would not send this: {error}") from error
    if len(message.topic_arn.split(":")) != ARN_PARTS:
        raise NotReadable(f"TopicArn is {message.topic_arn!r}, which is no ARN of a topic.")
    remarks = ["Its signature and its age are not checked here; a real delivery must have both right."]
    try:
        check_topic(message, settings.SNS_TOPIC_ARNS)
    except NotAllowed as error:
        remarks.insert(0, f"A real delivery would be refused: {error}")
    return message, remarks


def _wrapped(payload: str, document: dict[str, object]) -> tuple[Message, list[str]]:
    """Return the message around a bare alarm document, as one of our topics would send it."""
    if parse_alarm(payload) is None:
        raise NotReadable(
            "This is no alarm as CloudWatch publishes it: AlarmName, NewStateValue "
            "(ALARM, OK or INSUFFICIENT_DATA) and "
            f"StateChangeTime with its offset, from {FIRST_YEAR} to {LAST_YEAR}, are needed."
        )
    topic_arn = min(settings.SNS_TOPIC_ARNS, default="arn:aws:sns:::")
    message = Message(
        Type="Notification",
        MessageId="route-test",
        TopicArn=topic_arn,
        Message=payload,
        Timestamp="",
        SignatureVersion="1",
        Signature="",
        SigningCertURL="",
    )
    if document.get("AlarmArn"):
        return message, []
    return message, [f"The alarm names no ARN, so its region is taken from the topic {topic_arn}."]
