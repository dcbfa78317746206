"""How much work waits in each queue, and which workers take it: asked of the broker and of the workers now."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from core.shared_store import shared_store

logger = structlog.get_logger(__name__)

# A worker answers within milliseconds unless its host is overloaded; the question costs a web thread this long.
PATIENCE_SECONDS = 0.7
# So that many open pages cost one question.
KEPT_SECONDS = 5


@dataclass(frozen=True)
class WorkQueue:
    """`waiting` is None where the broker does not answer; `workers` are the names of those that take from it."""

    name: str
    waiting: int | None
    workers: Sequence[str]


@dataclass(frozen=True)
class Worker:
    name: str
    queues: Sequence[str]


@dataclass(frozen=True)
class WorkQueues:
    """`is_known` is False where the broker does not answer, so that nobody can say who works."""

    is_known: bool
    queues: Sequence[WorkQueue]
    workers: Sequence[Worker]


def work_queues() -> WorkQueues:
    """Return the queues with what waits in them, and the workers that answered, at most some seconds old."""
    kept: WorkQueues | None = cache.get("work_queues")
    if kept is None:
        kept = _asked()
        cache.set("work_queues", kept, KEPT_SECONDS)
    return kept


def _asked() -> WorkQueues:
    names = [queue.name for queue in settings.CELERY_TASK_QUEUES]
    try:
        workers = _workers()
        waiting: dict[str, int | None] = {name: shared_store().llen(name) for name in names}
    # The broker's errors and those of its sockets come as they are, too.
    except (RedisError, OperationalError, OSError) as error:
        logger.warning("work_queues.not_known", error=str(error))
        return WorkQueues(False, [WorkQueue(name, None, []) for name in names], [])
    queues = [
        WorkQueue(name, waiting[name], [worker.name for worker in workers if name in worker.queues])
        for name in names
    ]
    return WorkQueues(True, queues, workers)


def _workers() -> list[Worker]:
    answers = current_app.control.inspect(timeout=PATIENCE_SECONDS).active_queues() or {}
    return [Worker(name, sorted(queue["name"] for queue in queues)) for name, queues in sorted(answers.items())]
