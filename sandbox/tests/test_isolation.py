"""What only a container keeps from a run: the code that looks is the repository's, as an attacker's would be."""

import time
from concurrent.futures import ThreadPoolExecutor

import docker
import pytest
from docker.errors import NotFound

from core.patch import Patch
from sandbox.ecosystems.node.jest import Jest
from sandbox.runners.sweep import ENDS_AT_LABEL, LABEL, OWNER_LABEL, owner_of_this_process
from sandbox.tests.repositories import TEST_COMMAND
from sandbox.tests.runners import QUICK, Runner
from sandbox.tests.test_contract import one_test

pytestmark = pytest.mark.docker


def test_a_run_has_no_network(docker_runner: Runner) -> None:
    report = docker_runner.run(
        one_test(
            "assert.deepEqual(Object.keys(require('os').networkInterfaces()), ['lo']);"
            "assert.equal(fs.readFileSync('/proc/net/route', 'utf8').trim().split('\\n').length, 1);"
        )
    )

    assert report.tests == {"tests/one.test.js::one": "passed"}, report.failures


def test_a_run_is_an_ordinary_user_without_capabilities(docker_runner: Runner) -> None:
    report = docker_runner.run(
        one_test(
            "const status = fs.readFileSync('/proc/self/status', 'utf8');"
            "assert.equal(process.getuid(), 1000); assert(require('os').userInfo().username);"
            "assert.match(status, /CapEff:\\t0+\\n/); assert.match(status, /CapBnd:\\t0+\\n/);"
            "assert.match(status, /NoNewPrivs:\\t1\\n/); assert.match(status, /Seccomp:\\t2\\n/);"
        )
    )

    assert report.tests == {"tests/one.test.js::one": "passed"}, report.failures


def test_a_run_can_write_to_its_work_directory_and_tmp_only(docker_runner: Runner) -> None:
    report = docker_runner.run(
        one_test(
            "for (const place of ['/work', '/tmp']) fs.writeFileSync(place + '/x', 'x');"
            "for (const place of ['/', '/usr/local/bin', '/etc', '/var/tmp', '/work/node_modules'])"
            "  assert.throws(() => fs.writeFileSync(place + '/x', 'x'), /EROFS|EACCES/, place);"
        )
    )

    assert report.tests == {"tests/one.test.js::one": "passed"}, report.failures


def test_a_run_sees_no_directory_of_the_host(docker_runner: Runner) -> None:
    report = docker_runner.run(
        one_test(
            "console.log(fs.readFileSync('/proc/self/mountinfo', 'utf8'));"
            "assert(!fs.existsSync('/var/run/docker.sock'));"
        )
    )

    mounts = [line.split(" - ") for line in report.output.splitlines() if " - " in line]
    on_disk = {mount.split()[4] for mount, source in mounts if source.split()[1].startswith("/dev/")}
    assert "/work/node_modules" in on_disk
    # The engine itself puts these three files into every container.
    assert on_disk <= {"/work/node_modules", "/etc/resolv.conf", "/etc/hostname", "/etc/hosts"}
    assert report.tests == {"tests/one.test.js::one": "passed"}, report.failures


def test_a_flood_of_processes_ends_with_its_run(docker_runner: Runner) -> None:
    bomb = (
        "const flood = ['-c', 'while :; do sh -c \"sleep 99\" & done'];"
        "const start = () => require('child_process').spawn('sh', flood, { detached: true, stdio: 'ignore' });"
        "for (let i = 0; i < 50; i++) { try { start().on('error', () => {}); } catch (error) {} }"
        "for (;;) {}"
    )

    report = docker_runner.run(
        one_test(bomb), limits=QUICK.model_copy(update={"wall_seconds": 4, "processes": 64})
    )

    assert report.ended in {"timed_out", "killed"}
    assert report.tests is None


def test_memory_above_the_limit_ends_the_run_as_killed(docker_runner: Runner) -> None:
    hog = "const kept = []; for (;;) kept.push(Buffer.alloc(20000000, 1));"

    report = docker_runner.run(one_test(hog), limits=QUICK.model_copy(update={"memory_mib": 300}))

    assert (report.ended, report.exit_code, report.tests) == ("killed", 137, None)


def test_a_container_whose_worker_died_is_removed_by_the_next_one(
    docker_runner: Runner, engine: docker.DockerClient
) -> None:
    dead = engine.containers.create(Jest.image, ["true"], labels={ENDS_AT_LABEL: "1"})

    docker_runner.run(one_test(""))

    with pytest.raises(NotFound):
        engine.containers.get(str(dead.id))


@pytest.mark.parametrize("is_removed", [False, True])
def test_a_container_that_is_ended_under_its_run_is_a_killed_run_and_no_error(
    docker_runner: Runner, engine: docker.DockerClient, is_removed: bool
) -> None:
    sandbox = docker_runner.sandbox()
    checkout = docker_runner.repository(one_test("for (;;) {}"))
    prepared = sandbox.prepare(checkout, repository="demo/tiny", test_command=TEST_COMMAND)
    mine = {"label": [f"{LABEL}=run", f"{OWNER_LABEL}={owner_of_this_process()}"]}

    with ThreadPoolExecutor(1) as beside:
        running = beside.submit(sandbox.run, prepared, Patch())
        while not (found := engine.containers.list(filters=dict(mine))):
            time.sleep(0.1)
        # Once the tests run, not while their sources are copied.
        while "tools/jest.js" not in str(found[0].top()):
            time.sleep(0.1)
        if is_removed:
            found[0].remove(force=True)
        else:
            found[0].kill()
        report = running.result()

    assert (report.ended, report.tests) == ("killed", None)
    assert report.no_verdict
