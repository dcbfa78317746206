"""How often something happens in a minute, counted in Redis for all processes together."""

from time import time

import structlog
from redis.exceptions import RedisError

from core.errors import PlatformError
from core.shared_store import shared_store

logger = structlog.get_logger(__name__)

MINUTE_SECONDS = 60


class RateExceeded(PlatformError):
    """There were too many in this minute."""

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__(f"Too many requests. Try again in {retry_after_seconds:.0f} s.")
        self.retry_after_seconds = retry_after_seconds


def rate_count(what: str, *, limit: int) -> None:
    """Count one more of `what`. Raises RateExceeded above `limit` in a minute of the clock.

    With Redis away everything is let through: a limit spares the server and decides nothing.
    """
    now = time()
    key = f"rate:{what}:{int(now // MINUTE_SECONDS)}"
    try:
        with shared_store().pipeline() as pipe:
            pipe.incr(key)
            pipe.expire(key, MINUTE_SECONDS)
            count, _ = pipe.execute()
    except RedisError as error:
        logger.warning("rate.not_counted", error=str(error))
        return
    if count > limit:
        raise RateExceeded(MINUTE_SECONDS - now % MINUTE_SECONDS)
