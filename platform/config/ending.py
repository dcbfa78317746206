"""Ctrl-C, SIGTERM and a closed terminal all leave a command the same way: through its clean-up."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ends_on_signals() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into SystemExit inside the block, so that `finally` runs."""

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except SystemExit as ending:
        if ending.code != 128 + signal.SIGINT:
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
