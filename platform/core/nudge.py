"""Wake a task by its name, after commit; a lost nudge costs time only, because the sweeper looks again."""

import threading

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
    transaction.on_commit(lambda: _send(task_name, args), robust=True)


def _send(task_name: str, args: tuple[int, ...]) -> None:
    try:
        current_app.send_task(task_name, args=args, retry=False)
    except OperationalError as error:
        logger.warning("nudge.lost", task=task_name, args=args, error=str(error))


class Bell:
    """Wakes a task that takes no ids and finds its work itself: many rings in a short time are one nudge.

    The nudge is sent after the last of them, so that what was committed before a ring is seen by the task.
    """

    def __init__(self, task_name: str, *, quiet_seconds: float) -> None:
        self._task_name = task_name
        self._quiet_seconds = quiet_seconds
        self._lock = threading.Lock()
        self._is_waiting = False

    def ring(self) -> None:
        """Send the nudge `quiet_seconds` after the current transaction commits, unless one is about to be sent."""
        transaction.on_commit(self._start, robust=True)

    def _start(self) -> None:
        with self._lock:
            if self._is_waiting:
                return
            self._is_waiting = True
        timer = threading.Timer(self._quiet_seconds, self._send)
        # A process that ends first leaves its events to the sweeper, as one that is killed does.
        timer.daemon = True
        timer.start()

    def _send(self) -> None:
        # Cleared first: a ring from here on waits for the next nudge.
        with self._lock:
            self._is_waiting = False
        _send(self._task_name, ())


# 20 ms are nothing to a person; in a storm they are dozens of notifications.
drain_bell = Bell(DRAIN, quiet_seconds=0.02)
