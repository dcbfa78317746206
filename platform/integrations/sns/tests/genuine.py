"""The genuine messages: their bytes, topic, certificate and the time at which they were fresh."""

from datetime import UTC, datetime
from pathlib import Path

from integrations.sns.certificates import Certificates

SAMPLES = Path(__file__).parent / "samples"
TOPIC_ARN = "arn:aws:sns:us-west-2:131990247566:dongie-standard-topic"
SENT_AT = datetime(2026, 3, 6, 20, 2, tzinfo=UTC)
CERTIFICATE = SAMPLES / "SimpleNotificationService-7506a1e35b36ef5a444dd1a8e7cc3ed8.pem"
CERTIFICATE_URL = f"https://sns.us-west-2.amazonaws.com/{CERTIFICATE.name}"
NAMES = sorted(path.name for path in SAMPLES.glob("*.json"))


def body(name: str) -> bytes:
    """Return the bytes of one sample."""
    return (SAMPLES / name).read_bytes()


def certificates() -> Certificates:
    """Return certificates that serve the genuine one and would fail a test that fetched."""
    return Certificates(local={CERTIFICATE_URL: CERTIFICATE}, fetch=unexpected_fetch)


def unexpected_fetch(url: str) -> bytes:
    """Stand for the network where nothing may be fetched."""
    raise AssertionError(f"nothing should have been fetched, but {url} was")
