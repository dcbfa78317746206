"""The web server of the crash matrix: it fetches the certificates of SNS as in production, from a stand-in."""

import itertools
import os
from urllib.parse import urlsplit

from config.chaos import CERTIFICATES_URL
from config.wsgi import application as application
from incidents.webhooks import sns
from integrations.sns.certificates import Certificates, fetch_certificate

# Hours pass between any two looks at the clock, so that nothing is kept and every message needs its certificate.
_hours = itertools.count(step=7200)
_certificates = Certificates(
    fetch=lambda url: fetch_certificate(os.environ[CERTIFICATES_URL] + urlsplit(url).path),
    clock=lambda: float(next(_hours)),
)
sns.certificates = lambda: _certificates  # type: ignore[assignment]  # a cached function there
