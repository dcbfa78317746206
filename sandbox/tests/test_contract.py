"""What every runner keeps, whichever it is."""

import os
import tempfile
import threading
import time
from pathlib import Path

import pytest

from core.patch import Patch
from sandbox.contract import WHOLE_COMMAND, WHOLE_FILE, Limits, RunReport, SandboxRefused, SandboxUnavailable
from sandbox.runners.kept import KEPT_NAME
from sandbox.runners.sweep import OWNER_LABEL, owner_of_this_process
from sandbox.tests.repositories import TEST_COMMAND
from sandbox.tests.runners import QUICK, Runner

PASSING = "module.exports = { 'adds': () => {} };"
ASSERT = "const assert = require('assert'); const fs = require('fs');"


def one_test(body: str, after: str = "") -> dict[str, str]:
    after = f", after: () => {{ {after} }}" if after else ""
    return {"tests/one.test.js": f"{ASSERT} module.exports = {{ 'one': () => {{ {body} }}{after} }};"}


def test_tests_are_reported_by_file_and_full_name(runner: Runner) -> None:
    report = runner.run(
        {
            "tests/a.test.js": (
                "module.exports = { 'adds': () => {}, 'breaks': () => { throw new Error('no way'); } };"
            ),
            "tests/b.test.js": "syntax error here",
        }
    )

    assert report.tests == {
        "tests/a.test.js::adds": "passed",
        "tests/a.test.js::breaks": "failed",
        f"tests/b.test.js::{WHOLE_FILE}": "failed",
    }
    assert "no way" in report.failures["tests/a.test.js::breaks"]
    assert report.runner == runner.name


def test_a_non_zero_exit_is_a_result(runner: Runner) -> None:
    report = runner.run(one_test("", after="process.exit(7);"))

    assert (report.exit_code, report.ended) == (7, "exited")
    assert report.tests == {"tests/one.test.js::one": "passed"}


def test_an_empty_patch_runs_the_commit_as_it_is(runner: Runner) -> None:
    assert runner.run({"tests/a.test.js": PASSING}).tests == {"tests/a.test.js::adds": "passed"}


def test_a_patch_writes_changes_and_deletes_files(runner: Runner) -> None:
    files = {
        **one_test(
            "assert.equal(fs.readFileSync('changed.txt', 'utf8'), 'new');"
            "assert.equal(fs.readFileSync('added/deep/file.txt', 'utf8'), 'here');"
            "assert(!fs.existsSync('deleted.txt'));"
        ),
        "changed.txt": "old",
        "deleted.txt": "still here",
    }
    patch = Patch({"changed.txt": "new", "added/deep/file.txt": "here", "deleted.txt": None})

    assert runner.run(files, patch).tests == {"tests/one.test.js::one": "passed"}


def test_text_in_any_script_survives_in_files_names_and_output(runner: Runner) -> None:
    patch = Patch({"größe/日本.txt": "naïve ✓ 🚀\n"})
    report = runner.run(
        {
            "tests/ü.test.js": f"{ASSERT} module.exports = {{ 'größe ✓': () => {{ console.log('läuft 🚀');"
            "assert.equal(fs.readFileSync('größe/日本.txt', 'utf8'), 'naïve ✓ 🚀\\n'); } };"
        },
        patch,
    )

    assert report.tests == {"tests/ü.test.js::größe ✓": "passed"}
    assert "läuft 🚀" in report.output


def test_a_large_file_arrives_whole(runner: Runner) -> None:
    patch = Patch({"large.txt": "0123456789abcdef" * 500_000})

    report = runner.run(one_test("assert.equal(fs.statSync('large.txt').size, 8000000);"), patch)

    assert report.tests == {"tests/one.test.js::one": "passed"}


def test_executable_files_stay_executable(runner: Runner) -> None:
    checkout = runner.repository(
        {**one_test("require('child_process').execFileSync('./tool.sh');"), "tool.sh": "#!/bin/sh\nexit 0\n"}
    )
    (checkout / "tool.sh").chmod(0o755)

    assert runner.run_checkout(checkout, Patch({"other.txt": "x"})).tests == {"tests/one.test.js::one": "passed"}


def test_output_keeps_its_head_and_its_tail_within_the_limit(runner: Runner) -> None:
    flood = (
        "console.log('FIRST'); for (let i = 0; i < 20000; i++) console.log('x'.repeat(50)); console.log('LAST');"
    )

    report = runner.run(one_test(flood), limits=QUICK.model_copy(update={"output_kib": 8}))

    assert report.output.startswith("FIRST")
    assert report.output.rstrip().endswith("LAST")
    assert "bytes left out" in report.output
    assert len(report.output.encode()) < 9 * 1024


def test_output_holds_nothing_that_a_database_refuses(runner: Runner) -> None:
    report = runner.run(one_test("process.stdout.write(Buffer.from([0, 255, 27, 91, 51, 49, 109, 65]));"))

    assert "\0" not in report.output
    assert "\x1b" not in report.output
    assert "A" in report.output


def test_at_the_time_limit_every_process_of_the_run_ends(runner: Runner) -> None:
    detached = (
        "const child = require('child_process').spawn('sleep', ['321'], { detached: true, stdio: 'inherit' });"
        "console.log('child ' + child.pid); for (;;) {}"
    )
    started_at = time.monotonic()

    report = runner.run(one_test(detached), limits=QUICK.model_copy(update={"wall_seconds": 3}))

    assert (report.ended, report.tests) == ("timed_out", None)
    assert time.monotonic() - started_at < 20
    assert processes_named("sleep\x00321") == []


def test_processes_that_outlive_a_finished_run_end_too(runner: Runner) -> None:
    daemon = "require('child_process').spawn('sleep', ['654'], { detached: true, stdio: 'ignore' }).unref();"

    report = runner.run(one_test(daemon))

    assert report.ended == "exited"
    assert processes_named("sleep\x00654") == []


def test_a_report_written_before_the_run_hangs_is_read(runner: Runner) -> None:
    report = runner.run(one_test("", after="for (;;) {}"), limits=QUICK.model_copy(update={"wall_seconds": 3}))

    assert report.ended == "timed_out"
    assert report.tests == {"tests/one.test.js::one": "passed"}


def test_a_run_ended_by_a_signal_is_killed_and_not_failed(runner: Runner) -> None:
    report = runner.run(one_test("process.kill(process.pid, 'SIGKILL');"))

    assert (report.exit_code, report.ended, report.tests) == (137, "killed", None)


def test_a_command_that_does_not_exist_is_a_result(runner: Runner) -> None:
    sandbox = runner.sandbox()
    checkout = runner.repository({"tests/a.test.js": PASSING})
    prepared = sandbox.prepare(checkout, repository="demo/tiny", test_command="tools/no-such-runner")

    report = sandbox.run(prepared, Patch())

    assert report.tests is None
    assert report.exit_code in {126, 127}


def test_memory_above_the_limit_is_not_to_be_had(runner: Runner) -> None:
    hog = "const kept = []; for (;;) kept.push(Buffer.alloc(20000000, 1));"

    report = runner.run(one_test(hog), limits=Limits(wall_seconds=30, memory_mib=400, disk_mib=64))

    # Without a container the allocation fails inside the test; with one the kernel ends the run.
    assert report.tests in (None, {"tests/one.test.js::one": "failed"})
    assert report.ended != "timed_out"


def test_a_file_above_the_disk_limit_cannot_be_written(runner: Runner) -> None:
    writes = "fs.writeFileSync('huge', Buffer.alloc(90000000));"

    report = runner.run(one_test(writes), limits=QUICK.model_copy(update={"disk_mib": 64}))

    # The file system says so, or the signal that stands for it ends the run.
    assert report.tests is None or report.tests == {"tests/one.test.js::one": "failed"}


def test_no_variable_of_the_platform_reaches_the_tests(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-not-for-tests")

    report = runner.run(one_test("console.log(JSON.stringify(process.env));"))

    assert "sk-ant-not-for-tests" not in report.output
    assert '"CI":"1"' in report.output
    assert "DATA_DIR" not in report.output


def test_ids_do_not_depend_on_where_the_run_lies(runner: Runner) -> None:
    report = runner.run(
        {"tests/a.test.js": "module.exports = { [__dirname]: () => { throw new Error(__filename); } };"}
    )

    assert report.tests == {"tests/a.test.js::/work/tests": "failed"}
    assert "/work/tests/a.test.js" in report.failures["tests/a.test.js::/work/tests"]


def test_a_link_inside_the_repository_is_kept(runner: Runner) -> None:
    checkout = runner.repository(one_test("assert.equal(fs.readFileSync('links/to', 'utf8'), 'text');"))
    (checkout / "text.txt").write_text("text")
    (checkout / "links").mkdir()
    (checkout / "links" / "to").symlink_to("../text.txt")

    assert runner.run_checkout(checkout).tests == {"tests/one.test.js::one": "passed"}


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside", "../repository-of-somebody"])
def test_a_link_that_leaves_the_repository_is_refused(runner: Runner, target: str) -> None:
    checkout = runner.repository({"tests/a.test.js": PASSING})
    (checkout / "link").symlink_to(target)

    with pytest.raises(SandboxRefused, match="outside the repository"):
        runner.run_checkout(checkout)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("linked/file.txt", "x"),
        ("linked", "x"),
        ("node_modules/a.js", "x"),
        ("src/node_modules/fs/index.js", "x"),
        ("no-such-file", None),
        ("tests", "x"),
    ],
)
def test_a_patch_that_reaches_elsewhere_is_refused(runner: Runner, path: str, content: str | None) -> None:
    checkout = runner.repository({"tests/a.test.js": PASSING})
    (checkout / "linked").symlink_to("tests")

    with pytest.raises(SandboxRefused):
        runner.run_checkout(checkout, Patch({path: content}))


def test_a_report_that_is_a_link_is_not_read(runner: Runner) -> None:
    swap = (
        "const file = process.argv.find((word) => word.startsWith('--outputFile=')).slice(13);"
        "fs.renameSync(file, file + '2'); fs.symlinkSync(file + '2', file);"
    )

    assert runner.run(one_test("", after=swap)).tests is None


def test_a_run_leaves_the_checkout_as_it_was(runner: Runner) -> None:
    checkout = runner.repository(one_test("fs.writeFileSync('made.txt', 'x'); fs.rmSync('package.json');"))
    before = sorted(path.relative_to(checkout) for path in checkout.rglob("*"))

    runner.run_checkout(checkout, Patch({"added.txt": "x"}))

    assert sorted(path.relative_to(checkout) for path in checkout.rglob("*")) == before


def test_nothing_of_a_run_is_left(runner: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    runner.repository({})
    before = traces(runner)

    runner.run(one_test("fs.mkdirSync('locked', { mode: 0o000 });"))
    runner.run(one_test("for (;;) {}"), limits=QUICK.model_copy(update={"wall_seconds": 2}))

    assert traces(runner) == before


def test_the_second_preparation_comes_from_the_cache(runner: Runner) -> None:
    checkout = runner.repository({"tests/a.test.js": PASSING})
    sandbox = runner.sandbox()
    first = sandbox.prepare(checkout, repository="demo/tiny", test_command=TEST_COMMAND)

    second = sandbox.prepare(checkout, repository="demo/tiny", test_command=TEST_COMMAND)

    assert second.from_cache
    assert second.dependencies == first.dependencies
    assert second.is_isolated == sandbox.is_isolated


def test_dependencies_that_are_gone_are_prepared_again(runner: Runner) -> None:
    sandbox = runner.sandbox()
    checkout = runner.repository({"tests/a.test.js": PASSING})
    prepared = sandbox.prepare(checkout, repository="demo/tiny", test_command=TEST_COMMAND)
    gone = prepared.model_copy(update={"dependencies": f"{prepared.dependencies}-gone"})

    with pytest.raises(SandboxUnavailable):
        sandbox.run(gone, Patch())


def test_two_runs_at_the_same_time_do_not_meet(runner: Runner) -> None:
    sandbox = runner.sandbox()
    checkout = runner.repository(
        one_test(
            "const mine = fs.readFileSync('mine.txt', 'utf8'); fs.writeFileSync('seen.txt', mine);"
            "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700);"
            "assert.equal(fs.readFileSync('seen.txt', 'utf8'), mine); console.log('I am ' + mine);"
        )
    )
    prepared = sandbox.prepare(checkout, repository="demo/tiny", test_command=TEST_COMMAND)
    reports: dict[str, RunReport] = {}

    def run(name: str) -> None:
        reports[name] = sandbox.run(prepared, Patch({"mine.txt": name}))

    threads = [threading.Thread(target=run, args=(name,)) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for name in ("first", "second"):
        assert reports[name].tests == {"tests/one.test.js::one": "passed"}
        assert f"I am {name}" in reports[name].output


def test_a_file_that_is_not_text_stays_as_it_is(runner: Runner) -> None:
    checkout = runner.repository(one_test("assert.deepEqual([...fs.readFileSync('image')], [0, 255, 10, 128]);"))
    (checkout / "image").write_bytes(bytes([0, 255, 10, 128]))

    assert runner.run_checkout(checkout).tests == {"tests/one.test.js::one": "passed"}


def test_names_that_differ_by_case_or_hold_spaces_stay_apart(runner: Runner) -> None:
    read = "['a b', 'A b', '-c'].map((name) => fs.readFileSync('names/' + name, 'utf8'))"
    body = f"assert.deepEqual({read}, ['1', '2', '3']);"

    report = runner.run(one_test(body), Patch({"names/a b": "1", "names/A b": "2", "names/-c": "3"}))

    assert report.tests == {"tests/one.test.js::one": "passed"}


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGSEGV", 139), ("SIGABRT", 134)])
def test_each_signal_that_ends_a_run_is_told_apart_from_a_failure(runner: Runner, name: str, code: int) -> None:
    report = runner.run(one_test(f"process.kill(process.pid, '{name}'); for (;;) {{}}"))

    assert (report.exit_code, report.ended) == (code, "killed")
    assert report.no_verdict


def test_more_room_is_more_time(runner: Runner) -> None:
    sandbox = runner.sandbox(QUICK.model_copy(update={"wall_seconds": 3}))
    slow = one_test("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4000);")
    prepared = sandbox.prepare(runner.repository(slow), repository="demo/tiny", test_command=TEST_COMMAND)

    assert sandbox.run(prepared, Patch()).ended == "timed_out"
    assert sandbox.run(prepared, Patch(), room=4.0).tests == {"tests/one.test.js::one": "passed"}


def test_a_command_without_a_report_is_judged_by_its_exit_code(runner: Runner) -> None:
    sandbox = runner.sandbox()
    files = {"check.js": "process.exit(require('./answer'));", "answer.js": "module.exports = 3;"}
    checkout = runner.repository(files)
    prepared = sandbox.prepare(checkout, repository="demo/tiny", test_command="node check.js")

    bad = sandbox.run(prepared, Patch())
    good = sandbox.run(prepared, Patch({"answer.js": "module.exports = 0;"}))

    assert (bad.tests, bad.by_exit_code) == ({WHOLE_COMMAND: "failed"}, True)
    assert good.tests == {WHOLE_COMMAND: "passed"}


def test_what_the_tests_need_is_built_in_every_run_and_a_broken_build_shows(runner: Runner) -> None:
    sandbox = runner.sandbox()
    built = one_test("assert.equal(fs.readFileSync('built.txt', 'utf8'), 'from source');")
    build = "require('fs').writeFileSync('built.txt', require('fs').readFileSync('source.txt'));"
    checkout = runner.repository({**built, "build.js": build, "source.txt": "from source"})
    prepared = sandbox.prepare(checkout, repository="demo/tiny", test_command=f"node build.js && {TEST_COMMAND}")

    good = sandbox.run(prepared, Patch())
    bad = sandbox.run(prepared, Patch({"source.txt": None}))

    assert good.tests == {"(build)::node build.js": "passed", "tests/one.test.js::one": "passed"}
    assert bad.tests == {"(build)::node build.js": "failed", "tests/one.test.js::one": "failed"}


def test_a_runner_says_what_it_does_not_promise(runner: Runner) -> None:
    sandbox = runner.sandbox()

    assert bool(sandbox.not_promised) != sandbox.is_isolated
    sees_us = f"assert(fs.readFileSync('/proc/{os.getpid()}/cmdline', 'utf8').includes('python'));"
    expected = "failed" if sandbox.is_isolated else "passed"
    assert runner.run(one_test(sees_us)).tests == {"tests/one.test.js::one": expected}


def processes_named(words: str) -> list[str]:
    """Return the processes whose command line begins with `words`; containers' processes show there too."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdecimal() and (process / "cmdline").read_bytes().startswith(words.encode()):
                found.append(process.name)
        except OSError:
            continue
    return found


def traces(runner: Runner) -> set[str]:
    """Return what a run could leave: containers of runs, or temporary directories."""
    if runner.client is not None:
        # Other workers may use the same engine: only what this process made is ours.
        mine = f"{OWNER_LABEL}={owner_of_this_process()}"
        found = runner.client.containers.list(all=True, filters={"label": mine}, ignore_removed=True)
        return {str(container.id) for container in found if not str(container.name).startswith(KEPT_NAME)}
    return {entry.name for entry in Path(tempfile.gettempdir()).iterdir()}
