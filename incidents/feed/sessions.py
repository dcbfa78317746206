"""Ends the connections of those who signed out: one look at the database for all clients of a server process."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import NamedTuple
from weakref import WeakKeyDictionary

import structlog
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import Error as DatabaseError
from django.utils import timezone
from django.utils.crypto import constant_time_compare

logger = structlog.get_logger(__name__)

# Close codes of the range for applications (RFC 6455, 7.4.2), after the HTTP status that they resemble.
UNAUTHENTICATED = 4401
FORBIDDEN = 4403

# So long a connection may outlive its session.
CHECK_SECONDS = 5.0

VIEW = "incidents.view_incident"
# Of several backends one must be named, and this is the one that reads the permissions' tables.
_BACKEND = "django.contrib.auth.backends.ModelBackend"


class Admission(NamedTuple):
    """By what a connection was let in, and how it is ended with a close code."""

    session_key: str | None
    user_id: int
    # Changes with the password, which ends sessions without deleting them.
    auth_hash: str
    end: Callable[[int], Awaitable[None]]


class Doorkeeper:
    """Looks again and again whether those inside may still be there; sleeps while there are none."""

    def __init__(self) -> None:
        self._inside: set[Admission] = set()
        self._task: asyncio.Task[None] | None = None
        self._endings: set[asyncio.Task[None]] = set()

    def admit(self, admission: Admission) -> None:
        self._inside.add(admission)
        if self._task is None:
            self._task = asyncio.create_task(self._look())

    def leave(self, admission: Admission) -> None:
        self._inside.discard(admission)
        if not self._inside and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                ended = await database_sync_to_async(_ended)(tuple(self._inside))
            except DatabaseError as error:
                logger.warning("feed.sessions_not_checked", error=str(error))
                continue
            for admission, code in ended:
                if admission in self._inside:
                    self._inside.discard(admission)
                    # Beside this: a client that is slow to close, or is gone already, keeps no other one inside.
                    ending = asyncio.create_task(_end(admission, code))
                    self._endings.add(ending)
                    ending.add_done_callback(self._endings.discard)


async def _end(admission: Admission, code: int) -> None:
    try:
        await admission.end(code)
    except RuntimeError as error:  # what an ASGI server says of a connection that was closed before
        logger.warning("feed.not_ended", error=str(error))


def _ended(inside: Collection[Admission]) -> list[tuple[Admission, int]]:
    """Return who may no longer be inside, with the code that says why; three queries for however many."""
    keys = {admission.session_key for admission in inside if admission.session_key}
    open_keys = set(
        Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now()).values_list(
            "session_key", flat=True
        )
    )
    ids = {admission.user_id for admission in inside}
    hashes = {user.pk: user.get_session_auth_hash() for user in User.objects.filter(pk__in=ids, is_active=True)}
    allowed = set(User.objects.with_perm(VIEW, backend=_BACKEND).filter(pk__in=ids).values_list("pk", flat=True))

    def code(admission: Admission) -> int | None:
        expected = hashes.get(admission.user_id, "")
        if admission.session_key not in open_keys or not constant_time_compare(admission.auth_hash, expected):
            return UNAUTHENTICATED
        return None if admission.user_id in allowed else FORBIDDEN

    return [(admission, found) for admission in inside if (found := code(admission)) is not None]


_doorkeepers: "WeakKeyDictionary[asyncio.AbstractEventLoop, Doorkeeper]" = WeakKeyDictionary()


def doorkeeper() -> Doorkeeper:
    """Return the doorkeeper of the running event loop: a server process has one."""
    loop = asyncio.get_running_loop()
    if loop not in _doorkeepers:
        _doorkeepers[loop] = Doorkeeper()
    return _doorkeepers[loop]
