"""An installation within its disk and its time, whatever the code that it runs does to hide."""

import os
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest

from sandbox.contract import Limits, SandboxRefused, SandboxUnavailable
from sandbox.ecosystems.contract import Install
from sandbox.ecosystems.node.framework import IMAGE, NodeFramework
from sandbox.runners import install_bound
from sandbox.runners.docker import DockerSandbox
from sandbox.runners.engine import container_remove
from sandbox.runners.engine_options import EngineOptions
from sandbox.runners.local import LocalSandbox
from sandbox.runners.sweep import LABEL, OWNER_LABEL, owner_of_this_process
from sandbox.tests.repositories import TEST_COMMAND, node_repository

LIMITS = Limits(wall_seconds=20, memory_mib=512, disk_mib=128)
BOUNDED = EngineOptions(install_network="none", install_mib=20, install_seconds=20)
WRITE_60_MIB = "head -c 60000000 /dev/zero"
# The first thread ends, and with it what /proc says of the process's own open files.
IN_ONE_THREAD = """
import ctypes, os, threading, time
file = os.open("open", os.O_CREAT | os.O_WRONLY); os.unlink("open")
threading.Thread(target=lambda: (time.sleep(1), os.write(file, bytes(60000000)), time.sleep(15))).start()
ctypes.CDLL(None).syscall(60, 0)
"""

pytestmark = pytest.mark.docker


def installs(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let the installation run `script` in the directory of the dependencies."""

    def install(_framework: NodeFramework, _checkout: Path) -> Install:
        # Another key each time: nothing is taken from the cache.
        return Install({"once": secrets.token_bytes(8)}, (("sh", "-c", f"cd node_modules; {script}"),))

    monkeypatch.setattr(NodeFramework, "install", install)


def installations(engine: docker.DockerClient) -> list[str]:
    """Return this process's installations that go on, and those that earlier tests have kept."""
    mine = [LABEL, f"{OWNER_LABEL}={owner_of_this_process()}"]
    found = engine.containers.list(all=True, filters={"label": mine}, ignore_removed=True)
    return sorted(str(each.name) for each in found if each.labels[LABEL] in {"installing", "watching"})


def prepare(engine: docker.DockerClient, place: Path, options: EngineOptions = BOUNDED) -> str:
    """Prepare a repository and return the name of what was kept, which is removed."""
    sandbox = DockerSandbox(engine, limits=LIMITS, engine=options)
    checkout = node_repository(place / "repository", {"tests/a.test.js": ""})
    kept = sandbox.prepare(checkout, repository="demo/greedy", test_command=TEST_COMMAND).dependencies
    assert container_remove(engine, kept)
    return kept


GREEDY = {
    "slowly": f"{WRITE_60_MIB} >big; sleep 15",
    "and ends at once": f"{WRITE_60_MIB} >big",
    "in a closed directory": f"mkdir closed; {WRITE_60_MIB} >closed/big; chmod 0 closed; sleep 15",
    "in an unlinked file": f"exec 3>open; rm open; {WRITE_60_MIB} >&3; sleep 15",
    "in one that a thread alone has open": f"python3 -c '{IN_ONE_THREAD}'; sleep 15",
    # Empty files take no block, and yet what a file system has few of.
    "without a byte": "mkdir many; cd many; seq 9999 | xargs touch; sleep 15",
    "and kills what it can": f"kill -9 -1; {WRITE_60_MIB} >big; (setsid sleep 99 &); sleep 15",
}


@pytest.mark.parametrize("script", GREEDY.values(), ids=GREEDY.keys())
def test_an_installation_that_writes_too_much_is_ended_and_not_kept(
    engine: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    installs(monkeypatch, script)
    before = installations(engine)

    with pytest.raises(SandboxRefused, match="take more than 20 MiB; install less or raise SANDBOX_INSTALL_MIB"):
        prepare(engine, tmp_path)

    assert installations(engine) == before


def test_an_installation_within_its_bound_is_kept(
    engine: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installs(monkeypatch, f"{WRITE_60_MIB} >big; sleep 2.5; mkdir -p .cache .vite .vite-temp")

    assert prepare(engine, tmp_path, EngineOptions(install_network="none", install_mib=100))


@contextmanager
def while_installing(engine: docker.DockerClient, *commands: str) -> Iterator[None]:
    """Do the first command on the engine's disk, and the second once the next installation is watched."""
    other = engine.containers.run(IMAGE, "sleep 99", volumes=["/other"], user="0", detach=True)
    mine = [f"{LABEL}=watching", f"{OWNER_LABEL}={owner_of_this_process()}"]

    def do(command: str) -> None:
        assert other.exec_run(["sh", "-c", command]).exit_code == 0

    def follow() -> None:
        while not engine.containers.list(filters={"label": mine}):
            time.sleep(0.1)
        time.sleep(1.5)
        do(commands[1])

    try:
        do(commands[0])
        with ThreadPoolExecutor(1) as beside:
            done = beside.submit(follow)
            yield
            done.result()
    finally:
        other.remove(force=True, v=True)


def test_what_others_write_at_the_same_time_stops_no_installation(
    engine: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installs(monkeypatch, "sleep 4; mkdir -p .cache .vite .vite-temp")

    with while_installing(engine, "true", "head -c 90000000 /dev/zero >/other/big"):
        assert prepare(engine, tmp_path)


def test_what_others_remove_at_the_same_time_hides_no_unlinked_file(
    engine: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installs(monkeypatch, f"sleep 3; exec 3>open; rm open; {WRITE_60_MIB} >&3; sleep 8")

    with (
        while_installing(engine, "head -c 90000000 /dev/zero >/other/big", "rm /other/big"),
        pytest.raises(SandboxRefused, match="take more than 20 MiB"),
    ):
        prepare(engine, tmp_path)


def test_no_installation_takes_the_last_of_the_disk(
    engine: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installs(monkeypatch, "sleep 8")
    monkeypatch.setattr(install_bound, "FREE_MIB", 1_000_000_000)

    with pytest.raises(SandboxUnavailable, match="disk has less than 1000000000 MiB left"):
        prepare(engine, tmp_path)


def test_nothing_that_an_installation_left_running_writes_into_what_is_kept(
    engine: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installs(monkeypatch, "(setsid sh -c 'while :; do date >>late; done' >/dev/null 2>&1 &); sleep 0.2")

    assert prepare(engine, tmp_path)


def test_a_command_that_takes_too_long_is_worth_another_try(
    engine: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installs(monkeypatch, "sleep 99")
    options = EngineOptions(install_network="none", install_seconds=2)

    with pytest.raises(SandboxUnavailable, match="took more than 2 s and was ended; SANDBOX_INSTALL_SECONDS can"):
        prepare(engine, tmp_path, options)


def test_time_is_bounded_on_this_machine_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installs(monkeypatch, f"sleep {90 + os.getpid() % 9}")
    monkeypatch.chdir(tmp_path)
    sandbox = LocalSandbox(
        cache=tmp_path / "cache", allowed_repositories=frozenset({"demo/greedy"}), install_seconds=1
    )
    checkout = node_repository(tmp_path / "repository", {"tests/a.test.js": ""})

    with pytest.raises(SandboxUnavailable, match="took more than 1 s"):
        sandbox.prepare(checkout, repository="demo/greedy", test_command=TEST_COMMAND)
