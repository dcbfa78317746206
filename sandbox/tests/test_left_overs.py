"""What dies leaves nothing: workers, the engine, and dependencies that nobody has used for long."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import docker
import pytest
from django.conf import settings
from docker.errors import APIError, NotFound

from core.patch import Patch
from sandbox.contract import Limits
from sandbox.ecosystems.node.framework import IMAGE
from sandbox.runners.docker import DockerSandbox
from sandbox.runners.engine import container_remove
from sandbox.runners.engine_options import EngineOptions
from sandbox.runners.kept import DAY_SECONDS, MEBIBYTE, Kept, kept, kept_prune, too_many
from sandbox.runners.sweep import ENDS_AT_LABEL, LABEL, OWNER_LABEL, left_over_remove, owner_of_this_process
from sandbox.tests.repositories import TEST_COMMAND, node_repository
from sandbox.tests.test_contract import one_test

NOW = 1_000_000_000.0
FAR = str(int(time.time()) + 10_000)

# A worker in the middle of a run that does not end by itself.
WORKER = """
import sys
from pathlib import Path
from sandbox.contract import Limits
from sandbox.runners.docker import DockerSandbox
from sandbox.runners.engine import engine_connect
from core.patch import Patch
sandbox = DockerSandbox(engine_connect(sys.argv[1]), limits=Limits(wall_seconds=60, memory_mib=512, disk_mib=64))
prepared = sandbox.prepare(Path(sys.argv[2]), repository="left/over", test_command=sys.argv[3])
sandbox.run(prepared, Patch())
"""


@pytest.mark.docker
def test_a_killed_worker_leaves_nothing_after_the_next_sweep(engine: docker.DockerClient, tmp_path: Path) -> None:
    checkout = node_repository(tmp_path / "repository", one_test("for (;;) {}"))
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(settings.ENV.docker_host), str(checkout), TEST_COMMAND],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    try:
        running = _wait_for_run(engine, worker)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    left_over_remove(engine)

    assert _of_process(engine, worker.pid) == []
    assert running


@pytest.mark.docker
def test_what_a_restarted_engine_ended_is_removed_and_what_lives_stays(engine: docker.DockerClient) -> None:
    labels = {LABEL: "run", ENDS_AT_LABEL: FAR, OWNER_LABEL: owner_of_this_process()}
    mine = engine.containers.create(IMAGE, ["true"], labels=labels)
    overdue = engine.containers.create(IMAGE, ["true"], labels={**labels, ENDS_AT_LABEL: "1"})
    elsewhere = engine.containers.create(IMAGE, ["true"], labels={**labels, OWNER_LABEL: "another-host boot 1 1"})
    dead = engine.containers.create(
        IMAGE, ["true"], labels={**labels, OWNER_LABEL: owner_of_this_process().rpartition(" ")[0] + " 1"}
    )
    try:
        left_over_remove(engine)
        left = {container.id for container in engine.containers.list(all=True, filters={"label": LABEL})}
        assert {mine.id, elsewhere.id} <= left
        assert not left & {overdue.id, dead.id}
    finally:
        for container in (mine, elsewhere):
            container.remove(force=True)


@pytest.mark.docker
def test_dependencies_that_are_gone_are_installed_again(engine: docker.DockerClient, tmp_path: Path) -> None:
    sandbox = DockerSandbox(engine, limits=Limits(memory_mib=512, disk_mib=64))
    checkout = node_repository(tmp_path / "repository", one_test(""))
    lock_file = checkout / "package-lock.json"
    # A lock file of its own, so that nobody else's dependencies are touched.
    lock_file.write_text(f"{lock_file.read_text()}{' ' * (os.getpid() % 1000)}")
    prepared = sandbox.prepare(checkout, repository="left/over", test_command=TEST_COMMAND)

    assert prepared.dependencies in {item.name for item in kept(engine)}
    assert container_remove(engine, prepared.dependencies)
    assert not container_remove(engine, prepared.dependencies)

    again = sandbox.prepare(checkout, repository="left/over", test_command=TEST_COMMAND)
    assert not again.from_cache
    assert sandbox.run(again, Patch()).tests == {"tests/one.test.js::one": "passed"}
    container_remove(engine, again.dependencies)


def test_dependencies_are_pruned_by_age_then_the_oldest_by_size() -> None:
    options = EngineOptions(kept_mib=100, kept_days=10)
    items = [
        Kept("ancient", 1 * MEBIBYTE, NOW - 11 * DAY_SECONDS),
        Kept("old", 60 * MEBIBYTE, NOW - 3 * DAY_SECONDS),
        Kept("young", 60 * MEBIBYTE, NOW - 2 * DAY_SECONDS),
        Kept("new", 30 * MEBIBYTE, NOW - DAY_SECONDS),
    ]

    assert [item.name for item in too_many(items, options, now=NOW, spared="")] == ["ancient", "old"]
    assert [item.name for item in too_many(items, options, now=NOW, spared="old")] == ["ancient", "young"]
    assert too_many(items[1:2], options, now=NOW, spared="") == []


@pytest.mark.parametrize(
    "trouble", [NotFound("No such container: 0123"), APIError("a disk usage operation is already running")]
)
def test_an_engine_that_cannot_count_now_puts_pruning_off_and_fails_nothing(trouble: APIError) -> None:
    class Counting:
        def df(self) -> None:
            raise trouble

    assert kept_prune(cast("docker.DockerClient", Counting()), EngineOptions(), spared="") == []


def _wait_for_run(engine: docker.DockerClient, worker: "subprocess.Popen[bytes]") -> list[str]:
    for _ in range(600):
        found = _of_process(engine, worker.pid)
        if found or worker.poll() is not None:
            return found
        time.sleep(0.1)
    raise AssertionError("the worker started no run in a minute")


def _of_process(engine: docker.DockerClient, pid: int) -> list[str]:
    """Return the containers of runs whose owner has this number on this machine."""
    found = engine.containers.list(all=True, filters={"label": f"{LABEL}=run"}, ignore_removed=True)
    return [
        str(container.id)
        for container in found
        if container.labels.get(OWNER_LABEL, "").split(" ")[0] == socket.gethostname()
        and container.labels[OWNER_LABEL].split(" ")[2] == str(pid)
    ]
