"""Wake a task by its name, after commit; a lost nudge costs time only, because the sweeper looks again."""

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
