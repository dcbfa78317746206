"""The one connection to Langfuse of this process, or none: without both keys nothing of it is even imported."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings

from core.redact import redact, register_secret

if TYPE_CHECKING:
    from integrations.langfuse.tracing import Traces

logger = structlog.get_logger(__name__)

# For one export, and so the longest that the end of a worker waits for a Langfuse that does not answer.
TIMEOUT_SECONDS = 3


@cache
def traces() -> Traces | None:
    """Return where traces go, or None unless both keys are set."""
    env = settings.ENV
    if env.langfuse_public_key is None or env.langfuse_secret_key is None:
        return None
    # Imported here because it takes a second, which an installation without Langfuse need not pay.
    from langfuse import Langfuse
    from opentelemetry.sdk.trace import TracerProvider

    from integrations.langfuse.tracing import Traces

    secret = env.langfuse_secret_key.get_secret_value()
    register_secret(secret)
    client = Langfuse(
        public_key=env.langfuse_public_key.get_secret_value(),
        secret_key=secret,
        base_url=env.langfuse_base_url,
        timeout=TIMEOUT_SECONDS,
        flush_interval=2,
        mask=lambda *, data, **_: masked(data),
        # Ours alone: the process's global one would export what other libraries trace.
        tracer_provider=TracerProvider(),
    )
    return Traces(client, installation=env.address)


def traces_flush() -> None:
    """Send what is still buffered, for as long as one export takes at most; called when a worker ends."""
    if traces.cache_info().currsize and (found := traces()) is not None:
        logger.info("langfuse.flushing")
        found.flush()


def masked(data: Any) -> Any:
    """Return `data` with every text in it redacted, keys included."""
    if isinstance(data, str):
        return redact(data)
    if isinstance(data, dict):
        return {masked(key): masked(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [masked(item) for item in data]
    return data
