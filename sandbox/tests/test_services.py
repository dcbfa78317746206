"""Servers beside the tests: each run has its own, reaches nothing else, and leaves none behind."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import pytest

from core.patch import Patch
from sandbox.contract import Limits, SandboxRefused, SandboxUnavailable
from sandbox.runners.docker import DockerSandbox
from sandbox.runners.sweep import ENDS_AT_LABEL, LABEL, OWNER_LABEL, left_over_remove, owner_of_this_process
from sandbox.services import FILE, IMAGE, surroundings_of
from sandbox.tests.runners import Runner
from sandbox.tests.test_contract import one_test

LIMITS = Limits(wall_seconds=60, memory_mib=1024, disk_mib=256)
DECLARED = (
    "sandbox:\n  services: [postgres, redis, mongo]\n  environment:\n"
    "    DATABASE_URL: postgresql://test@postgres/test\n"
)
# A suite that is red unless its database is real, new and its own.
SUITE = {
    FILE: DECLARED,
    "requirements.txt": "pytest==8.4.2\npsycopg[binary]==3.2.10\n",
    "test_orders.py": """
import os
import socket
import time

import psycopg
import pytest


def test_orders_are_kept():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE orders (id serial PRIMARY KEY, total numeric)")
        connection.execute("INSERT INTO orders (total) VALUES (12.50)")
        connection.commit()
        # Long enough for another run to be in the middle of the same.
        time.sleep(1)
        assert connection.execute("SELECT count(*), sum(total) FROM orders").fetchone() == (1, 12.5)


def test_nobody_else_uses_this_database():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        assert connection.execute(query).fetchone() == (1,)


def test_the_cache_answers():
    with socket.create_connection(("redis", 6379)) as connection:
        connection.sendall(b"SET order 1\\r\\n")
        assert connection.recv(100) == b"+OK\\r\\n"


def test_the_document_store_listens():
    socket.create_connection(("mongo", 27017)).close()


@pytest.mark.parametrize("address", [("1.1.1.1", 53), ("172.17.0.1", 22), ("198.51.100.1", 80)])
def test_there_is_no_way_out(address):
    with pytest.raises(OSError, match="unreachable"):
        socket.create_connection(address, timeout=5)


def test_there_is_no_network_but_the_loopback():
    devices = [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line]
    assert devices == ["lo"]


def test_no_name_outside_is_known():
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("registry.npmjs.org", 443)
""",
}
TESTS = 9


@pytest.fixture
def services(engine: docker.DockerClient) -> docker.DockerClient:
    """The engine, if it has the image of services; else skip, or fail with REQUIRE_DOCKER=1."""
    if any(IMAGE in image.tags for image in engine.images.list()):
        return engine
    reason = f"the engine has no image {IMAGE}: run manage.py build_sandbox_images"
    if os.environ.get("REQUIRE_DOCKER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def written(directory: Path, files: dict[str, str]) -> Path:
    directory.mkdir()
    for path, content in files.items():
        (directory / path).write_text(content)
    return directory


def containers_of(client: docker.DockerClient, purpose: str) -> list[str]:
    """Return the containers that this process made for `purpose` and that are still there."""
    labels = [f"{LABEL}={purpose}", f"{OWNER_LABEL}={owner_of_this_process()}"]
    return [
        str(found.id) for found in client.containers.list(all=True, filters={"label": labels}, ignore_removed=True)
    ]


@pytest.mark.docker
@pytest.mark.timeout(300)
def test_a_suite_has_real_servers_of_its_own_no_way_out_and_two_at_once_do_not_meet(
    services: docker.DockerClient, tmp_path: Path
) -> None:
    sandbox = DockerSandbox(services, limits=LIMITS)
    prepared = sandbox.prepare(written(tmp_path / "orders", SUITE), repository="demo/orders")
    assert prepared.services == ("postgres", "redis", "mongo")

    with ThreadPoolExecutor(2) as beside:
        reports = list(beside.map(lambda patch: sandbox.run(prepared, patch), [Patch(), Patch()]))

    for report in reports:
        assert report.tests, report.output
        assert len(report.tests) == TESTS
        assert set(report.tests.values()) == {"passed"}, report.failures
    assert containers_of(services, "service") == containers_of(services, "run") == []


@pytest.mark.docker
def test_a_run_that_is_ended_at_its_time_leaves_no_server(
    docker_runner: Runner, services: docker.DockerClient
) -> None:
    limits = LIMITS.model_copy(update={"wall_seconds": 3})

    report = docker_runner.run({**one_test("for (;;) {}"), FILE: "sandbox: {services: [redis]}"}, limits=limits)

    assert report.ended == "timed_out"
    assert containers_of(services, "service") == []


@pytest.mark.docker
def test_a_server_whose_worker_died_is_swept(services: docker.DockerClient) -> None:
    dead = owner_of_this_process().rpartition(" ")[0] + " 1"
    labels = {LABEL: "service", ENDS_AT_LABEL: str(int(time.time()) + 1000), OWNER_LABEL: dead}
    left = services.containers.run(IMAGE, ["sleep", "100"], labels=labels, network_mode="none", detach=True)

    left_over_remove(services)

    assert left.id not in {found.id for found in services.containers.list(all=True, ignore_removed=True)}


@pytest.mark.docker
def test_a_patch_cannot_change_what_it_is_tried_beside(docker_runner: Runner) -> None:
    report = docker_runner.run(
        one_test("require('net').connect(6379, 'redis').on('error', () => {}); assert(!process.env.REDIS_URL);"),
        Patch({FILE: "sandbox: {services: [redis], environment: {REDIS_URL: x}}"}),
    )

    assert report.tests == {"tests/one.test.js::one": "passed"}


def test_on_this_machine_tests_that_need_a_server_are_refused(tmp_path: Path) -> None:
    local = Runner(name="local", place=tmp_path, cache=tmp_path / "cache", client=None)

    with pytest.raises(SandboxRefused, match="need redis beside them, which only a container engine can give"):
        local.run({**one_test(""), FILE: "sandbox: {services: [redis]}"})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sandbox: {services: [mysql]}", "asks for the service 'mysql'; tests can have postgres, redis, mongo"),
        ("sandbox: {services: [{image: evil/miner}]}", r"sandbox.services.0: Input should be a valid string"),
        ("sandbox: {image: evil/miner}", "sandbox.image: Extra inputs are not permitted"),
        ("privileged: true", "privileged: Extra inputs are not permitted"),
        ("- just\n- a list", "cannot be used"),
        ("sandbox: [", "cannot be used"),
        ("!!python/object/apply:os.system ['true']", "cannot be used: could not determine a constructor"),
        ("a: &a [x]\n" + "#" * 70_000, "larger than 65536 bytes"),
    ],
)
def test_a_declaration_that_is_not_allowed_is_refused_with_what_is_wrong(
    tmp_path: Path, text: str, why: str
) -> None:
    (tmp_path / FILE).write_text(text)

    with pytest.raises(SandboxRefused, match=why):
        surroundings_of(tmp_path)


@pytest.mark.parametrize("text", ["", "sandbox: {}", "sandbox: {services: []}"])
def test_an_empty_declaration_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)

    assert surroundings_of(tmp_path).services == ()


def test_a_service_that_is_named_twice_is_there_once(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("sandbox: {services: [redis, redis]}")

    assert surroundings_of(tmp_path).services == ("redis",)


@pytest.mark.docker
def test_an_image_that_is_not_built_is_named(docker_runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.runners.docker.SERVICES_IMAGE", "agent-platform/no-such-image")

    with pytest.raises(SandboxUnavailable, match="no image 'agent-platform/no-such-image'"):
        docker_runner.run({**one_test(""), FILE: "sandbox: {services: [redis]}"})
