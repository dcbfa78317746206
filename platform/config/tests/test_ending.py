"""Commands that are told to end leave nothing running behind them."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from config.benches.scratch import Scratch
from config.ending import ends_on_signals
from config.env import BASE_DIR

CLEANS_UP = """
import time
from config.ending import ends_on_signals
with ends_on_signals():
    try:
        print("up", flush=True)
        time.sleep(30)
    finally:
        print("ending", flush=True)
        time.sleep(0.5)
        print("ended", flush=True)
"""
# What a command does that was told to end: it needs a moment.
COMMAND = """
import pathlib, signal, sys, time
def leave(number, frame):
    time.sleep(0.3)
    pathlib.Path("ended").touch()
    sys.exit(128 + number)
signal.signal(signal.SIGTERM, leave)
pathlib.Path("up").touch()
time.sleep(30)
"""


def test_a_second_signal_does_not_end_the_clean_up() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", CLEANS_UP],
        env={**os.environ, "PYTHONPATH": str(BASE_DIR / "platform")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.terminate()
    assert process.stdout.readline() == "ending\n"

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        process.send_signal(number)

    assert process.communicate(timeout=10)[0] == "ended\n"
    assert process.returncode == 128 + signal.SIGTERM


def test_the_command_of_a_bench_that_is_ended_comes_to_its_own_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.benches.scratch.BASE_DIR", tmp_path)
    (tmp_path / "manage.py").write_text(COMMAND)

    def end_us() -> None:
        while not (tmp_path / "up").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(SystemExit), ends_on_signals():
        threading.Thread(target=end_us, daemon=True).start()
        Scratch(tmp_path).manage("bench")

    assert (tmp_path / "ended").exists()
