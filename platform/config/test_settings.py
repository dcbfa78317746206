"""Settings of the test run: its data directory is its own, apart from a running platform or demo."""

import os
from pathlib import Path

# Before the settings are read, which is before any conftest.py: pytest-django loads them first.
os.environ.setdefault("DATA_DIR", str(Path(__file__).parent.parent.parent / ".data" / "test"))

from config.settings import *
