"""Intake's Celery task."""

from celery import shared_task

from core.nudge import DRAIN
from incidents.intake import drain


@shared_task(name=DRAIN, ignore_result=True)
def drain_events() -> None:
    """Drain stored events until none is left that no other worker holds."""
    while drain().total:
        pass
