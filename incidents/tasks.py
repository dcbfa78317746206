"""Celery tasks of intake and of upkeep."""

import structlog
from celery import shared_task

from core.nudge import DRAIN
from incidents.intake import drain
from incidents.retention import rows_delete_old
from incidents.stage_runs import day_spend_recount

logger = structlog.get_logger(__name__)


@shared_task(name=DRAIN, ignore_result=True)
def drain_events() -> None:
    """Drain stored events until none is left that no other worker holds."""
    while drain().total:
        pass


@shared_task(name="incidents.recount_day_spend", ignore_result=True)
def recount_day_spend() -> None:
    """Make good what a release has spent that does not know the day's rows."""
    day_spend_recount()


@shared_task(name="incidents.delete_old", ignore_result=True)
def delete_old() -> None:
    """Delete what is older than it has to be kept."""
    deleted = rows_delete_old()
    logger.info("retention.deleted", steps=deleted.steps, events=deleted.events)
