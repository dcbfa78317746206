"""Tests have PostgreSQL and Redis of their own, apart from a running demo; nothing leaves the machine."""

import gc

import freezegun
import pytest
from hypothesis import HealthCheck, settings

from config import embedded, env
from core.shared_store import shared_store

if env.load().is_embedded:
    embedded.use(env.load())

# Freezing time looks at every module's attributes, and those of this one are imported when looked at.
freezegun.configure(extend_ignore_list=["langfuse"])
# `make fuzz`.
settings.register_profile("fuzz", max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def nothing_shared() -> None:
    """Let no test find a system left alone, or a limit reached, because of what an earlier one did."""
    store = shared_store()
    if names := [name for kind in ("breaker", "rate", "metrics") for name in store.keys(f"{kind}:*")]:
        store.delete(*names)


def pytest_sessionfinish() -> None:
    # A Celery result collected after our Redis has stopped reports a lost connection behind the summary.
    gc.collect()
