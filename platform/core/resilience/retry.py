"""Try a call again after a temporary fault, as late as the other side asks for, and never for long."""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TypeVar

import stamina
from django.utils import timezone

from core.budget import ReplyLost
from core.errors import Unavailable
from core.resilience.breaker import BreakerOpen

T = TypeVar("T")

ATTEMPTS = 3
# A longer pause is not slept through by a worker: the work is parked and the sweeper takes it up again.
LONGEST_WAIT_SECONDS = 20.0


def retried(call: Callable[[], T], *, fault: type[Unavailable] = Unavailable) -> T:
    """Return what `call` returns, after up to three attempts with growing pauses.

    Another attempt is made after a `fault`; after a ReplyLost, which was paid for, only where `fault` says so. A
    pause that the other side asks for is kept to the second; one beyond LONGEST_WAIT_SECONDS ends the attempts.
    Raises the last Unavailable, and at once whatever else `call` raises.
    """
    for attempt in stamina.retry_context(
        on=partial(_pause_before_retry, fault),
        attempts=ATTEMPTS,
        timeout=None,
        wait_initial=0.5,
        wait_max=8.0,
        wait_jitter=0.5,
    ):
        with attempt:
            return call()
    raise AssertionError("stamina leaves its loop by returning or raising")


def retry_after_seconds(value: str | None) -> float | None:
    """Return the pause of a `Retry-After` header, in seconds or as a date (RFC 9110, 10.2.3); None without one."""
    if not value:
        return None
    if value.replace(".", "", 1).isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - timezone.now()).total_seconds())
    except (TypeError, ValueError):
        return None


def _pause_before_retry(fault: type[Unavailable], error: Exception) -> bool | float:
    """Return the pause before the next attempt, True for the usual one, or False for no further attempt."""
    if not isinstance(error, fault) or isinstance(error, BreakerOpen):
        return False
    if isinstance(error, ReplyLost) and fault is not ReplyLost:
        return False
    asked = error.retry_after_seconds
    return True if asked is None else asked <= LONGEST_WAIT_SECONDS and asked
