"""Where Celery counts the parts of a join, in Redis."""

from typing import Any

from celery.backends.redis import RedisBackend


class JoinBackend(RedisBackend):
    """Celery's Redis backend for processes in which nobody waits for a task's result.

    Celery's own listens for the result of every task that a join counts: with a thread, and for results that are
    never published (a join in a join) until the process ends. A join needs none of that.
    """

    def on_task_call(self, producer: object, task_id: str) -> None:
        """Listen for nothing."""

    def add_pending_result(self, result: Any, weak: bool = False, start_drainer: bool = True) -> Any:
        """Return `result`, which nobody waits for."""
        return result
