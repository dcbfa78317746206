"""Code that attacks: each attempt fails or ends within its limits, and the run after it is clean."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import docker
import pytest

from core.patch import Patch
from sandbox.baseline import baseline_measure
from sandbox.contract import Baseline, Limits, Prepared, RunReport, Sandbox, SandboxRefused
from sandbox.tests.repositories import TEST_COMMAND, node_repository
from sandbox.tests.runners import contained
from sandbox.tests.test_contract import one_test
from sandbox.trial import try_fix

pytestmark = pytest.mark.docker

LIMITS = Limits(wall_seconds=20, memory_mib=768, disk_mib=128, file_mib=48, processes=64, output_kib=64)
PROBE = "tests/probe.test.js"

PRELUDE = """
const assert = require('assert'); const fs = require('fs');
const { spawnSync } = require('child_process');
const fails = (...words) => {
  const ended = spawnSync(words[0], words.slice(1), { encoding: 'utf8', timeout: 5000 });
  assert.notStrictEqual(ended.status, 0, `${words.join(' ')}: ${ended.stdout}`);
};
// A system call through libc: it must give -1.
const refused = (call) => fails('python3', '-c', `
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
sys.exit(0 if libc.${call} != -1 else 1)`);
const python = (code) => fails('python3', '-c', code);
const unwritable = (path) => assert.throws(() => fs.writeFileSync(path, '1'), /EROFS|EACCES|EPERM|ENOENT/, path);
"""

# Each body throws if what it attempts succeeds.
DENIED = {
    "sysctl": "unwritable('/proc/sys/kernel/core_pattern');",
    "sysrq": "unwritable('/proc/sysrq-trigger');",
    "sysfs": "unwritable('/sys/kernel/mm/transparent_hugepage/enabled');",
    "cgroup limits": (
        "for (const place of ['/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/memory.max'])"
        "  unwritable(place);"
    ),
    "mount": "fails('mount', '-t', 'tmpfs', 'none', '/tmp');",
    "remount of the root": "fails('mount', '-o', 'remount,rw', '/');",
    "user namespace": "fails('unshare', '-Ur', 'true');",
    "mount namespace": "fails('unshare', '-m', 'true');",
    "processes of the host": (
        "const seen = fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));"
        "assert(seen.length < 12, seen.join()); refused('ptrace(16, 99999, 0, 0)');"
    ),
    "raw socket": "python('import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)');",
    "packet socket": "python('import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)');",
    "name lookup": "python('import socket; socket.getaddrinfo(\"registry.npmjs.org\", 443)');",
    "address outside": "python('import socket; socket.create_connection((\"1.1.1.1\", 53), 3)');",
    "metadata address": "python('import socket; socket.create_connection((\"169.254.169.254\", 80), 3)');",
    "the engine's bridge": "python('import socket; socket.create_connection((\"172.17.0.1\", 22), 3)');",
    "engine socket": (
        "for (const place of ['/var/run/docker.sock', '/run/docker.sock', '/run/containerd/containerd.sock'])"
        "  assert(!fs.existsSync(place), place);"
    ),
    "abstract sockets of the host": "assert(!/docker/.test(fs.readFileSync('/proc/net/unix', 'utf8')));",
    "set-uid program": (
        "fs.copyFileSync('/usr/bin/id', '/tmp/id'); fs.chmodSync('/tmp/id', 0o4755);"
        "assert.strictEqual(spawnSync('/tmp/id', ['-u'], { encoding: 'utf8' }).stdout.trim(), '1000');"
    ),
    "becoming root": "refused('setuid(0)'); fails('su', '-c', 'true');",
    "device node": "fails('mknod', '/tmp/disk', 'b', '8', '0');",
    "devices of the host": (
        "for (const place of ['/dev/mem', '/dev/kmsg', '/dev/sda', '/dev/vda', '/dev/kvm', '/dev/fuse'])"
        "  assert.throws(() => fs.openSync(place, 'r'), place);"
    ),
    "chroot": "refused('chroot(b\"/tmp\")');",
    "reboot": "refused('reboot(0x1234567)');",
    "bpf": "refused('syscall(321, 0, 0, 0)');",
    "kernel keys": 'refused(\'syscall(248, b"user", b"x", b"y", 1, -3)\');',
    "perf events": "refused('syscall(298, 0, 0, -1, -1, 0)');",
    "files by handle": "refused('syscall(304, 3, 0, 0)');",
    "host name": "refused('sethostname(b\"x\", 1)');",
    "clock": "fails('date', '-s', '2001-01-01');",
    "own limits": (
        "python('import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)');"
    ),
    "priority": "assert.throws(() => require('os').setPriority(-20));",
    "memory of the kernel": "assert.throws(() => fs.openSync('/proc/kcore', 'r+'));",
    "runner among the dependencies": "unwritable('/work/node_modules/runner.js');",
    "programs of the image": "unwritable('/usr/local/bin/node'); unwritable('/etc/passwd');",
    "shadow file through a link": (
        "fs.symlinkSync('/etc/shadow', '/tmp/shadow'); assert.throws(() => fs.readFileSync('/tmp/shadow'));"
    ),
    "one file of ten terabytes": "assert.throws(() => fs.truncateSync(fs.openSync('/tmp/sparse', 'w'), 1e13));",
    "filling the disk": (
        "for (const place of ['/work', '/tmp']) assert.throws(() => { for (let i = 0; ; i++)"
        "  fs.writeFileSync(`${place}/fill${i}`, Buffer.alloc(8e6)); }, /ENOSPC/);"
        "for (const place of ['/work', '/tmp']) for (const name of fs.readdirSync(place))"
        "  if (name.startsWith('fill')) fs.rmSync(`${place}/${name}`);"
    ),
}


@dataclass(frozen=True)
class Arena:
    """A prepared repository whose code attacks."""

    client: docker.DockerClient
    sandbox: Sandbox
    prepared: Prepared
    baseline: Baseline

    def within(self, wall_seconds: int) -> "Arena":
        limits = LIMITS.model_copy(update={"wall_seconds": wall_seconds})
        return replace(self, sandbox=contained(self.client, limits))

    def run(self, body: str, after: str = "") -> RunReport:
        return self.sandbox.run(self.prepared, Patch(dict(one_test(body, after))))


@pytest.fixture(scope="module")
def arena(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    files = {"tests/calm.test.js": "module.exports = { 'calm': () => {} };", "src/sum.js": "module.exports = 1;"}
    checkout = node_repository(tmp_path_factory.mktemp("hostile") / "repository", files)
    sandbox = contained(engine, LIMITS)
    prepared = sandbox.prepare(checkout, repository="hostile/tiny", test_command=TEST_COMMAND)
    yield Arena(engine, sandbox, prepared, baseline_measure(sandbox, prepared))
    clean = sandbox.run(prepared, Patch())
    assert clean.tests == {"tests/calm.test.js::calm": "passed"}, "an attack is felt by the run after it"
    assert engine.ping()


@pytest.fixture(scope="module")
def attempts(arena: Arena) -> RunReport:
    """All attempts that must be denied, in one run."""
    bodies = ",".join(f"{name!r}: () => {{ {body} }}" for name, body in DENIED.items())
    # Under gVisor each of the many small programs takes its time.
    patient = arena.within(90)
    return patient.sandbox.run(arena.prepared, Patch({PROBE: f"{PRELUDE} module.exports = {{ {bodies} }};"}))


@pytest.mark.parametrize("name", DENIED)
def test_an_attempt_is_denied(attempts: RunReport, name: str) -> None:
    assert attempts.tests is not None, attempts.output
    assert attempts.tests[f"{PROBE}::{name}"] == "passed", attempts.failures.get(f"{PROBE}::{name}")


def test_ten_gigabytes_of_output_leave_head_and_tail(arena: Arena) -> None:
    flood = "require('child_process').spawnSync('sh', ['-c', 'yes | head -c 10000000000'], { stdio: 'inherit' });"
    started_at = time.monotonic()

    report = arena.within(4).run(f"console.log('FIRST'); {flood}")

    assert report.output.startswith("FIRST")
    assert len(report.output) < 70_000
    assert time.monotonic() - started_at < 4 + 30


def test_a_run_that_ignores_being_asked_to_end_is_ended(arena: Arena) -> None:
    stubborn = "for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => {}); for (;;) {}"

    report = arena.within(3).run(stubborn)

    assert (report.ended, report.tests) == ("timed_out", None)


def test_ending_the_first_process_ends_the_run_at_most(arena: Arena) -> None:
    report = arena.run("process.kill(1, 'SIGTERM'); process.kill(1, 'SIGKILL');")

    # The kernel ignores it, gVisor ends the container.
    passed = {"tests/calm.test.js::calm": "passed", "tests/one.test.js::one": "passed"}
    assert report.no_verdict or report.tests == passed


FAKES = {
    "printed": ("console.log(JSON.stringify({ testResults: [] })); process.exit(0);", ""),
    "a pipe in its place": ("", "swap((file) => require('child_process').execSync(`mkfifo ${file}`));"),
    "a directory in its place": ("", "swap((file) => fs.mkdirSync(file));"),
    "a link to another file": ("", "swap((file) => fs.symlinkSync('/etc/passwd', file));"),
    "half of it": ("", "swap((file) => fs.writeFileSync(file, '{\"testResults\": [{'));"),
    "forty megabytes": ("", "swap((file) => fs.writeFileSync(file, Buffer.alloc(40e6, 32)));"),
    "an end before it is written": ("process.exit(0);", ""),
    "an abort": ("process.abort();", ""),
}
SWAP = "const swap = (put) => { fs.rmSync('/tmp/report', { force: true }); put('/tmp/report'); };"


@pytest.mark.parametrize(("body", "after"), FAKES.values(), ids=FAKES.keys())
def test_a_report_that_is_none_gives_no_verdict(arena: Arena, body: str, after: str) -> None:
    report = arena.run(body, f"{SWAP} {after}" if after else "")

    assert report.no_verdict
    assert not report.tests


REACHING = {
    "rewrites the report": {"tests/new.test.js": "require('fs').writeFileSync('/tmp/report', '{}');"},
    "ends early": {"tests/new.test.js": "process.exit(0);"},
    "skips the test that it breaks": {"tests/calm.test.js": "module.exports = {};", "src/sum.js": "throw 1;"},
    "edits the report from the source": {"src/sum.js": "require('fs').appendFileSync('/tmp/report', ' ');"},
}


@pytest.mark.parametrize("files", REACHING.values(), ids=REACHING.keys())
def test_a_fix_that_reaches_for_its_judge_is_never_fixed(arena: Arena, files: dict[str, str | None]) -> None:
    report = try_fix(arena.sandbox, arena.prepared, Patch(files), baseline=arena.baseline)

    assert report.verdict != "fixed"


def test_what_one_run_writes_among_the_dependencies_the_next_does_not_see(arena: Arena) -> None:
    poison = (
        "fs.writeFileSync('node_modules/.cache/poison', 'x'); assert(fs.existsSync('node_modules/.cache/poison'));"
    )
    clean = "assert.deepEqual(fs.readdirSync('node_modules/.cache'), []);"

    assert arena.run(poison).tests == {"tests/calm.test.js::calm": "passed", "tests/one.test.js::one": "passed"}
    assert arena.run(clean).tests == {"tests/calm.test.js::calm": "passed", "tests/one.test.js::one": "passed"}


def _link_through_a_link(tree: Path) -> None:
    (tree / "first").symlink_to("second")
    (tree / "second").symlink_to("/proc")


def _bound_socket(tree: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tree / "socket"))


TREES: dict[str, Callable[[Path], None]] = {
    "an absolute link": lambda tree: (tree / "link").symlink_to("/etc"),
    "a link upwards": lambda tree: (tree / "link").symlink_to("../../.."),
    "a link through a link": _link_through_a_link,
    "a pipe": lambda tree: os.mkfifo(tree / "pipe"),
    "a socket": _bound_socket,
}


@pytest.mark.parametrize("make", TREES.values(), ids=TREES.keys())
def test_a_tree_that_reaches_out_is_refused(arena: Arena, tmp_path: Path, make: Callable[[Path], None]) -> None:
    checkout = node_repository(tmp_path / "r", {})
    make(checkout)

    with pytest.raises(SandboxRefused):
        arena.sandbox.prepare(checkout, repository="hostile/tree", test_command=TEST_COMMAND)
