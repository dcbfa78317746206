"""Tests have PostgreSQL and Redis of their own, apart from a running demo; nothing leaves the machine."""

import gc
import os
from pathlib import Path

os.environ.setdefault("DATA_DIR", str(Path(__file__).parent / ".data" / "test"))

from config import embedded, env

if env.load().is_embedded:
    embedded.use(env.load())


def pytest_sessionfinish() -> None:
    # A Celery result collected after our Redis has stopped reports a lost connection behind the summary.
    gc.collect()
