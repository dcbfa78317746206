"""A trial runs the patch's tests alone, then the whole patch, and says about which bytes it speaks."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from core.patch import Patch
from sandbox.baseline import MORE_ROOM, baseline_measure
from sandbox.contract import Baseline, Outcome, Prepared, RunReport, TrialReport
from sandbox.related import related_tests
from sandbox.trial import FAILING_OUTPUT_CHARACTERS, QUICK_FROM_SECONDS, try_fix

PREPARED = Prepared(
    checkout=Path("/nowhere"),
    ecosystem="jest",
    command=("jest",),
    runner="scripted",
    dependencies="",
    is_isolated=True,
    from_cache=True,
    seconds=0.0,
)
BASELINE = Baseline(exit_code=0, tests={"tests/a.test.js::a": "passed"}, output="", runner="scripted", seconds=1.0)
ALONE = RunReport(
    exit_code=1,
    tests={"tests/a.test.js::a": "passed", "tests/n.test.js::n": "failed"},
    output="",
    runner="scripted",
    seconds=2.0,
)
FIXED = RunReport(
    exit_code=0,
    tests={"tests/a.test.js::a": "passed", "tests/n.test.js::n": "passed"},
    output="",
    runner="scripted",
    seconds=3.0,
)
DEAD = RunReport(exit_code=137, tests=None, output="heap out of memory", runner="scripted", ended="killed")
PATCH = Patch({"src/a.js": "fixed", "tests/n.test.js": "test", "package-data.json": None})


class ScriptedSandbox:
    """Answers with the given reports in order and remembers the patches."""

    name = "scripted"
    is_isolated = True
    not_promised: tuple[str, ...] = ()

    def __init__(self, *reports: RunReport, again: Sequence[RunReport] = ()) -> None:
        self._reports = list(reports)
        # The two confirming runs go side by side: the one of the tests alone, the one with the fix.
        self._again = list(again)
        self.patches: list[Patch] = []
        self.rooms: list[float] = []
        self.only: list[tuple[str, ...]] = []

    def prepare(self, checkout: Path, *, repository: str, test_command: str = "", image: str = "") -> Prepared:
        return PREPARED

    def run(self, prepared: Prepared, patch: Patch, *, only: Sequence[str] = (), room: float = 1.0) -> RunReport:
        self.patches.append(patch)
        self.rooms.append(room)
        self.only.append(tuple(only))
        if self._reports:
            return self._reports.pop(0)
        return self._again[any(not path.startswith("tests/") for path in patch.files)]


def test_the_tests_of_the_patch_run_alone_first_and_a_fix_is_confirmed() -> None:
    sandbox = ScriptedSandbox(ALONE, FIXED, again=[ALONE, FIXED])

    report = try_fix(sandbox, PREPARED, PATCH, baseline=BASELINE)

    assert [set(patch.files) for patch in sandbox.patches[:2]] == [{"tests/n.test.js"}, set(PATCH.files)]
    assert sandbox.only == [("tests/n.test.js",), (), ("tests/n.test.js",), ("tests/n.test.js",)]
    assert (report.verdict, report.fail_to_pass, report.pass_to_pass) == ("fixed", ["tests/n.test.js::n"], 1)
    assert report.patch_sha256 == PATCH.sha256
    assert (report.baseline_seconds, report.tests_only_seconds, report.fix_seconds) == (1.0, 2.0, 3.0)
    assert (report.runner, report.is_isolated, report.failing_output) == ("scripted", True, "")
    assert (report.runs, report.retried, report.by_exit_code) == (4, 0, False)


def test_a_fix_that_does_not_hold_twice_is_flaky() -> None:
    sandbox = ScriptedSandbox(ALONE, FIXED, again=[ALONE, ALONE])

    report = try_fix(sandbox, PREPARED, PATCH, baseline=BASELINE)

    assert (report.verdict, report.flaky) == ("flaky", ["tests/n.test.js::n"])


def test_a_test_that_passes_alone_the_second_time_proves_nothing() -> None:
    sandbox = ScriptedSandbox(ALONE, FIXED, again=[FIXED, FIXED])

    assert try_fix(sandbox, PREPARED, PATCH, baseline=BASELINE).verdict == "flaky"


def test_a_break_that_does_not_come_back_is_flaky_and_no_regression() -> None:
    broke = FIXED.model_copy(update={"tests": {"tests/a.test.js::a": "failed", "tests/n.test.js::n": "passed"}})

    report = try_fix(ScriptedSandbox(ALONE, broke, FIXED), PREPARED, PATCH, baseline=BASELINE)

    assert (report.verdict, report.flaky) == ("flaky", ["tests/a.test.js::a"])


def test_a_patch_without_tests_is_compared_with_the_baseline() -> None:
    red = BASELINE.model_copy(update={"tests": {"tests/a.test.js::a": "failed"}})
    sandbox = ScriptedSandbox(BASELINE, BASELINE)

    report = try_fix(sandbox, PREPARED, Patch({"src/a.js": "fixed"}), baseline=red)

    assert (report.verdict, report.runs) == ("fixed", 2)


def test_an_empty_patch_is_no_signal_and_runs_nothing() -> None:
    sandbox = ScriptedSandbox()

    assert try_fix(sandbox, PREPARED, Patch(), baseline=BASELINE).verdict == "no_signal"


def test_a_patch_whose_tests_pass_without_it_is_no_signal_and_the_fix_is_not_run() -> None:
    sandbox = ScriptedSandbox(FIXED)

    report = try_fix(sandbox, PREPARED, PATCH, baseline=BASELINE)

    assert (report.verdict, report.runs) == ("no_signal", 1)


def test_a_baseline_of_another_runner_is_measured_again() -> None:
    sandbox = ScriptedSandbox(BASELINE, BASELINE, ALONE, FIXED, again=[ALONE, FIXED])
    elsewhere = Baseline(exit_code=0, tests={"tests/a.test.js::other": "passed"}, output="", runner="elsewhere")

    report = try_fix(sandbox, PREPARED, PATCH, baseline=elsewhere)

    assert sandbox.patches[:2] == [Patch(), Patch()]
    assert report.verdict == "fixed"


def test_a_baseline_names_what_differs_between_its_two_runs() -> None:
    other = BASELINE.model_copy(update={"tests": {"tests/a.test.js::a": "failed", "tests/b.test.js::b": "passed"}})

    baseline = baseline_measure(ScriptedSandbox(BASELINE, other), PREPARED)

    assert baseline.flaky == ["tests/a.test.js::a", "tests/b.test.js::b"]
    assert baseline.tests == BASELINE.tests


def test_a_run_that_died_gets_more_room_once_and_the_fix_is_not_blamed() -> None:
    sandbox = ScriptedSandbox(ALONE, DEAD, FIXED, again=[ALONE, FIXED])

    report = try_fix(sandbox, PREPARED, PATCH, baseline=BASELINE)

    assert sandbox.rooms[:3] == [1.0, 1.0, MORE_ROOM]
    assert (report.verdict, report.retried, report.runs) == ("fixed", 1, 5)


def test_a_run_that_dies_twice_gives_no_verdict_and_shows_its_output() -> None:
    report = try_fix(ScriptedSandbox(ALONE, DEAD, DEAD), PREPARED, PATCH, baseline=BASELINE)

    assert (report.verdict, report.failing_output, report.retried) == ("no_verdict", "heap out of memory", 1)


def test_a_slow_suite_is_refused_by_its_related_tests_alone() -> None:
    slow = BASELINE.model_copy(update={"seconds": QUICK_FROM_SECONDS, "tests": {"tests/n.test.js::a": "passed"}})
    alone = ALONE.model_copy(update={"tests": {"tests/n.test.js::a": "passed", "tests/n.test.js::n": "failed"}})
    sandbox = ScriptedSandbox(alone, alone)

    report = try_fix(sandbox, PREPARED, PATCH, baseline=slow)

    assert (report.verdict, report.runs) == ("still_failing", 2)
    assert sandbox.only == [("tests/n.test.js",), ("tests/n.test.js",)]


def test_a_slow_suite_is_run_as_a_whole_before_it_is_fixed() -> None:
    slow = BASELINE.model_copy(update={"seconds": QUICK_FROM_SECONDS})
    broke = FIXED.model_copy(update={"tests": {"tests/a.test.js::a": "failed", "tests/n.test.js::n": "passed"}})
    sandbox = ScriptedSandbox(ALONE, FIXED, broke, broke)

    assert try_fix(sandbox, PREPARED, PATCH, baseline=slow).verdict == "regression"


def test_the_next_attempt_reads_why_tests_failed_within_a_limit() -> None:
    failing = ALONE.model_copy(
        update={
            "tests": {**(ALONE.tests or {}), "tests/a.test.js::a": "failed"},
            "failures": {
                "tests/n.test.js::n": "expected 5, got 4 " + "y" * 50_000,
                "tests/a.test.js::a": "broke this",
            },
        }
    )

    report = try_fix(ScriptedSandbox(ALONE, failing, failing), PREPARED, PATCH, baseline=BASELINE)

    assert report.verdict == "regression"
    assert "broke this" in report.failing_output
    assert "expected 5, got 4" in report.failing_output
    assert len(report.failing_output) < FAILING_OUTPUT_CHARACTERS + 100


REPOSITORY = {
    "tests/a.test.js": "test('a', () => { expect(1).toBe(1); });",
    "app/checks.py": "assert total([1]) == 1",
    "harness/prepare.js": "",
    "src/index.js": "",
    "src/money/calendar.py": "",
    "shop/plugin.py": "",
    "tools/jest.js": "",
    "package.json": (
        '{"main": "src/index.js", "mocha": {"require": ["./hooks.js"]}, "jest": {"collectCoverageFrom": '
        '["!src/index.js"], "setupFilesAfterEnv": ["<rootDir>/harness/prepare.js"]}}'
    ),
    "hooks.js": "",
    "vite.config.ts": (
        "export default { build: { lib: { entry: 'src/index.js' } }, test: { setupFiles: './up.ts' } };"
    ),
    "up.ts": "",
    "pytest.ini": "[pytest]\naddopts = -q -p shop.plugin\nDJANGO_SETTINGS_MODULE = shop.settings\n",
    "shop/settings.py": "",
    "Makefile": "",
}
WEAKENING: dict[str, tuple[dict[str, str | None], str]] = {
    "an expectation less": ({"tests/a.test.js": "test('a', () => {});"}, "1 expectations became 0"),
    "an expectation less in a test by no name": ({"app/checks.py": "total([1])"}, "1 expectations became 0"),
    "an early end": ({"tests/n.test.js": "process.exit(0);"}, "'process.exit'"),
    "another report": ({"src/a.js": "fs.writeFileSync('/tmp/report', '{}')"}, "report"),
    "the option that names the report": (
        {"src/a.js": "argv.find((word) => word.startsWith('--outputFile'))"},
        "output",
    ),
    "a set-up file of Jest": ({"harness/prepare.js": "x"}, "harness/prepare.js is a part of what runs the tests"),
    "a set-up file of Vitest": ({"up.ts": "x"}, "is a part of what runs the tests"),
    "a set-up file of Mocha": ({"hooks.js": "x"}, "is a part of what runs the tests"),
    "a plugin of pytest": ({"shop/plugin.py": "x = 1"}, "is a part of what runs the tests"),
    "the program of the command": ({"tools/jest.js": "x"}, "is a part of what runs the tests"),
    "what make reads": ({"Makefile": "test:\n\ttrue"}, "is a part of what runs the tests"),
    "a module in the runner's place": ({"pytest.py": ""}, "stands in"),
    "a package in Python's place": ({"src/json/__init__.py": ""}, "stands in"),
    "what Python starts with": ({"app/sitecustomize.py": ""}, "stands in"),
    "a test framework in the product": ({"src/a.js": "const { expect } = require('@jest/globals');"}, "@jest/"),
    "a global of the runner": ({"src/a.js": "globalThis['expect'] = () => {};"}, "expect"),
    "a product that asks whether it is tested": (
        {"src/a.js": "if (process.env.NODE_ENV === 'test') {}"},
        "NODE_ENV",
    ),
    "a hook of the runner": ({"conftest.py": "def pytest_runtest_makereport(item, call): pass"}, "makereport"),
}


def weakening_case(tmp_path: Path, files: dict[str, str | None], *reports: RunReport) -> TrialReport:
    for path, content in REPOSITORY.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    command = ("sh", "-c", "make test && node tools/jest.js")
    prepared = PREPARED.model_copy(update={"checkout": tmp_path, "command": command})
    tests: dict[str, Outcome] = {"tests/a.test.js::a": "passed", "app/checks.py::a": "passed"}
    baseline = BASELINE.model_copy(update={"tests": tests})
    return try_fix(ScriptedSandbox(*reports), prepared, Patch(files), baseline=baseline)


@pytest.mark.parametrize(("files", "said"), WEAKENING.values(), ids=WEAKENING.keys())
def test_a_patch_that_reaches_for_its_judge_is_refused_unrun(
    tmp_path: Path, files: dict[str, str | None], said: str
) -> None:
    report = weakening_case(tmp_path, files)

    assert report.verdict == "weakened_tests"
    assert said in report.reason


HONEST: dict[str, dict[str, str | None]] = {
    "a test with its framework": {"tests/n.test.js": "const { expect } = require('@jest/globals');"},
    "the entry of the product": {"src/index.js": "exports.total = 1;"},
    "a new module in a package of its own": {"src/money/json.py": ""},
    "the settings of the product": {"shop/settings.py": "DEBUG = False"},
    "words that are names of frameworks, too": {"src/a.js": "const drinks = ['mocha', 'chai']; // import them"},
    "an environment that is none of tests": {"src/a.js": "if (process.env.NODE_ENV === 'production') {}"},
}


@pytest.mark.parametrize("files", HONEST.values(), ids=HONEST.keys())
def test_an_honest_patch_is_not_taken_for_a_trick(tmp_path: Path, files: dict[str, str | None]) -> None:
    assert weakening_case(tmp_path, files, *[BASELINE] * 4).verdict == "no_signal"


class SandboxOfOutcomes(ScriptedSandbox):
    """Ends each test by which of the old tests, the new tests and the fix a run has."""

    def __init__(self, old_tests_with_the_fix: Sequence[Outcome], new_tests_without: Outcome = "passed") -> None:
        super().__init__()
        self._old_with = list(old_tests_with_the_fix)
        self._new_without = new_tests_without

    def run(self, prepared: Prepared, patch: Patch, *, only: Sequence[str] = (), room: float = 1.0) -> RunReport:
        has_fix, has_new_tests = "src/a.js" in patch.files, "tests/a.test.js" in patch.files
        old: Outcome = "passed"
        if has_fix and not has_new_tests:
            old = self._old_with.pop(0)
        elif has_new_tests and not has_fix:
            old = self._new_without
        return FIXED.model_copy(
            update={"tests": {"tests/a.test.js::a": old, "tests/n.test.js::n": "passed" if has_fix else "failed"}}
        )


@pytest.mark.parametrize(
    ("sandbox", "verdict"),
    [
        (SandboxOfOutcomes(["passed"]), "fixed"),
        (SandboxOfOutcomes(["failed", "failed"]), "weakened_tests"),
        (SandboxOfOutcomes(["failed", "passed"]), "fixed"),
        (SandboxOfOutcomes(["failed", "failed"], new_tests_without="failed"), "fixed"),
    ],
    ids=["unbroken", "broken and loosened", "flaky", "another expectation"],
)
def test_a_break_that_only_rewritten_tests_hide_is_found(
    tmp_path: Path, sandbox: SandboxOfOutcomes, verdict: str
) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.test.js").write_text("expect(total).toBe(1);")
    prepared = PREPARED.model_copy(update={"checkout": tmp_path})
    files: dict[str, str | None] = {
        "src/a.js": "broken",
        "tests/a.test.js": "expect(total).toBeDefined();",
        "tests/n.test.js": "new",
    }

    report = try_fix(sandbox, prepared, Patch(files), baseline=BASELINE)

    assert report.verdict == verdict, report.reason
    assert report.broken == (["tests/a.test.js::a"] if verdict == "weakened_tests" else [])


def test_files_that_name_what_the_patch_changes_run_first(tmp_path: Path) -> None:
    for name, text in {"money": "require('../src/money')", "index": "require('../src/cart')", "other": ""}.items():
        (tmp_path / f"{name}.test.js").write_text(text)
    tests: dict[str, Outcome] = {f"{name}.test.js::x": "passed" for name in ("money", "index", "other")}

    assert related_tests(tmp_path, Patch({"src/money.js": ""}), tests) == ("money.test.js",)
    assert related_tests(tmp_path, Patch({"src/cart/index.js": ""}), tests) == ("index.test.js",)
    assert related_tests(tmp_path, Patch({"new.test.js": "", "tests/data.json": ""}), tests) == ("new.test.js",)
