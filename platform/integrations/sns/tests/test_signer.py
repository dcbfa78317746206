"""The local signer signs what the verifier accepts, with one key however many processes begin at once."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from integrations.sns.certificates import Certificates
from integrations.sns.errors import Forged
from integrations.sns.signer import LOCAL_CERTIFICATE_URL, LocalSigner, SignerBroken
from integrations.sns.verify import verified

TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"


def trusting(directory: Path) -> Certificates:
    return Certificates(local={LOCAL_CERTIFICATE_URL: directory / "certificate.pem"})


@pytest.mark.parametrize("subject", [None, 'ALARM: "höher" in US East (N. Virginia)'])
def test_a_signed_notification_verifies(tmp_path: Path, subject: str | None) -> None:
    body = LocalSigner(tmp_path / "sns").notification(topic_arn=TOPIC, subject=subject, message="naïve\n\u2028☃")

    message = verified(body, topic_arns={TOPIC}, certificates=trusting(tmp_path / "sns"), now=timezone.now())

    assert (message.subject, message.message) == (subject, "naïve\n\u2028☃")
    assert message.signature_version == "2"


def test_what_another_key_signed_is_forged(tmp_path: Path) -> None:
    body = LocalSigner(tmp_path / "theirs").notification(topic_arn=TOPIC, subject=None, message="m")
    LocalSigner(tmp_path / "ours")

    with pytest.raises(Forged, match="signature does not match"):
        verified(body, topic_arns={TOPIC}, certificates=trusting(tmp_path / "ours"), now=timezone.now())


def test_confirmations_can_be_signed_too(tmp_path: Path) -> None:
    signer = LocalSigner(tmp_path / "sns")
    notification = json.loads(signer.notification(topic_arn=TOPIC, subject=None, message="m"))
    envelope = {
        **{key: notification[key] for key in ("MessageId", "TopicArn", "Message", "Timestamp")},
        "Type": "SubscriptionConfirmation",
        "Token": "t",
        "SubscribeURL": "https://sns.us-east-1.amazonaws.com/",
    }
    body = json.dumps(signer.sign(envelope)).encode()

    verified(body, topic_arns={TOPIC}, certificates=trusting(tmp_path / "sns"), now=timezone.now())


def test_of_many_that_begin_at_once_all_use_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        signers = list(pool.map(lambda _: LocalSigner(tmp_path / "sns"), range(6)))

    bodies = [signer.notification(topic_arn=TOPIC, subject=None, message="m") for signer in signers]
    for body in bodies:
        verified(body, topic_arns={TOPIC}, certificates=trusting(tmp_path / "sns"), now=timezone.now())
    assert [path.name for path in tmp_path.iterdir()] == ["sns"]


def test_the_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    LocalSigner(tmp_path / "sns")

    assert stat.S_IMODE((tmp_path / "sns" / "key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "sns").stat().st_mode) == 0o700


def test_half_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "sns").mkdir()
    (tmp_path / "sns" / "certificate.pem").touch()

    with pytest.raises(SignerBroken, match="Remove it to have it made anew"):
        LocalSigner(tmp_path / "sns")


def test_a_broken_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "sns").mkdir()
    (tmp_path / "sns" / "key.pem").write_text("?")

    with pytest.raises(SignerBroken, match="to have it made anew"):
        LocalSigner(tmp_path / "sns")


def test_embedded_mode_trusts_exactly_this_signers_certificate() -> None:
    assert set(settings.SNS_LOCAL_CERTIFICATES) == {LOCAL_CERTIFICATE_URL}
