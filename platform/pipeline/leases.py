"""The leases of the stage runs that this process works on, kept by one thread for all of them.

A thread for each run would be begun and ended for every stage, and most stages take milliseconds.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import reduce
from operator import or_

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import Q
from django.utils import timezone

from incidents.choices import StageStatus
from incidents.models import StageRun

logger = structlog.get_logger(__name__)


class Leases:
    """Renews what is held three times in LEASE_SECONDS; a killed process's leases run out by themselves."""

    def __init__(self) -> None:
        self._held: set[tuple[int, int]] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def kept(self, run: StageRun) -> Iterator[None]:
        """Keep the lease of a run that this worker has just claimed while the block goes on."""
        mine = (run.pk, run.claims)
        with self._lock:
            self._held.add(mine)
            # A process that was forked has the object and not the thread.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._keep, name="leases", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(mine)

    def _keep(self) -> None:
        while True:
            time.sleep(settings.ENV.lease_seconds / 3)
            with self._lock:
                held = list(self._held)
                if not held:
                    self._thread = None
                    return
            try:
                _renew(held)
            except (OperationalError, InterfaceError) as error:
                # The database is away: there are two more tries before a lease has run out.
                logger.warning("leases.not_renewed", error=str(error))
            finally:
                connection.close()


def _renew(held: list[tuple[int, int]]) -> None:
    mine = reduce(or_, (Q(pk=pk, claims=claims) for pk, claims in held))
    until = timezone.now() + timedelta(seconds=settings.ENV.lease_seconds)
    StageRun.objects.filter(mine, status=StageStatus.RUNNING).update(lease_expires_at=until)


_leases = Leases()
lease_kept = _leases.kept
