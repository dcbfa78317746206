"""The one connection to Langfuse of this process, or none: without both keys nothing of it is even imported."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import structlog
from django.conf import settings

from core.redact import register_secret
from integrations.langfuse.masking import masked

if TYPE_CHECKING:
    from langfuse import Langfuse

    from integrations.langfuse.experiments import Experiments
    from integrations.langfuse.tracing import Traces

logger = structlog.get_logger(__name__)

# For one export, and so the longest that the end of a worker waits for a Langfuse that does not answer.
TIMEOUT_SECONDS = 3


@cache
def traces() -> Traces | None:
    """Return where traces go, or None unless both keys are set."""
    client = _connection()
    if client is None:
        return None
    from integrations.langfuse.tracing import Traces

    return Traces(client, installation=settings.ENV.address)


def experiments() -> Experiments | None:
    """Return where the runs of evaluations go, or None unless both keys are set."""
    client = _connection()
    if client is None:
        return None
    from integrations.langfuse.experiments import Experiments

    return Experiments(client)


def _connection() -> Langfuse | None:
    """Return a client; the SDK gives every client of one key the same queues and threads."""
    env = settings.ENV
    if env.langfuse_public_key is None or env.langfuse_secret_key is None:
        return None
    # Imported here because it takes a second, which an installation without Langfuse need not pay.
    from langfuse import Langfuse
    from opentelemetry.sdk.trace import TracerProvider

    secret = env.langfuse_secret_key.get_secret_value()
    register_secret(secret)
    return Langfuse(
        public_key=env.langfuse_public_key.get_secret_value(),
        secret_key=secret,
        base_url=env.langfuse_base_url,
        timeout=TIMEOUT_SECONDS,
        flush_interval=2,
        mask=lambda *, data, **_: masked(data),
        # Ours alone: the process's global one would export what other libraries trace.
        tracer_provider=TracerProvider(),
    )


def traces_flush() -> None:
    """Send what is still buffered, for as long as one export takes at most; called when a worker ends."""
    if traces.cache_info().currsize and (found := traces()) is not None:
        logger.info("langfuse.flushing")
        found.flush()
