"""Whether this process answers (/healthz), whether all it stands on does (/readyz), and what it counts (/metrics).

Load balancers, containers and scrapers ask by an address of their own, over plain HTTP and without a sign-in, so
these are answered before anything looks at the host, the scheme or the session.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from redis.exceptions import RedisError

from config.metrics.page import metrics
from core.errors import PlatformError
from core.shared_store import shared_store
from pipeline.canaries import canary_problem


class NotReady(PlatformError):
    """Something that the platform stands on does not hold; the text is a sentence for the page of anybody."""


@dataclass(frozen=True)
class Check:
    """A question with a name: its answer is a sentence, and NotReady where it does not hold."""

    name: str
    ask: Callable[[], str]


def postgres() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError) as error:
        raise NotReady(f"PostgreSQL does not answer ({type(error).__name__}).") from error
    return "PostgreSQL answers."


def redis() -> str:
    try:
        shared_store().ping()
    except RedisError as error:
        raise NotReady(f"Redis does not answer ({type(error).__name__}); what it would wake, waits.") from error
    return "Redis answers."


def migrations() -> str:
    """A database that is ahead of this process's code is fine: that is how a release begins."""
    try:
        missing = _known_migrations() - set(MigrationRecorder(connection).applied_migrations())
    except (DatabaseError, InterfaceError) as error:
        raise NotReady(f"Which migrations are applied is not known ({type(error).__name__}).") from error
    if missing:
        first = ".".join(min(missing))
        raise NotReady(f"{len(missing)} migrations are not applied, the first is {first}: run manage.py migrate.")
    return "Every migration is applied."


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def canary() -> str:
    try:
        problem = canary_problem()
    except (DatabaseError, InterfaceError) as error:
        raise NotReady(f"How old the newest canary is is not known ({type(error).__name__}).") from error
    if problem:
        raise NotReady(problem)
    return "No canary is late." if settings.ENV.canary_minutes else "No canary is sent: CANARY_MINUTES is 0."


# What /readyz asks, in this order; a new one is a line here.
CHECKS: list[Check] = [
    Check("postgres", postgres),
    Check("redis", redis),
    Check("migrations", migrations),
    Check("canary", canary),
]


def readiness() -> tuple[bool, dict[str, dict[str, str]]]:
    """Return whether every check holds, and each one's state and sentence by its name."""
    found = {}
    for check in CHECKS:
        try:
            found[check.name] = {"state": "ok", "sentence": check.ask()}
        except NotReady as reason:
            found[check.name] = {"state": "failed", "sentence": str(reason)}
    return all(answer["state"] == "ok" for answer in found.values()), found


class HealthMiddleware:
    """Answers the three addresses; a system that is away must not make anybody restart a process that serves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return _answer(200, {"status": "ok"})
        if request.path == "/readyz":
            is_ready, checks = readiness()
            return _answer(200 if is_ready else 503, {"status": "ok" if is_ready else "failed", "checks": checks})
        if request.path == "/metrics":
            return metrics(request)
        return self._get_response(request)


def _answer(code: int, content: dict[str, object]) -> JsonResponse:
    return JsonResponse(content, status=code, headers={"Cache-Control": "no-store"})
