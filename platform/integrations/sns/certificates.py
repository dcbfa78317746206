"""Where the certificate of a message may come from, fetching it, and what must be true of it."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock
from urllib.parse import urlsplit

import httpx
from botocore.loaders import create_loader
from botocore.regions import EndpointResolver
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from core.errors import Unavailable
from integrations.sns.errors import Forged

FETCH_SECONDS = 5.0
LARGEST_CERTIFICATE_BYTES = 64 * 1024
# SNS changes its certificate about once a year, under a new URL.
CACHE_SECONDS = 3600.0
CACHE_ENTRIES = 64

_PATH = re.compile(r"/SimpleNotificationService-[0-9a-f]{32}\.pem")
_ARN = re.compile(r"arn:(?P<partition>[a-z0-9-]+):sns:(?P<region>[a-z0-9-]+):\d{12}:[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Endpoint:
    """SNS in one region: the host that serves its certificates, and the names that they are issued to."""

    host: str
    names: frozenset[str]


@cache
def known_endpoints() -> EndpointResolver:
    """Return botocore's table of endpoints: no variable and no configuration file changes what it says."""
    return EndpointResolver(create_loader().load_data("endpoints"))


@cache
def endpoint_of(topic_arn: str) -> Endpoint:
    """Return the endpoint of the topic's own region, from botocore's data. Raises Forged if there is none.

    The names are those of AWS's own verifier (SnsHostProvider in aws-sdk-java-v2): `sns.<suffix>` in most regions,
    `sns-signing.<region>.<suffix>` in opt-in ones, `sns-<region>.<suffix>` in China and others; both GovCloud
    regions sign as us-gov-west-1.
    """
    arn = _ARN.fullmatch(topic_arn)
    partition, region = (arn["partition"], arn["region"]) if arn else ("", "")
    resolver = known_endpoints()
    data = resolver.construct_endpoint("sns", region, partition) if partition else None
    if data is None or region not in resolver.get_available_endpoints("sns", partition):
        raise Forged(f"The topic {topic_arn} is in no region where SNS is known to be; is botocore up to date?")
    suffix = data["dnsSuffix"]
    signer = "us-gov-west-1" if partition == "aws-us-gov" else region
    return Endpoint(
        host=data["hostname"],
        names=frozenset({f"sns.{suffix}", f"sns-signing.{region}.{suffix}", f"sns-{signer}.{suffix}"}),
    )


def checked_url(url: str, *, topic_arn: str) -> str:
    """Return `url` if it is a certificate at the SNS endpoint of the topic's own region. Raises Forged.

    The whole URL must be exactly scheme, host and path: ports, user names, queries and fragments are refused,
    and so are other hosts below amazonaws.com, where anyone can own a bucket.
    """
    host = endpoint_of(topic_arn).host
    try:
        path = urlsplit(url).path
    except ValueError as error:
        raise Forged(f"SigningCertURL {url[:200]!r} is not a URL: {error}.") from error
    if url != f"https://{host}{path}" or not _PATH.fullmatch(path):
        raise Forged(
            f"SigningCertURL is {url[:200]!r}; certificates of this topic are at "
            f"https://{host}/SimpleNotificationService-<32 hex digits>.pem only."
        )
    return url


@dataclass
class Certificates:
    """Public keys by certificate URL: fetched once an hour, or read from a local file where one is configured.

    `local` maps a URL to a file that is trusted for it without a fetch; `fetch` returns the bytes behind a URL.
    """

    local: Mapping[str, Path] = field(default_factory=dict)
    fetch: Callable[[str], bytes] = field(default_factory=lambda: fetch_certificate)
    clock: Callable[[], float] = time.monotonic
    _kept: dict[str, tuple[float, x509.Certificate]] = field(default_factory=dict, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def public_key(self, url: str, *, topic_arn: str, at: datetime) -> RSAPublicKey:
        """Return the key that signs for the topic. Raises Forged, or Unavailable if it cannot be fetched now."""
        certificate = self._certificate(checked_url(url, topic_arn=topic_arn))
        names = endpoint_of(topic_arn).names
        if not names & _names(certificate):
            raise Forged(f"The certificate at {url} is issued to {sorted(_names(certificate))}, not to SNS.")
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            raise Forged(
                f"The certificate at {url} is valid from {certificate.not_valid_before_utc:%Y-%m-%d} "
                f"to {certificate.not_valid_after_utc:%Y-%m-%d}, not on {at:%Y-%m-%d}."
            )
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            raise Forged(f"The certificate at {url} has no RSA key; SNS signs with RSA.")
        return key

    def _certificate(self, url: str) -> x509.Certificate:
        with self._lock:
            kept = self._kept.get(url)
        if kept is not None and self.clock() < kept[0]:
            return kept[1]
        certificate = _load(self._pem(url), url, is_fetched=url not in self.local)
        with self._lock:
            while len(self._kept) >= CACHE_ENTRIES:
                self._kept.pop(next(iter(self._kept)))
            self._kept[url] = (self.clock() + CACHE_SECONDS, certificate)
        return certificate

    def _pem(self, url: str) -> bytes:
        path = self.local.get(url)
        if path is None:
            return self.fetch(url)
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise Forged(
                f"There is no local certificate at {path}: nothing here has signed a message yet."
            ) from error


def fetch_certificate(url: str) -> bytes:
    """GET a certificate: no redirects, FETCH_SECONDS in all, at most LARGEST_CERTIFICATE_BYTES.

    Raises Forged if SNS has no such certificate, Unavailable if SNS does not answer properly now.
    """
    deadline = time.monotonic() + FETCH_SECONDS
    chunks: list[bytes] = []
    try:
        with httpx.stream("GET", url, follow_redirects=False, timeout=FETCH_SECONDS) as response:
            if response.status_code in (408, 429) or response.is_server_error:
                raise Unavailable(
                    "sns", f"{url} answered {response.status_code}; the message can be delivered again."
                )
            if response.status_code != httpx.codes.OK:
                raise Forged(f"SigningCertURL {url} answered {response.status_code}; redirects are not followed.")
            for chunk in response.iter_bytes():
                chunks.append(chunk)
                if sum(map(len, chunks)) > LARGEST_CERTIFICATE_BYTES:
                    raise Forged(f"What is at {url} is larger than {LARGEST_CERTIFICATE_BYTES} bytes.")
                if time.monotonic() > deadline:
                    raise Unavailable("sns", f"{url} took longer than {FETCH_SECONDS:.0f} s.")
    except httpx.HTTPError as error:
        raise Unavailable("sns", f"{url} cannot be fetched ({type(error).__name__}: {error}).") from error
    return b"".join(chunks)


def _load(pem: bytes, url: str, *, is_fetched: bool) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        if is_fetched:
            # The address is SNS's own, so the way to it is at fault, and SNS gives up what is refused with a 4xx.
            raise Unavailable("sns", f"What came from {url} is not a certificate: {error}.") from error
        raise Forged(f"What is at {url} is not a certificate: {error}.") from error


def _names(certificate: x509.Certificate) -> set[str]:
    """Return the DNS names of a certificate; its common names only where it has none, as in RFC 6125."""
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return {str(name.value) for name in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)}
    return set(alternatives.get_values_for_type(x509.DNSName))
