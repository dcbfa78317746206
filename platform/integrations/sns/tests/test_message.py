"""The envelope: what is refused and how that is said, and the string that SNS signs."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.sns.errors import Malformed
from integrations.sns.message import Message, parse_message

ENVELOPE = {
    "Type": "Notification",
    "MessageId": "1",
    "TopicArn": "arn:aws:sns:us-east-1:123456789012:alarms",
    "Message": "two\nlines",
    "Timestamp": "2026-11-24T04:00:00.000Z",
    "SignatureVersion": "2",
    "Signature": "AAAA",
    "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
}

SINGLE_LINES = ["MessageId", "TopicArn", "Timestamp", "Subject", "Token", "SubscribeURL", "SigningCertURL"]


def encoded(**changes: object) -> bytes:
    return json.dumps({**ENVELOPE, **changes}).encode()


def test_the_signed_string_of_a_notification_has_its_subject_only_if_there_is_one() -> None:
    without, with_subject = parse_message(encoded()), parse_message(encoded(Subject="s"))

    assert without.canonical_string == (
        "Message\ntwo\nlines\nMessageId\n1\nTimestamp\n2026-11-24T04:00:00.000Z\n"
        "TopicArn\narn:aws:sns:us-east-1:123456789012:alarms\nType\nNotification\n"
    )
    assert "MessageId\n1\nSubject\ns\nTimestamp\n" in with_subject.canonical_string


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_confirmations_sign_token_and_url(kind: str) -> None:
    message = parse_message(encoded(Type=kind, Token="t", SubscribeURL="https://u", Subject="ignored"))

    assert message.canonical_string == (
        "Message\ntwo\nlines\nMessageId\n1\nSubscribeURL\nhttps://u\nTimestamp\n2026-11-24T04:00:00.000Z\n"
        f"Token\nt\nTopicArn\narn:aws:sns:us-east-1:123456789012:alarms\nType\n{kind}\n"
    )


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The body is not JSON"),
        (b"\xff", "The body is not JSON"),
        (b"[" * 10_000, "The body is not JSON"),
        (b"[]", "JSON but not an object"),
        (b'{"AlarmName": "raw"}', "Type is missing.*raw message delivery"),
        (encoded(Type="Notify"), "Type is 'Notify'; expected 'Notification'"),
        (encoded(SignatureVersion="3"), "SignatureVersion is '3'; expected '1' or '2'"),
        (encoded(Message={"AlarmName": "nested"}), "Message is not a string"),
        (encoded(MessageId=""), "MessageId: String should have at least 1 character"),
        (encoded(MessageId="1" * 101), "MessageId: String should have at most 100 characters"),
        (encoded(Type="SubscriptionConfirmation"), "Token is missing"),
        (encoded(Type="UnsubscribeConfirmation", Token="t"), "SubscribeURL is missing"),
        (b'{"Message": "\\ud800"}', "The body is not JSON"),
    ],
)
def test_what_is_no_sns_message_is_refused_by_a_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(Malformed, match=sentence):
        parse_message(body)


@pytest.mark.parametrize("key", [key for key in ENVELOPE if key != "Subject"])
def test_every_required_field_is_named_when_it_is_missing(key: str) -> None:
    rest = {name: value for name, value in ENVELOPE.items() if name != key}

    with pytest.raises(Malformed, match=f"^{key} is missing"):
        parse_message(json.dumps(rest).encode())


@pytest.mark.parametrize("key", SINGLE_LINES)
@pytest.mark.parametrize("character", ["\n", "\r", "\0", "\x7f"])
def test_control_characters_are_refused_in_every_field_but_the_message(key: str, character: str) -> None:
    with pytest.raises(Malformed, match=f"^{key} holds a line break"):
        parse_message(encoded(**{key: f"a{character}b"}))


@pytest.mark.parametrize(
    "timestamp", ["now", "2026-11-24 04:00:00Z", "2026-11-24T04:00:00+00:00", "2026-13-01T00:00:00Z"]
)
def test_a_timestamp_in_another_form_is_refused(timestamp: str) -> None:
    with pytest.raises(Malformed, match="Timestamp is"):
        _ = parse_message(encoded(Timestamp=timestamp)).sent_at


def test_a_signature_that_is_not_base64_is_refused() -> None:
    with pytest.raises(Malformed, match="Signature is not base64"):
        _ = parse_message(encoded(Signature="%%%")).signature_bytes


@given(
    st.binary() | st.recursive(st.text() | st.none() | st.floats(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_any_bytes_are_a_message_or_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse_message(body)


LINE = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)


@given(message=st.text(st.characters(exclude_categories=["Cs"])), subject=st.none() | LINE, message_id=LINE)
def test_different_messages_never_share_a_signed_string(
    message: str, subject: str | None, message_id: str
) -> None:
    fields = {**ENVELOPE, "Message": message, "MessageId": message_id} | ({"Subject": subject} if subject else {})
    parsed = Message.model_validate(fields)

    lines = parsed.canonical_string.split("\n")

    # The last fields are single lines, so that whatever the message holds, they can be read back from the end.
    assert lines[-7:-1] == ["Timestamp", parsed.timestamp, "TopicArn", parsed.topic_arn, "Type", parsed.type]
    assert parsed.canonical_string.startswith(f"Message\n{message}\n")
