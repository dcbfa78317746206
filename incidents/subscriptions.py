"""The beginning and the end of this installation's subscription to a topic."""

from incidents.choices import Disposition
from incidents.intake import event_store
from incidents.models import Event
from integrations.sns.client import confirm_subscription
from integrations.sns.message import Message


def subscription_confirm(*, message: Message, raw: str, endpoint_url: str | None) -> bool:
    """Confirm the subscription at SNS and record it; return False if that was done before.

    Raises Malformed, Unavailable or django.db.Error; confirming again at the next delivery changes nothing.
    """
    if Event.objects.filter(message_id=message.message_id).exists():
        return False
    subscription_arn = confirm_subscription(
        topic_arn=message.topic_arn, token=message.confirmation_token, endpoint_url=endpoint_url
    )
    stored = event_store(message=message, raw=raw, disposition=Disposition.CONFIRMED, reason=subscription_arn)
    return stored is not None


def subscription_end_record(*, message: Message, raw: str) -> bool:
    """Record that the subscription ended; return False if that was done before. Its URLs are never fetched."""
    stored = event_store(
        message=message,
        raw=raw,
        disposition=Disposition.UNSUBSCRIBED,
        reason="Nothing more is delivered from this topic. Subscribe again in SNS if that was not meant.",
    )
    return stored is not None
