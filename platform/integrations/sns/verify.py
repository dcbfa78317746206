"""Decide whether a posted body is a message that SNS signed for one of our topics, just now."""

from collections.abc import Collection
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from integrations.sns.certificates import Certificates
from integrations.sns.errors import Forged, NotAllowed, Stale
from integrations.sns.message import Message, parse_message

# SNS retries for at most an hour and keeps the first timestamp; clocks may differ by the skew.
WINDOW = timedelta(hours=1)
SKEW = timedelta(minutes=5)


def verified(body: bytes, *, topic_arns: Collection[str], certificates: Certificates, now: datetime) -> Message:
    """Return the message if everything about it is right; the cheapest questions come first, the network last.

    Raises Malformed, NotAllowed, Stale or Forged; Unavailable if its certificate cannot be fetched now.
    """
    message = parse_message(body)
    check_topic(message, topic_arns)
    _check_window(message, now)
    _check_signature(message, certificates, now)
    return message


def check_topic(message: Message, topic_arns: Collection[str]) -> None:
    """Raise NotAllowed unless the message names one of our topics."""
    # Exact equality: a signature proves some SNS topic, and anyone may subscribe this address to theirs.
    if message.topic_arn not in topic_arns:
        raise NotAllowed(
            f"The topic {message.topic_arn!r} may not deliver here. Add its ARN to SNS_TOPIC_ARNS if it should."
        )


def _check_window(message: Message, now: datetime) -> None:
    age = now - message.sent_at
    if age > WINDOW + SKEW:
        raise Stale(f"The message was signed at {message.timestamp}, more than 65 minutes ago.")
    if age < -SKEW:
        raise Stale(
            f"The message was signed at {message.timestamp}, which is in the future. Check the clock here."
        )


def _check_signature(message: Message, certificates: Certificates, now: datetime) -> None:
    signature = message.signature_bytes
    key = certificates.public_key(message.signing_cert_url, topic_arn=message.topic_arn, at=now)
    # Version 1 is SHA-1 and still the default of every topic; forging one needs a second preimage.
    algorithm = hashes.SHA256() if message.signature_version == "2" else hashes.SHA1()  # noqa: S303
    try:
        key.verify(signature, message.canonical_string.encode(), padding.PKCS1v15(), algorithm)
    except InvalidSignature as error:
        raise Forged("The signature does not match the message.") from error
