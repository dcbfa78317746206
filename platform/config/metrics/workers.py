"""Who works and what waits: workers tell Redis that they live, and every message carries when it was sent."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import structlog
from celery import signals
from celery.worker import state
from django.conf import settings
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from redis.exceptions import RedisError

from core.presence import presence_read, presence_tell
from core.shared_store import shared_store

logger = structlog.get_logger(__name__)

SENT_AT = "sent_at"
WORKERS_KEY = "metrics:workers"
# Celery's heartbeat comes every two seconds; every third one is told.
TELL_SECONDS = 6.0

_told_at = 0.0


@signals.before_task_publish.connect
def stamp(headers: dict[str, Any], **_signal: object) -> None:
    """Put the time into a message; one that is handed back keeps its first."""
    headers.setdefault(SENT_AT, time.time())


@signals.heartbeat_sent.connect
def tell(sender: Any, **_signal: object) -> None:
    """Let the other processes know what this worker reads and how busy it is."""
    global _told_at  # there is one worker in a process
    now = time.monotonic()
    if now - _told_at < TELL_SECONDS:
        return
    _told_at = now
    consumer = sender.eventer.app.amqp.queues.consume_from
    told = {"queues": sorted(consumer), "running": len(state.active_requests)}
    try:
        presence_tell(WORKERS_KEY, sender.eventer.hostname, told)
    except RedisError as error:
        logger.warning("metrics.worker_not_told", error=str(error))


def collect() -> Iterator[Metric]:
    """Return workers and queues. Raises redis.exceptions.RedisError."""
    alive, running = _workers()
    workers = GaugeMetricFamily("agent_platform_workers", "Workers that read a queue.", labels=["queue"])
    busy = GaugeMetricFamily("agent_platform_tasks_running", "Tasks that workers run now.")
    depth = GaugeMetricFamily("agent_platform_queue_messages", "Messages that wait in a queue.", labels=["queue"])
    oldest = GaugeMetricFamily(
        "agent_platform_queue_oldest_seconds", "Age of the message that is next; 0: none.", labels=["queue"]
    )
    held = GaugeMetricFamily("agent_platform_messages_unacknowledged", "Messages that workers hold.")
    for name in (queue.name for queue in settings.CELERY_TASK_QUEUES):
        workers.add_metric([name], alive[name])
        depth.add_metric([name], shared_store().llen(name))
        oldest.add_metric([name], _age_of_next(name))
    busy.add_metric([], running)
    held.add_metric([], shared_store().hlen("unacked"))
    yield from (workers, busy, depth, oldest, held)


def _workers() -> tuple[dict[str, int], int]:
    """Return how many workers read each queue, and how many tasks all of them run."""
    alive: dict[str, int] = defaultdict(int)
    running = 0
    for worker in presence_read(WORKERS_KEY):
        running += worker["running"]
        for queue in worker["queues"]:
            alive[queue] += 1
    return alive, running


def _age_of_next(queue: str) -> float:
    """Kombu puts messages in at the left of a Redis list and takes them from its right."""
    message = shared_store().lindex(queue, -1)
    sent_at = json.loads(message)["headers"].get(SENT_AT) if message else None
    return max(0.0, time.time() - sent_at) if sent_at else 0.0
