"""The embedded services: found or started, never twice, gone with their last user."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.embedded import LONGEST_DATA_DIR
from config.env import BASE_DIR

USER = "import sys; sys.path[:0] = ['platform', '.']; from config import embedded, env; embedded.use(env.load()); "


def user(data_dir: Path, then: str) -> "subprocess.Popen[str]":
    """Start a process that uses the services in `data_dir`, says so, and then runs `then`."""
    return subprocess.Popen(
        [sys.executable, "-c", f"{USER} print('ready', flush=True); {then}"],
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def servers(data_dir: Path) -> list[str]:
    """Return the names of the server processes that run on `data_dir`."""
    names = []
    for process in psutil.process_iter(["name", "cmdline", "ppid", "cwd"]):
        command = " ".join(process.info["cmdline"] or [])
        if str(data_dir) in command and process.info["name"] in ("postgres", "redis-server"):
            names.append(process.info["name"])
        elif process.info["name"] == "redis-server" and process.info["cwd"] == str(data_dir):
            names.append("redis-server")
    return sorted(names)


@pytest.fixture
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("data")
    yield folder
    assert servers(folder) == []


def ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def end(process: "subprocess.Popen[str]") -> None:
    process.communicate("", timeout=60)


def test_two_users_share_one_server_each_and_the_last_one_stops_them(data_dir: Path) -> None:
    first = user(data_dir, "sys.stdin.read()")
    ready(first)
    second = user(data_dir, "sys.stdin.read()")
    ready(second)
    assert servers(data_dir) == ["postgres", "redis-server"]

    end(first)
    assert servers(data_dir) == ["postgres", "redis-server"]

    end(second)
    assert servers(data_dir) == []


def test_what_a_killed_user_left_is_found_running_and_stopped_by_the_next(data_dir: Path) -> None:
    killed = user(data_dir, "sys.stdin.read()")
    ready(killed)
    killed.kill()
    killed.communicate()
    assert servers(data_dir) == ["postgres", "redis-server"]

    following = user(data_dir, "sys.stdin.read()")
    ready(following)
    end(following)


def failing(data_dir: Path) -> str:
    """Run a management command on a data directory that cannot be used; return what it says."""
    result = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def test_a_path_too_long_for_sockets_is_refused_with_what_to_do(tmp_path: Path) -> None:
    assert "Set DATA_DIR to a shorter one" in failing(tmp_path / ("x" * LONGEST_DATA_DIR))


def test_a_data_directory_that_is_a_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")

    assert "Set DATA_DIR to a folder of your own" in failing(tmp_path / "data")


@pytest.mark.parametrize("version", ["18\n", "no number\n", ""])
def test_broken_data_is_refused_with_what_to_do(data_dir: Path, version: str) -> None:
    (data_dir / "postgres").mkdir()
    (data_dir / "postgres" / "PG_VERSION").write_text(version)

    assert f"remove {data_dir}" in failing(data_dir)
