"""Wake a task by its name, after commit; a lost nudge costs time only, because the sweeper looks again."""

import threading
import time

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = structlog.get_logger(__name__)

ADVANCE = "pipeline.advance"
DRAIN = "incidents.drain"


def nudge(task_name: str, *args: int) -> None:
    """Send `task_name` with ids once the current transaction commits (at once where there is none).

    Never raises: with the broker down the work stays in Postgres, where the sweeper finds it.
    """
    transaction.on_commit(lambda: nudge_now(task_name, *args), robust=True)


def nudge_now(task_name: str, *args: int) -> bool:
    """Send `task_name` with ids at once; False if the broker is down."""
    try:
        current_app.send_task(task_name, args=args, retry=False)
    except OperationalError as error:
        logger.warning("nudge.lost", task=task_name, args=args, error=str(error))
        return False
    return True


class Bell:
    """Wakes a task that takes no ids and finds its work itself: at most once in `quiet_seconds`.

    The first ring nudges at once. Those that come within `quiet_seconds` of it are one nudge at their end, so that
    what was committed before a ring is seen by a task that begins after it.
    """

    def __init__(self, task_name: str, *, quiet_seconds: float) -> None:
        self._task_name = task_name
        self._quiet_seconds = quiet_seconds
        self._lock = threading.Lock()
        self._is_waiting = False
        self._quiet_until = 0.0

    def ring(self) -> None:
        """Send the nudge once the current transaction commits, unless one is about to be sent."""
        transaction.on_commit(self._start, robust=True)

    def _start(self) -> None:
        with self._lock:
            if self._is_waiting:
                return
            self._is_waiting = True
            wait_seconds = max(0.0, self._quiet_until - time.monotonic())
        # A thread also where nothing is waited for: the broker may be away, and whoever rings answers SNS.
        timer = threading.Timer(wait_seconds, self._send)
        # A process that ends first leaves its events to the sweeper, as one that is killed does.
        timer.daemon = True
        try:
            timer.start()
        except RuntimeError:
            # No thread to be had: the next ring must not wait for this one.
            with self._lock:
                self._is_waiting = False
            raise

    def _send(self) -> None:
        # Cleared first: a ring from here on waits for the next nudge.
        with self._lock:
            self._is_waiting = False
            self._quiet_until = time.monotonic() + self._quiet_seconds
        nudge_now(self._task_name)


# A single alarm waits for nothing; in a storm 20 ms are dozens of notifications, and nothing to a person.
drain_bell = Bell(DRAIN, quiet_seconds=0.02)
