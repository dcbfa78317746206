"""The Redis that all processes share, for what may be lost at any time: nothing is kept there alone."""

from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

# redis-py would try for most of a minute: callers here can do without an answer.
ONCE = Retry(NoBackoff(), 0)


@cache
def shared_store() -> "redis.Redis":
    """Return this process's client; it gives up after a second, because its callers can do without it."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, retry=ONCE, decode_responses=True
    )
