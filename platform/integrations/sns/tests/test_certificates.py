"""Where certificates may come from, how they are fetched, and what they must say."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from core.errors import Unavailable
from integrations.sns.certificates import (
    CACHE_ENTRIES,
    CACHE_SECONDS,
    LARGEST_CERTIFICATE_BYTES,
    Certificates,
    checked_url,
    endpoint_of,
    fetch_certificate,
    known_endpoints,
)
from integrations.sns.errors import Forged
from integrations.sns.tests import genuine

TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
FILE = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
URL = f"https://sns.us-east-1.amazonaws.com/{FILE}"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def topic(partition: str, region: str) -> str:
    return f"arn:{partition}:sns:{region}:123456789012:alarms"


@pytest.mark.parametrize(
    ("arn", "host"),
    [
        (topic("aws", "eu-west-1"), "sns.eu-west-1.amazonaws.com"),
        (topic("aws", "me-south-1"), "sns.me-south-1.amazonaws.com"),
        (topic("aws-us-gov", "us-gov-east-1"), "sns.us-gov-east-1.amazonaws.com"),
        (topic("aws-cn", "cn-north-1"), "sns.cn-north-1.amazonaws.com.cn"),
        (topic("aws-iso", "us-iso-east-1"), "sns.us-iso-east-1.c2s.ic.gov"),
        (topic("aws-iso-b", "us-isob-east-1"), "sns.us-isob-east-1.sc2s.sgov.gov"),
        (topic("aws-iso-e", "eu-isoe-west-1"), "sns.eu-isoe-west-1.cloud.adc-e.uk"),
        (topic("aws-iso-f", "us-isof-south-1"), "sns.us-isof-south-1.csp.hci.ic.gov"),
        (topic("aws-eusc", "eusc-de-east-1"), "sns.eusc-de-east-1.amazonaws.eu"),
    ],
)
def test_each_partition_has_its_own_hosts(arn: str, host: str) -> None:
    url = f"https://{host}/{FILE}"

    assert checked_url(url, topic_arn=arn) == url


def test_every_region_of_every_partition_is_known() -> None:
    arns = [
        topic(partition, region)
        for partition in known_endpoints().get_available_partitions()
        for region in known_endpoints().get_available_endpoints("sns", partition)
    ]

    assert len(arns) >= 46
    assert len({endpoint_of(arn).host for arn in arns}) == len(arns)


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        (TOPIC, "sns.amazonaws.com"),
        (topic("aws", "af-south-1"), "sns-signing.af-south-1.amazonaws.com"),
        (topic("aws-us-gov", "us-gov-east-1"), "sns-us-gov-west-1.amazonaws.com"),
        (topic("aws-cn", "cn-northwest-1"), "sns-cn-northwest-1.amazonaws.com.cn"),
        (topic("aws-iso", "us-iso-east-1"), "sns-us-iso-east-1.c2s.ic.gov"),
        (topic("aws-iso-f", "us-isof-east-1"), "sns-signing.us-isof-east-1.csp.hci.ic.gov"),
        (topic("aws-eusc", "eusc-de-east-1"), "sns-signing.eusc-de-east-1.amazonaws.eu"),
    ],
)
def test_the_names_of_awss_own_verifier_are_accepted(arn: str, name: str) -> None:
    assert name in endpoint_of(arn).names


@pytest.mark.parametrize(
    "url",
    [
        f"https://sns.s3.amazonaws.com/{FILE}",
        f"https://sns.s3-ap-southeast-2.amazonaws.com/{FILE}",
        f"https://sns.s3-website-us-east-1.amazonaws.com/{FILE}",
        f"https://sns.ec2.amazonaws.com/{FILE}",
        f"https://s3.amazonaws.com/sns.us-east-1.amazonaws.com/{FILE}",
        f"https://sns.us-east-1.amazonaws.com.evil.example/{FILE}",
        f"https://evil.example/sns.us-east-1.amazonaws.com/{FILE}",
        f"https://sns.us-west-2.amazonaws.com/{FILE}",
        f"https://sns.us-east-1.amazonaws.com.cn/{FILE}",
        f"https://SNS.us-east-1.amazonaws.com/{FILE}",
        f"http://sns.us-east-1.amazonaws.com/{FILE}",
        f"https://sns.us-east-1.amazonaws.com:443/{FILE}",
        f"https://sns.us-east-1.amazonaws.com:8443/{FILE}",
        f"https://user@sns.us-east-1.amazonaws.com/{FILE}",
        f"https://user:password@sns.us-east-1.amazonaws.com/{FILE}",
        f"https://sns.us-east-1.amazonaws.com@evil.example/{FILE}",
        f"{URL}?x=.pem",
        f"{URL}?",
        f"{URL}#.pem",
        f"{URL}#",
        f"{URL}/",
        f"{URL}\n",
        f" {URL}",
        f"https://sns.us-east-1.amazonaws.com//{FILE}",
        f"https://sns.us-east-1.amazonaws.com/../{FILE}",
        f"https://sns.us-east-1.amazonaws.com/x/{FILE}",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123.pem",
        "https://sns.us-east-1.amazonaws.com/?Action=GetTopicAttributes&x=.pem",
        "https://[::1/x.pem",
        "",
    ],
)
def test_no_other_url_is_a_certificate_of_the_topic(url: str) -> None:
    with pytest.raises(Forged, match="SigningCertURL"):
        checked_url(url, topic_arn=TOPIC)


@pytest.mark.parametrize(
    "arn",
    ["", "alarms", topic("aws", "s3-ap-southeast-2"), topic("aws", "cn-north-1"), topic("aws-x", "us-east-1")],
)
def test_a_topic_in_no_known_region_has_no_certificates(arn: str) -> None:
    with pytest.raises(Forged, match="no region where SNS is known to be"):
        checked_url(URL, topic_arn=arn)


def certificate(
    name: str = "sns.amazonaws.com", *, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None
) -> bytes:
    """Return a self-signed certificate for `name`, valid in 2026."""
    signing = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(signing.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2026, 12, 31, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(signing, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def test_the_genuine_certificate_is_accepted_within_its_validity_only() -> None:
    kept = genuine.certificates()

    kept.public_key(genuine.CERTIFICATE_URL, topic_arn=genuine.TOPIC_ARN, at=genuine.SENT_AT)

    for wrong in (datetime(2025, 11, 9, tzinfo=UTC), datetime(2026, 10, 16, tzinfo=UTC)):
        with pytest.raises(Forged, match="is valid from 2025-11-10 to 2026-10-1"):
            kept.public_key(genuine.CERTIFICATE_URL, topic_arn=genuine.TOPIC_ARN, at=wrong)


@pytest.mark.parametrize("name", ["evil.example", "sns-signing.us-west-2.amazonaws.com", "x.sns.amazonaws.com"])
def test_a_certificate_for_another_name_is_refused_whatever_its_common_name_says(name: str) -> None:
    kept = Certificates(fetch=lambda url: certificate(name))

    with pytest.raises(Forged, match="is issued to"):
        kept.public_key(URL, topic_arn=TOPIC, at=NOW)


def test_a_certificate_without_an_rsa_key_is_refused() -> None:
    pem = certificate(key=ec.generate_private_key(ec.SECP256R1()))

    with pytest.raises(Forged, match="has no RSA key"):
        Certificates(fetch=lambda url: pem).public_key(URL, topic_arn=TOPIC, at=NOW)


def test_what_is_no_certificate_at_the_right_address_can_be_delivered_again() -> None:
    with pytest.raises(Unavailable, match="is not a certificate"):
        Certificates(fetch=lambda url: b"<html>").public_key(URL, topic_arn=TOPIC, at=NOW)


def test_a_local_certificate_that_was_never_made_is_said_to_be_missing(tmp_path: Path) -> None:
    kept = Certificates(local={URL: tmp_path / "none.pem"}, fetch=genuine.unexpected_fetch)

    with pytest.raises(Forged, match="There is no local certificate"):
        kept.public_key(URL, topic_arn=TOPIC, at=NOW)


def test_a_certificate_is_fetched_once_until_its_time_is_over() -> None:
    pem, fetched, clock = certificate(), list[str](), [0.0]

    def fetch(url: str) -> bytes:
        fetched.append(url)
        return pem

    kept = Certificates(fetch=fetch, clock=lambda: clock[0])
    for moment in (0.0, CACHE_SECONDS - 1, CACHE_SECONDS + 1):
        clock[0] = moment
        kept.public_key(URL, topic_arn=TOPIC, at=NOW)

    assert fetched == [URL, URL]


def test_a_url_that_may_not_be_used_is_never_fetched() -> None:
    kept = Certificates(fetch=genuine.unexpected_fetch)

    with pytest.raises(Forged):
        kept.public_key(f"{URL}?x=.pem", topic_arn=TOPIC, at=NOW)


def test_the_cache_has_an_end() -> None:
    pem = certificate()
    kept = Certificates(fetch=lambda url: pem)

    for number in range(CACHE_ENTRIES + 10):
        url = f"https://sns.us-east-1.amazonaws.com/SimpleNotificationService-{number:032x}.pem"
        kept.public_key(url, topic_arn=TOPIC, at=NOW)

    assert len(kept._kept) == CACHE_ENTRIES


@dataclass
class Site:
    """A web server on loopback with one answer."""

    address: str
    status: int = 200
    body: bytes = b"pem"
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answers.asked.append(self.path)
            self.send_response(answers.status)
            for name, value in answers.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answers.body)))
            self.end_headers()
            self.wfile.write(answers.body)

        def log_message(self, *args: object) -> None:
            """Keep the test's output quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        answers = Site(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield answers
        server.shutdown()
        thread.join()


def test_a_fetch_returns_the_bytes(site: Site) -> None:
    assert fetch_certificate(f"{site.address}/a.pem") == b"pem"
    assert site.asked == ["/a.pem"]


def test_a_redirect_is_not_followed(site: Site) -> None:
    site.status, site.headers = 302, {"Location": f"{site.address}/elsewhere.pem"}

    with pytest.raises(Forged, match="answered 302; redirects are not followed"):
        fetch_certificate(f"{site.address}/a.pem")

    assert site.asked == ["/a.pem"]


def test_a_certificate_that_does_not_exist_means_a_forgery(site: Site) -> None:
    site.status = 404

    with pytest.raises(Forged, match="answered 404"):
        fetch_certificate(f"{site.address}/a.pem")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_host_in_trouble_means_try_again(site: Site, status: int) -> None:
    site.status = status

    with pytest.raises(Unavailable, match=f"answered {status}"):
        fetch_certificate(f"{site.address}/a.pem")


def test_a_fetch_stops_at_the_size_limit(site: Site) -> None:
    site.body = b"x" * (LARGEST_CERTIFICATE_BYTES + 1)

    with pytest.raises(Forged, match="is larger than 65536 bytes"):
        fetch_certificate(f"{site.address}/a.pem")


def test_a_host_that_is_not_there_means_try_again() -> None:
    with pytest.raises(Unavailable, match="cannot be fetched"):
        fetch_certificate("http://127.0.0.1:1/a.pem")


def test_validity_is_asked_at_every_use_and_not_only_when_fetched() -> None:
    pem = certificate()
    kept = Certificates(fetch=lambda url: pem)
    kept.public_key(URL, topic_arn=TOPIC, at=NOW)

    with pytest.raises(Forged, match="not on 2027-01-01"):
        kept.public_key(URL, topic_arn=TOPIC, at=NOW + timedelta(days=38))
