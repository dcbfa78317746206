"""Tests have PostgreSQL and Redis of their own, apart from a running demo; nothing leaves the machine."""

import os
from pathlib import Path

os.environ.setdefault("DATA_DIR", str(Path(__file__).parent / ".data" / "test"))

from config import embedded, env

if env.load().is_embedded:
    embedded.use(env.load())
