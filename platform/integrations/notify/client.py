"""Messages to people through Apprise: Slack, e-mail, Teams and the rest, each named by one URL.

https://github.com/caronc/apprise/wiki
"""

import hashlib

import apprise

from core.errors import Unavailable
from core.redact import redact, register_secret

SYSTEM = "notify"


class NotifyFailed(Unavailable):
    """The message did not reach its target; the same call may succeed later."""

    def __init__(self, message: str) -> None:
        super().__init__(SYSTEM, message)


def target_of(url: str) -> str:
    """Return a short name of an Apprise URL that gives away nothing of it."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def notify(url: str, *, title: str, body: str) -> None:
    """Send one message to one Apprise URL. Raises NotifyFailed; its text never holds the URL."""
    register_secret(url)
    scheme = url.partition("://")[0]
    client = apprise.Apprise()
    if not client.add(url):
        raise NotifyFailed(
            f"A URL with the scheme {scheme[:20]!r} is not one that Apprise can send to. Correct it."
        )
    with apprise.LogCapture(level=apprise.logging.WARNING) as said:  # type: ignore[no-untyped-call]
        is_sent = client.notify(title=redact(title), body=redact(body), body_format=apprise.NotifyFormat.TEXT)
        reason = redact(said.getvalue().strip())
    if not is_sent:
        raise NotifyFailed(f"{scheme} did not accept the message: {reason[:500] or 'no reason given'}")
