"""The whole story with real processes, while its workers are killed at random moments."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from config.processes import Processes, ProcessesFailed, free_port

ROOT = Path(__file__).resolve().parent.parent
STORY_SECONDS = 400
KILLS_BETWEEN_SECONDS = (8.0, 25.0)


def program_pid(processes: Processes, name: str) -> int:
    try:
        return processes.states()[name][1]
    except (ProcessesFailed, KeyError):
        return 0


@pytest.mark.timeout(STORY_SECONDS + 60)
def test_killed_workers_change_nothing_in_how_the_story_ends(tmp_path_factory: pytest.TempPathFactory) -> None:
    data_dir = tmp_path_factory.mktemp("demo")
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    output = data_dir / "output.txt"
    with output.open("w") as sink:
        demo = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--exit"],
            cwd=ROOT,
            env={
                **{name: value for name, value in os.environ.items() if name != "DOCKER_HOST"},
                "DATA_DIR": str(data_dir),
                "PORT": str(free_port()),
                "SANDBOX_RUNNER": "local",
                "SANDBOX_CACHE_DIR": str(ROOT / ".data" / "sandbox" / "dependencies"),
            },
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    processes = Processes(data_dir, data_dir / "logs")
    deadline = time.monotonic() + STORY_SECONDS
    killed = []
    try:
        for name in ("worker", "sandbox"):
            while not (pid := program_pid(processes, name)) and demo.poll() is None:
                time.sleep(0.2)
            time.sleep(chance.uniform(*KILLS_BETWEEN_SECONDS))
            pid = program_pid(processes, name)
            if pid:
                psutil.Process(pid).kill()
                killed.append(name)
        demo.wait(timeout=max(1.0, deadline - time.monotonic()))
    finally:
        if demo.poll() is None:
            demo.terminate()
            demo.wait(timeout=60)
    told = output.read_text()
    assert demo.returncode == 0, f"seed {seed}, killed {killed}:\n{told[-6000:]}"
    assert killed, f"seed {seed}: nothing was there to kill\n{told[-2000:]}"
    assert "DEMO OK: 2 pull requests, 1 rejected, 1 alarm created" in told.splitlines()[-1]
