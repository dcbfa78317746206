"""Celery's view of decisions: ids in, a service called, nothing else."""

from celery import shared_task

from approvals.announcements import ANNOUNCE, announcements_send
from approvals.upkeep import pairs_collect, upkeep


@shared_task(name=ANNOUNCE, ignore_result=True)
def announce() -> None:
    announcements_send()


@shared_task(name="approvals.upkeep", ignore_result=True)
def keep_up() -> None:
    upkeep()


@shared_task(name="approvals.collect_pairs", ignore_result=True)
def collect_pairs() -> None:
    pairs_collect()
