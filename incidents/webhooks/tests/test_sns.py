"""Every answer of the SNS webhook, with the sentence that a person reads, and what is stored by then."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from freezegun import freeze_time
from kombu.exceptions import OperationalError as BrokerAway
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from core.errors import Unavailable
from core.nudge import DRAIN
from incidents.choices import Disposition
from incidents.intake import drain
from incidents.models import Event, Incident
from incidents.tests.factories import ServiceFactory
from incidents.webhooks import sns as webhook
from integrations.sns.certificates import Certificates
from integrations.sns.signer import LOCAL_CERTIFICATE_URL, LocalSigner, timestamp
from integrations.sns.tests import genuine

pytestmark = pytest.mark.django_db

TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
ALARM = {
    "AlarmName": "orders-errors",
    "AWSAccountId": "123456789012",
    "NewStateValue": "ALARM",
    "StateChangeTime": "2026-11-24T04:00:00.000+0000",
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:orders-errors",
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signer") / "sns"


@pytest.fixture(scope="module")
def signer(directory: Path) -> LocalSigner:
    return LocalSigner(directory)


@pytest.fixture(autouse=True)
def trusting(directory: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, woken: list[str]) -> None:
    """Trust the module's signer for one topic, and fetch nothing."""
    settings.SNS_TOPIC_ARNS = frozenset({TOPIC})
    certificates = Certificates(
        local={LOCAL_CERTIFICATE_URL: directory / "certificate.pem"}, fetch=genuine.unexpected_fetch
    )
    monkeypatch.setattr(webhook, "certificates", lambda: certificates)


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the tasks that were sent; the bell does not wait here."""
    monkeypatch.setattr("core.nudge.Bell._start", lambda bell: bell._send())
    sent: list[str] = []
    monkeypatch.setattr("core.nudge.current_app.send_task", lambda name, args, retry: sent.append(name))
    return sent


class Answer(NamedTuple):
    code: int
    status: str
    reason: str


def post(body: bytes, *, content_type: str = "text/plain; charset=UTF-8", **headers: str) -> Answer:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/webhooks/sns/", body, content_type=content_type, headers=headers)
    return Answer(response.status_code, **response.json())


def notification(signer: LocalSigner, document: Mapping[str, Any] = ALARM, **changes: object) -> bytes:
    message = json.dumps({**document, **changes})
    return signer.notification(topic_arn=TOPIC, subject='ALARM: "orders-errors" in x', message=message)


def confirmation(signer: LocalSigner, kind: str) -> bytes:
    envelope = {
        "Type": kind,
        "MessageId": f"{kind}-1",
        "Token": "token",
        "TopicArn": TOPIC,
        "Message": "You have chosen",
        "SubscribeURL": "https://evil.example/?never=fetched",
        "Timestamp": timestamp(timezone.now()),
    }
    return json.dumps(signer.sign(envelope)).encode()


@pytest.mark.parametrize("content_type", ["text/plain; charset=UTF-8", "application/json"])
def test_a_signed_alarm_is_stored_whole_and_drained_after_commit(
    signer: LocalSigner,
    woken: list[str],
    content_type: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    body = notification(signer)

    with django_capture_on_commit_callbacks(execute=True):
        response = post(body, content_type=content_type)

    assert response == (200, "stored", "Stored.")
    event = Event.objects.get()
    assert event.raw == body.decode()
    assert event.message_id == json.loads(body)["MessageId"]
    assert (event.topic_arn, event.subject) == (TOPIC, 'ALARM: "orders-errors" in x')
    assert event.alarm == ALARM
    assert (event.alarm_name, event.alarm_state) == ("orders-errors", "ALARM")
    assert (event.alarm_arn, str(event.state_changed_at)) == (ALARM["AlarmArn"], "2026-11-24 04:00:00+00:00")
    assert (event.disposition, event.drained_at) == (Disposition.RECEIVED, None)
    assert woken == [DRAIN]


def test_the_same_message_again_has_no_effect(
    signer: LocalSigner, woken: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    body = notification(signer)
    with django_capture_on_commit_callbacks(execute=True):
        post(body)
        again = post(body)

    assert again[:2] == (200, "repeated")
    assert Event.objects.count() == 1
    assert woken == [DRAIN]


def test_another_message_about_the_same_state_change_has_no_effect(signer: LocalSigner) -> None:
    post(notification(signer))

    assert post(notification(signer))[:2] == (200, "repeated")
    assert post(notification(signer, NewStateValue="OK"))[:2] == (200, "stored")
    assert post(notification(signer, StateChangeTime="2026-11-24T04:00:00.001+0000"))[:2] == (200, "stored")
    assert Event.objects.count() == 3


def test_what_is_no_alarm_is_stored_every_time(signer: LocalSigner) -> None:
    for _ in range(2):
        body = signer.notification(topic_arn=TOPIC, subject=None, message="Disk \0 almost full")
        assert post(body)[:2] == (200, "stored")

    assert list(Event.objects.values_list("alarm", "alarm_arn", "subject")) == [(None, "", "")] * 2


@pytest.mark.parametrize("name", [name for name in genuine.NAMES if name.startswith("notification")])
def test_a_genuine_message_is_stored_at_its_time(
    name: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SNS_TOPIC_ARNS = frozenset({genuine.TOPIC_ARN})
    monkeypatch.setattr(webhook, "certificates", genuine.certificates)

    with freeze_time(genuine.SENT_AT):
        assert post(genuine.body(name))[:2] == (200, "stored")
    assert post(genuine.body(name))[0] == 403


def test_a_body_that_is_too_large_is_413_whatever_it_says_of_its_length() -> None:
    assert post(b"x" * (512 * 1024 + 1)) == (413, "refused", "The body is larger than 524288 bytes.")
    assert post(b"x" * (512 * 1024))[0] == 400


def test_the_largest_message_of_sns_is_stored(signer: LocalSigner) -> None:
    body = signer.notification(topic_arn=TOPIC, subject=None, message='"' * (256 * 1024 - 2000))

    assert post(body)[:2] == (200, "stored")


@pytest.mark.parametrize(
    ("body", "headers", "sentence"),
    [
        (b"ALARM!", {}, "The body is not JSON"),
        (json.dumps(ALARM).encode(), {}, "Type is missing"),
        (
            json.dumps(ALARM).encode(),
            {"x-amz-sns-rawdelivery": "true"},
            "The subscription uses raw message delivery",
        ),
        (b'{"Type": "Notify"}', {}, "Type is 'Notify'; expected"),
    ],
)
def test_what_is_malformed_is_400(body: bytes, headers: dict[str, str], sentence: str) -> None:
    code, status, reason = post(body, **headers)

    assert (code, status) == (400, "refused")
    assert reason.startswith(sentence)


def test_raw_delivery_is_refused_by_a_sentence_that_says_what_to_do() -> None:
    for headers in ({}, {"x-amz-sns-rawdelivery": "true"}):
        assert "turn it off" in post(b"ALARM!", **headers)[2]


def test_another_topic_is_403(signer: LocalSigner) -> None:
    body = signer.notification(topic_arn=f"{TOPIC}-other", subject=None, message="m")

    assert post(body) == (
        403,
        "refused",
        f"The topic '{TOPIC}-other' may not deliver here. Add its ARN to SNS_TOPIC_ARNS if it should.",
    )


def test_a_replay_is_403(signer: LocalSigner) -> None:
    old = timezone.now() - timedelta(minutes=66)
    body = signer.notification(topic_arn=TOPIC, subject=None, message="m", sent_at=old)

    code, status, reason = post(body)

    assert (code, status) == (403, "refused")
    assert reason.endswith("more than 65 minutes ago.")


def test_a_forgery_is_403_and_not_stored(signer: LocalSigner) -> None:
    envelope = json.loads(notification(signer))
    envelope["Message"] = envelope["Message"].replace("orders", "database")

    assert post(json.dumps(envelope).encode()) == (
        403,
        "refused",
        "The signature does not match the message.",
    )
    assert not Event.objects.exists()


def test_a_certificate_from_a_bucket_is_403(signer: LocalSigner) -> None:
    envelope = json.loads(notification(signer))
    envelope["SigningCertURL"] = envelope["SigningCertURL"].replace("us-east-1", "s3-ap-southeast-2")

    code, _, reason = post(json.dumps(envelope).encode())

    assert code == 403
    assert "certificates of this topic are at https://sns.us-east-1.amazonaws.com/" in reason


def test_a_certificate_that_cannot_be_fetched_is_503(signer: LocalSigner, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(url: str) -> bytes:
        raise Unavailable("sns", f"{url} cannot be fetched.")

    monkeypatch.setattr(webhook, "certificates", lambda: Certificates(fetch=fetch))

    code, status, reason = post(notification(signer))

    assert (code, status) == (503, "unavailable")
    assert reason == f"{LOCAL_CERTIFICATE_URL} cannot be fetched."


def test_a_database_that_cannot_store_is_503_and_the_next_delivery_is_stored(
    signer: LocalSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(**message: object) -> None:
        raise OperationalError("the server closed the connection")

    body = notification(signer)
    with monkeypatch.context() as broken:
        broken.setattr(webhook, "event_store", down)
        assert post(body) == (
            503,
            "unavailable",
            "The message could not be stored now (OperationalError).",
        )

    assert post(body)[:2] == (200, "stored")
    assert Event.objects.count() == 1


def test_with_the_broker_away_a_message_is_stored_and_drained_later(
    signer: LocalSigner,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def away(*_arguments: object, **_keywords: object) -> None:
        raise BrokerAway("connection refused")

    monkeypatch.setattr("core.nudge.current_app.send_task", away)
    ServiceFactory.create(alarm_patterns=["orders-*"])

    with django_capture_on_commit_callbacks(execute=True):
        assert post(notification(signer)) == (200, "stored", "Stored.")
        drain()

    assert Incident.objects.get().title == "orders-errors"


def test_only_post_is_allowed() -> None:
    assert Client().get("/webhooks/sns/").status_code == 405


@pytest.fixture
def confirmed(monkeypatch: pytest.MonkeyPatch) -> Stubber:
    """Return the SDK's client behind a stub that checks requests and answers against SNS's model."""
    client = boto3.client("sns", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr("integrations.sns.client.boto3.client", lambda *args, **kwargs: client)
    stubber = Stubber(client)
    stubber.activate()
    return stubber


def test_a_subscription_is_confirmed_through_the_sdk_once_and_recorded(
    signer: LocalSigner, confirmed: Stubber, woken: list[str]
) -> None:
    confirmed.add_response(
        "confirm_subscription",
        {"SubscriptionArn": f"{TOPIC}:1"},
        {"TopicArn": TOPIC, "Token": "token", "AuthenticateOnUnsubscribe": "true"},
    )
    body = confirmation(signer, "SubscriptionConfirmation")

    first, again = post(body), post(body)

    confirmed.assert_no_pending_responses()
    assert first == (200, "confirmed", "The subscription is confirmed.")
    assert again[:2] == (200, "repeated")
    event = Event.objects.get()
    assert (event.disposition, event.disposition_reason) == (Disposition.CONFIRMED, f"{TOPIC}:1")
    assert event.drained_at is not None
    assert woken == []


def test_a_subscription_to_an_unlisted_topic_is_not_confirmed(
    signer: LocalSigner, confirmed: Stubber, settings: Settings
) -> None:
    settings.SNS_TOPIC_ARNS = frozenset()

    assert post(confirmation(signer, "SubscriptionConfirmation"))[0] == 403
    assert not Event.objects.exists()


def test_a_confirmation_that_aws_refuses_is_503_and_not_recorded(signer: LocalSigner, confirmed: Stubber) -> None:
    confirmed.add_client_error("confirm_subscription", "AuthorizationError", "not you", 403)

    code, status, reason = post(confirmation(signer, "SubscriptionConfirmation"))

    assert (code, status) == (503, "unavailable")
    assert "could not be confirmed" in reason
    assert "allow sns:ConfirmSubscription" in reason
    assert not Event.objects.exists()


def test_a_confirmation_without_credentials_is_503(signer: LocalSigner, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_credentials(*args: object, **kwargs: object) -> None:
        raise NoCredentialsError

    monkeypatch.setattr("integrations.sns.client.boto3.client", no_credentials)

    assert post(confirmation(signer, "SubscriptionConfirmation"))[:2] == (503, "unavailable")


def test_the_end_of_a_subscription_is_recorded_and_nothing_is_called(
    signer: LocalSigner, confirmed: Stubber
) -> None:
    body = confirmation(signer, "UnsubscribeConfirmation")

    assert post(body) == (200, "unsubscribed", "The end of the subscription is recorded.")
    assert post(body)[:2] == (200, "repeated")
    assert Event.objects.get().disposition == Disposition.UNSUBSCRIBED
