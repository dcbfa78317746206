"""A circuit breaker for each outside system, shared by all processes: one finds out, the others wait.

closed: calls pass. After some failures in a row it is open: calls are held back at once, and the work is parked.
When its time is over it is half open: one call may try, whose success closes it and whose failure opens it for
twice as long. With Redis away, calls pass: the breaker spares a broken system and is not needed for being right.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import structlog
from django.conf import settings
from redis.exceptions import RedisError

from core.errors import PlatformError, Unavailable
from core.redact import redact
from core.resilience.breaker_scripts import ADMIT, FAILED, STATE, SUCCEEDED
from core.shared_store import shared_store

logger = structlog.get_logger(__name__)

# Failures further apart than this are not one bad hour.
WINDOW_SECONDS = 60
LONGEST_OPEN_SECONDS = 300
# How long one call may take to find out, before another one may: longer than most model calls.
TRIAL_SECONDS = 90

_held: ContextVar[frozenset[str]] = ContextVar("held", default=frozenset())


class BreakerOpen(Unavailable):
    """The system has failed so often that it is left alone for a while; nothing was sent to it."""


class UnknownBreaker(PlatformError):
    """No outside system has this name."""


@dataclass(frozen=True)
class BreakerState:
    """How the calls to one system stand; times and reason are empty while all is well."""

    name: str
    state: Literal["closed", "open", "half_open"]
    failures: int = 0
    reason: str = ""
    opened_at: datetime | None = None
    retry_at: datetime | None = None


@contextmanager
def guarded(system: str) -> Iterator[None]:
    """Let the block call `system`, and learn from how it ends.

    Raises BreakerOpen instead of running the block while the breaker is open. An Unavailable of this system is a
    failure; any other error of ours means that the system answered. Blocks within blocks count once.
    """
    if system in _held.get():
        yield
        return
    is_trial = _admit(system)
    token = _held.set(_held.get() | {system})
    try:
        yield
    except Unavailable as error:
        if error.system == system:
            _failed(system, error, is_trial=is_trial)
        else:
            _succeeded(system, is_trial=is_trial)
        raise
    except PlatformError:
        _succeeded(system, is_trial=is_trial)
        raise
    else:
        _succeeded(system, is_trial=is_trial)
    finally:
        _held.reset(token)


def breaker_states() -> list[BreakerState]:
    """Return the state of every system's breaker, for the dashboard and the metrics.

    Raises redis.exceptions.RedisError where Redis does not answer.
    """
    return [_state(name) for name in settings.BREAKERS]


def breaker_reset(name: str, actor: str) -> None:
    """Close a breaker by hand: the next call goes through. Raises UnknownBreaker, and RedisError without Redis."""
    if name not in settings.BREAKERS:
        raise UnknownBreaker(f"there is no breaker {name!r}; there are: {', '.join(settings.BREAKERS)}")
    shared_store().delete(_key(name))
    logger.warning("breaker.reset", system=name, actor=actor)


def systems_not_closed() -> dict[str, bool]:
    """Return the systems that are left alone now, and of each whether one call may try; none without Redis."""
    try:
        return {found.name: found.state == "half_open" for found in breaker_states() if found.state != "closed"}
    except RedisError as error:
        logger.warning("breaker.not_known", error=str(error))
        return {}


def _admit(system: str) -> bool:
    """Return whether this call is the one that finds out. Raises BreakerOpen."""
    answer = str(_run(ADMIT, system, int(TRIAL_SECONDS * 1000)) or "closed")
    if answer in ("closed", "trial"):
        return answer == "trial"
    seconds = float(answer) / 1000
    raise BreakerOpen(
        system,
        f"{system} fails, so nothing is sent to it for {seconds:.0f} s. Last: {_reason(system)}",
        retry_after_seconds=seconds,
    )


def _failed(system: str, error: Unavailable, *, is_trial: bool) -> None:
    env = settings.ENV
    asked = error.retry_after_seconds or 0.0
    span = _run(
        FAILED,
        system,
        redact(str(error))[:500],
        int(is_trial),
        env.breaker_failures,
        WINDOW_SECONDS * 1000,
        int(env.breaker_open_seconds * 1000),
        LONGEST_OPEN_SECONDS * 1000,
        # A pause that nobody sleeps through is kept by everybody.
        int(asked * 1000) if asked > env.breaker_open_seconds else 0,
    )
    if span:
        logger.warning("breaker.opened", system=system, seconds=float(span) / 1000, error=str(error))


def _succeeded(system: str, *, is_trial: bool) -> None:
    if _run(SUCCEEDED, system, int(is_trial)):
        logger.warning("breaker.closed", system=system)


def _run(script: str, system: str, *arguments: object) -> Any:
    """Return the script's answer, or None where Redis is away."""
    try:
        return shared_store().eval(script, 1, _key(system), *map(str, arguments))
    except RedisError as error:
        logger.warning("breaker.not_shared", system=system, error=str(error))
        return None


def _state(name: str) -> BreakerState:
    now, *flat = shared_store().eval(STATE, 1, _key(name))
    found = dict(zip(flat[::2], flat[1::2], strict=True))
    open_until = float(found.get("open_until", 0))
    failures = int(found.get("failures", 0))
    if not open_until:
        return BreakerState(name, "closed", failures, found.get("reason", ""))
    return BreakerState(
        name=name,
        state="open" if float(now) < open_until else "half_open",
        failures=failures,
        reason=found["reason"],
        opened_at=_at(found["opened_at"]),
        retry_at=_at(found["open_until"]),
    )


def _reason(system: str) -> str:
    try:
        return str(shared_store().hget(_key(system), "reason") or "not known")
    except RedisError:
        return "not known"


def _at(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(float(milliseconds) / 1000, tz=UTC)


def _key(system: str) -> str:
    return f"breaker:{system}"
