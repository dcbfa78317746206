"""Sums over all processes, in Redis: each keeps its own and hands them on now and then."""

import threading
from collections.abc import Mapping

import structlog
from redis.exceptions import RedisError

from core.shared_store import shared_store

logger = structlog.get_logger(__name__)


class SharedSums:
    """Amounts by name in one hash of Redis, and what this process has not handed on to it yet."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._lock = threading.Lock()
        self._amounts: dict[str, float] = {}

    def add(self, amounts: Mapping[str, float]) -> None:
        """Count; nothing leaves the process."""
        with self._lock:
            for name, amount in amounts.items():
                self._amounts[name] = self._amounts.get(name, 0) + amount

    def hand_on(self) -> None:
        """Add to the sums of all processes; without Redis they wait here for the next time."""
        with self._lock:
            amounts, self._amounts = self._amounts, {}
        try:
            with shared_store().pipeline() as pipe:
                for name, amount in amounts.items():
                    pipe.hincrbyfloat(self._key, name, amount)
                pipe.execute()
        except RedisError as error:
            logger.warning("metrics.not_handed_on", key=self._key, error=str(error))
            self.add(amounts)

    def read(self) -> dict[str, float]:
        """Return what all processes have handed on. Raises redis.exceptions.RedisError."""
        return {str(name): float(amount) for name, amount in shared_store().hgetall(self._key).items()}
