"""Genuine messages verify at their time, and with any signed byte changed they do not."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import Unavailable
from integrations.sns.certificates import Certificates
from integrations.sns.errors import Forged, NotAllowed, Refused, Stale
from integrations.sns.message import Message
from integrations.sns.signer import LOCAL_CERTIFICATE_URL, LocalSigner, timestamp
from integrations.sns.tests import genuine
from integrations.sns.verify import SKEW, WINDOW, verified

TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
# The local certificate is valid from the day before it is made.
NOW = datetime.now(UTC).replace(microsecond=0)


def check(body: bytes, *, now: datetime = genuine.SENT_AT) -> Message:
    return verified(body, topic_arns={genuine.TOPIC_ARN}, certificates=genuine.certificates(), now=now)


def test_the_samples_are_all_there() -> None:
    assert len(genuine.NAMES) == 5


@pytest.mark.parametrize("name", genuine.NAMES)
def test_a_genuine_message_verifies_at_its_time(name: str) -> None:
    message = check(genuine.body(name))

    assert message.topic_arn == genuine.TOPIC_ARN


@pytest.mark.parametrize("name", genuine.NAMES)
def test_no_character_of_a_signed_field_can_be_changed(name: str) -> None:
    envelope = json.loads(genuine.body(name))
    signed = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    accepted = []

    for key in [key for key in signed if key in envelope]:
        value = envelope[key]
        for position in range(len(value)):
            changed = value[:position] + chr(ord(value[position]) ^ 1) + value[position + 1 :]
            try:
                check(json.dumps({**envelope, key: changed}).encode())
            except Refused:
                continue
            accepted.append((key, position))

    assert accepted == []


@pytest.mark.parametrize("name", genuine.NAMES)
def test_no_signed_field_can_be_dropped_or_emptied(name: str) -> None:
    envelope = json.loads(genuine.body(name))
    unsigned = {"UnsubscribeURL"}

    for key in envelope.keys() - unsigned:
        rest = {other: value for other, value in envelope.items() if other != key}
        for changed in (rest, {**rest, key: ""}):
            with pytest.raises(Refused):
                check(json.dumps(changed).encode())


@pytest.mark.parametrize("name", genuine.NAMES)
def test_a_subject_cannot_be_added_to_a_notification_and_versions_cannot_be_swapped(name: str) -> None:
    envelope = json.loads(genuine.body(name))
    other = {"1": "2", "2": "1"}[envelope["SignatureVersion"]]

    with pytest.raises(Forged):
        check(json.dumps({**envelope, "SignatureVersion": other}).encode())
    if envelope["Type"] == "Notification":
        with pytest.raises(Forged):
            check(json.dumps({**envelope, "Subject": "added"}).encode())


def test_another_topic_is_refused_before_anything_is_fetched() -> None:
    certificates = Certificates(fetch=genuine.unexpected_fetch)

    with pytest.raises(NotAllowed, match="Add its ARN to SNS_TOPIC_ARNS"):
        verified(
            genuine.body(genuine.NAMES[0]), topic_arns={TOPIC}, certificates=certificates, now=genuine.SENT_AT
        )


@pytest.mark.parametrize(
    ("late", "sentence"),
    [
        (WINDOW + SKEW + timedelta(seconds=1), "more than 65 minutes ago"),
        (-SKEW - timedelta(seconds=1), "in the future"),
    ],
)
def test_a_replay_outside_the_window_is_refused_before_anything_is_fetched(
    tmp_path: Path, late: timedelta, sentence: str
) -> None:
    body = LocalSigner(tmp_path / "sns").notification(topic_arn=TOPIC, subject=None, message="m", sent_at=NOW)

    with pytest.raises(Stale, match=sentence):
        verified(
            body, topic_arns={TOPIC}, certificates=Certificates(fetch=genuine.unexpected_fetch), now=NOW + late
        )


def test_the_last_retry_of_sns_is_still_in_the_window(tmp_path: Path) -> None:
    signer = LocalSigner(tmp_path / "sns")
    body = signer.notification(topic_arn=TOPIC, subject=None, message="m", sent_at=NOW)
    certificates = Certificates(local={LOCAL_CERTIFICATE_URL: tmp_path / "sns" / "certificate.pem"})

    verified(body, topic_arns={TOPIC}, certificates=certificates, now=NOW + WINDOW)


def test_a_topic_arn_that_was_cut_anew_is_refused(tmp_path: Path) -> None:
    """The signed string has no lengths in it, so that an attacker's message can be cut into other fields."""
    attackers_topic = "arn:aws:sns:us-east-1:999999999999:theirs"
    smuggled = f"bait\nMessageId\nfake\nTimestamp\n{timestamp(NOW)}\nTopicArn\n{TOPIC}"
    signer = LocalSigner(tmp_path / "sns")
    signed = json.loads(
        signer.notification(topic_arn=attackers_topic, subject=None, message=smuggled, sent_at=NOW)
    )
    rest = f"MessageId\n{signed['MessageId']}\nTimestamp\n{signed['Timestamp']}\nTopicArn\n{attackers_topic}"
    recut = {
        **signed,
        "Message": "bait",
        "MessageId": "fake",
        "Timestamp": timestamp(NOW),
        "TopicArn": f"{TOPIC}\n{rest}",
    }
    as_signed = Message.model_validate(signed).canonical_string
    assert as_signed == "".join(
        f"{key}\n{recut[key]}\n" for key in ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
    ), "the attack is the real one: the very string that was signed"

    for topic_arns in ({TOPIC}, {recut["TopicArn"]}):
        with pytest.raises(Refused, match="TopicArn holds a line break"):
            verified(
                json.dumps(recut).encode(),
                topic_arns=topic_arns,
                certificates=Certificates(local={LOCAL_CERTIFICATE_URL: tmp_path / "sns" / "certificate.pem"}),
                now=NOW,
            )


def test_a_message_whose_certificate_cannot_be_fetched_is_not_called_forged() -> None:
    def fetch(url: str) -> bytes:
        raise Unavailable("sns", "no route")

    with pytest.raises(Unavailable):
        verified(
            genuine.body(genuine.NAMES[0]),
            topic_arns={genuine.TOPIC_ARN},
            certificates=Certificates(fetch=fetch),
            now=genuine.SENT_AT,
        )
