"""The Celery application: `celery -A config worker -Q agents`."""

import gc
import logging
import os
from typing import Any

import structlog
from celery import Celery, signals
from django.db import close_old_connections

logger = structlog.get_logger(__name__)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("agent-platform")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.import_modules.connect
def watch(**_signal: object) -> None:
    """Have messages stamped and workers counted; a worker looks for who listens to its heartbeat after this."""
    from config.metrics import workers as workers


@signals.task_prerun.connect
def name_the_task(task_id: str, task: Any, **_signal: object) -> None:
    """Let every log line of a task say which one it is; a thread of the pool keeps nothing of an earlier one."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)


@signals.task_prerun.connect
def check_connections(**_signal: object) -> None:
    """Let a task begin on its thread's database connection unless that is broken or too old (CONN_MAX_AGE)."""
    # Of this thread, looked up once Django is set up; a request's beginning does the same.
    close_old_connections()


# The worker has other things to say once a task is over.
@signals.task_postrun.connect
def forget_the_task(**_signal: object) -> None:
    structlog.contextvars.clear_contextvars()


@signals.worker_ready.connect
def keep_what_is_loaded(**_signal: object) -> None:
    """Have the collector look through none of what is loaded by now again, as config.asgi does."""
    gc.collect()
    gc.freeze()


@signals.worker_ready.connect
def say_where_tests_run(sender: Any, **_signal: object) -> None:
    """Let the log of a worker that tries fixes begin with where it does, and what that place does not keep."""
    from sandbox.runners import where_tests_run

    if "sandbox" in sender.app.amqp.queues.consume_from:
        where, is_whole = where_tests_run()
        logger.log(logging.INFO if is_whole else logging.WARNING, "sandbox.place", where=where)


@signals.worker_shutting_down.connect
def end_soon(**_signal: object) -> None:
    """Let what runs hand itself back at its next step instead of being cut off at the end of the grace period."""
    from core.ending import ending

    ending.set()


# A worker ends without Python's exit handlers: what Langfuse's SDK still buffers would be lost.
@signals.worker_shutdown.connect
@signals.worker_process_shutdown.connect
def flush_traces(**_signal: object) -> None:
    from integrations.langfuse.client import traces_flush

    traces_flush()
