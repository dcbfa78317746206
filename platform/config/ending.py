"""Ctrl-C, SIGTERM and a closed terminal all leave a command the same way: through its clean-up."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ends_on_signals() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into SystemExit inside the block, so that `finally` runs.

    Once: a second signal, of an impatient person or a runner that tells the whole group, would end the clean-up.
    """

    def leave(number: int, _frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
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
