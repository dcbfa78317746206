"""Run a command on this machine so that nothing of it is left afterwards."""

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from sandbox.contract import SandboxUnavailable
from sandbox.output import HeadAndTail
from sandbox.runners.steps import Ended, how_it_ended

_LIMITED = Path(__file__).with_name("limited.py")
# In the environment of every process of a run: finds those that left its session.
_MARK = "AGENT_PLATFORM_SANDBOX_RUN"
_PROC = Path("/proc")


def command_run(
    words: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str],
    limits: Mapping[str, int],
    wall_seconds: float,
    output_bytes: int,
) -> Ended:
    """Run `words` in a session of its own with exactly `environment`; then end whatever it started.

    `limits` are resource limits by name (`RLIMIT_FSIZE`). Raises SandboxUnavailable if it cannot be started.
    """
    mark = secrets.token_hex(8)
    started_at = time.monotonic()
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_LIMITED), json.dumps(dict(limits)), *words],
            cwd=directory,
            env={**environment, _MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxUnavailable(f"{words[0]!r} cannot be started: {error}") from error
    output = HeadAndTail(output_bytes)
    reader = threading.Thread(target=_read, args=(process.stdout, output), daemon=True)
    reader.start()
    is_late = False
    try:
        process.wait(timeout=wall_seconds)
    except subprocess.TimeoutExpired:
        is_late = True
    finally:
        _end_all(process, mark)
    reader.join(timeout=10)
    code = process.returncode if process.returncode >= 0 else 128 - process.returncode
    return Ended(
        code, output.text(), time.monotonic() - started_at, "timed_out" if is_late else how_it_ended(code)
    )


def _read(stream: IO[bytes] | None, output: HeadAndTail) -> None:
    if stream is None:
        return
    with stream:
        while data := os.read(stream.fileno(), 65536):
            output.write(data)


def _end_all(process: "subprocess.Popen[bytes]", mark: str) -> None:
    """Kill the run's session and, where /proc tells, what left it; twice, for what was born in between."""
    for _ in range(2):
        _kill_group(process.pid)
        for pid in _marked(mark):
            _kill(pid)
    process.wait()


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # The group is gone; on macOS a group of zombies answers EPERM.
        return


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _marked(mark: str) -> list[int]:
    needle = f"{_MARK}={mark}".encode()
    found = []
    for process in _processes():
        try:
            environment = (process / "environ").read_bytes()
        except OSError:
            # Another user's process, or one that ended meanwhile.
            continue
        if needle in environment.split(b"\0"):
            found.append(int(process.name))
    return found


def _processes() -> list[Path]:
    # Not by a pattern: that fails as a whole where one process ends while it is looked at.
    return [entry for entry in _PROC.iterdir() if entry.name.isdecimal()]


def thread_count(user_id: int) -> int:
    """Return how many threads the user has now: RLIMIT_NPROC counts all of a user's, not a process's own."""
    count = 0
    for process in _processes():
        try:
            if (process / "task").stat().st_uid == user_id:
                count += sum(1 for _ in (process / "task").iterdir())
        except OSError:
            # The process ended meanwhile.
            continue
    return count
