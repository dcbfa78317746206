"""The process runner: what dies is started again, and nothing is left behind."""

import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from config.env import Env
from config.processes import Processes, ProcessesFailed, Program, free_port, running

SLEEPER = Program("sleeper", [sys.executable, "-c", "'import time; time.sleep(600)'"])


@pytest.fixture
def env(tmp_path_factory: pytest.TempPathFactory) -> Env:
    changed: Env = settings.ENV.model_copy(
        update={"data_dir": tmp_path_factory.mktemp("run"), "port": free_port()}
    )
    return changed


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def running_pid(processes: Processes) -> int:
    state, pid = processes.states()["sleeper"]
    return pid if state in ("RUNNING", "STARTING") else 0


def test_a_killed_program_is_started_again_and_none_is_left_at_the_end(env: Env) -> None:
    with running([SLEEPER], env, {}) as processes:
        until(lambda: running_pid(processes) > 0)
        first = running_pid(processes)

        psutil.Process(first).kill()

        until(lambda: running_pid(processes) not in (0, first))
        last = running_pid(processes)
    assert not psutil.pid_exists(last)


def test_a_second_platform_on_the_same_data_is_refused(env: Env) -> None:
    with running([SLEEPER], env, {}), pytest.raises(ProcessesFailed, match="already running"):
        running([SLEEPER], env, {}).__enter__()


def test_a_port_in_use_is_refused_before_anything_starts(env: Env) -> None:
    refused = pytest.raises(ProcessesFailed, match=rf"port {env.port} .* set PORT to another one")
    with socket.create_server(("127.0.0.1", env.port)), refused:
        running([SLEEPER], env, {}).__enter__()

    assert not (env.data_dir / "supervisord.pid").exists()


def test_a_program_that_does_not_stay_up_is_named_with_its_log(env: Env) -> None:
    broken = Program("broken", [sys.executable, "-c", "'raise SystemExit(1)'"])

    with running([broken], env, {}) as processes:
        until(lambda: processes.states()["broken"][0] == "FATAL")
        with pytest.raises(ProcessesFailed, match=r"broken does not stay up: see .*broken\.log"):
            processes.check()


def test_a_program_gets_the_product_on_its_path(env: Env) -> None:
    code = "import config, time; print(config.__name__, flush=True); time.sleep(600)"
    shows = Program("shows", [sys.executable, "-c", f"'{code}'"])
    log = Path(env.data_dir) / "logs" / "shows.log"

    with running([shows], env, {}):
        until(lambda: log.exists() and log.read_text() == "config\n")
