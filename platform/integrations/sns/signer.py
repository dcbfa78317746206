"""A topic's side of SNS on this machine: signs as SNS does, with a certificate that only embedded mode trusts."""

import json
import os
import shutil
import tempfile
import uuid
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from core.errors import PlatformError
from integrations.sns.message import Message

# In form one that SNS could use in us-east-1, so that every check but the fetch is the same.
LOCAL_CERTIFICATE_URL = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-" + "0" * 32 + ".pem"
VALID_FOR = timedelta(days=3650)


class SignerBroken(PlatformError):
    """The signer's folder cannot be used; the text says what to do."""


class LocalSigner:
    """Signs messages with the key in `directory`; the first one to need key and certificate makes them."""

    def __init__(self, directory: Path) -> None:
        key_path = directory / "key.pem"
        if not key_path.exists():
            _make(directory)
        try:
            key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise SignerBroken(
                f"{key_path} cannot be used ({error}). Remove {directory} to have it made anew."
            ) from error
        if not isinstance(key, rsa.RSAPrivateKey):
            raise SignerBroken(f"{key_path} is not an RSA key. Remove {directory} to have it made anew.")
        self._key = key

    def sign(self, envelope: Mapping[str, str]) -> dict[str, str]:
        """Return the envelope with SignatureVersion 2, SigningCertURL and Signature."""
        unsigned = {
            **envelope,
            "SignatureVersion": "2",
            "SigningCertURL": LOCAL_CERTIFICATE_URL,
            "Signature": "",
        }
        text = Message.model_validate(unsigned).canonical_string
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return {**unsigned, "Signature": b64encode(signature).decode()}

    def notification(
        self, *, topic_arn: str, subject: str | None, message: str, sent_at: datetime | None = None
    ) -> bytes:
        """Return the body of a delivery: a signed Notification with a new MessageId, sent now unless said."""
        envelope = {
            "Type": "Notification",
            "MessageId": str(uuid.uuid4()),
            "TopicArn": topic_arn,
            "Message": message,
            "Timestamp": timestamp(sent_at or datetime.now(UTC)),
            "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
        }
        if subject is not None:
            envelope["Subject"] = subject
        return json.dumps(self.sign(envelope), indent=2).encode()


def timestamp(moment: datetime) -> str:
    """Write a time as SNS does: UTC with milliseconds and Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _make(directory: Path) -> None:
    """Make key and certificate together: the finished folder is renamed into place, and the first one wins."""
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    except OSError as error:
        raise SignerBroken(
            f"{directory} cannot be made ({error}). Set DATA_DIR to a folder of your own."
        ) from error
    try:
        _write_pair(fresh)
        os.rename(fresh, directory)  # noqa: PTH104  # Path.rename is the same call; this one is known to be atomic
    except OSError as error:
        shutil.rmtree(fresh)
        if not (directory / "key.pem").exists():
            raise SignerBroken(f"{directory} is incomplete ({error}). Remove it to have it made anew.") from error


def _write_pair(directory: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    # A day of slack, so that the certificate is valid at once for clocks that are behind.
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("sns.amazonaws.com")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / "key.pem").touch(mode=0o600)
    (directory / "key.pem").write_bytes(private)
    (directory / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
