"""Looking through a machine's processes while others of them end."""

import os
from pathlib import Path

import pytest

from sandbox.runners import process
from sandbox.runners.process import thread_count


def gone(*_args: object, **_kwargs: object) -> None:
    raise ProcessLookupError(3, "No such process")


def test_a_process_that_ends_while_it_is_looked_at_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux answers ESRCH for it, which neither Path.exists nor a pattern over /proc takes for an absence."""
    monkeypatch.setattr(Path, "exists", gone)
    monkeypatch.setattr(Path, "read_bytes", gone)

    assert process._marked("0123456789abcdef") == []
    assert thread_count(os.getuid()) > 0
