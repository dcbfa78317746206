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
    assert sandbox.only[:2] == [("tests/n.test.js",), ()]
    # What confirms goes side by side with the old tests, all of them.
    assert sorted(sandbox.only[2:]) == [(), ("tests/n.test.js",), ("tests/n.test.js",)]
    assert (report.verdict, report.fail_to_pass, report.pass_to_pass) == ("fixed", ["tests/n.test.js::n"], 1)
    assert report.patch_sha256 == PATCH.sha256
    assert (report.baseline_seconds, report.tests_only_seconds, report.fix_seconds) == (1.0, 2.0, 3.0)
    assert (report.runner, report.is_isolated, report.failing_output) == ("scripted", True, "")
    assert (report.runs, report.retried, report.by_exit_code) == (5, 0, False)


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
    assert (report.verdict, report.retried, report.runs) == ("fixed", 1, 6)


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


def test_where_no_suite_is_called_a_test_those_that_run_are_tests(tmp_path: Path) -> None:
    (tmp_path / "checks.py").write_text("assert total([1]) == 1")
    prepared = PREPARED.model_copy(update={"checkout": tmp_path})
    baseline = BASELINE.model_copy(update={"tests": {"checks.py::a": "passed"}})

    report = try_fix(ScriptedSandbox(), prepared, Patch({"checks.py": "total([1])"}), baseline=baseline)

    assert (report.verdict, report.reason) == (
        "weakened_tests",
        "checks.py expects less than before: 1 expectations became 0.",
    )


def test_a_module_with_doctests_is_no_test_where_others_are_called_tests() -> None:
    baseline = BASELINE.model_copy(update={"tests": {**(BASELINE.tests or {}), "src/a.js::doctest": "passed"}})
    sandbox = ScriptedSandbox(ALONE, FIXED, again=[ALONE, FIXED])

    try_fix(sandbox, PREPARED, PATCH, baseline=baseline)

    assert set(sandbox.patches[0].files) == {"tests/n.test.js"}


OLD_TEST = "tests/a.test.js::a"
BREAK = "src/a.js"


class SandboxOfOutcomes(ScriptedSandbox):
    """Ends the old test by whether a run has the fix, and the file that keeps its break from showing."""

    def __init__(
        self,
        old_with_the_fix: Sequence[Outcome],
        *,
        without: Outcome = "passed",
        hidden_by: str = "tests/a.test.js",
    ) -> None:
        super().__init__()
        self._old_with = list(old_with_the_fix)
        self._without = without
        self._hidden_by = hidden_by

    def run(self, prepared: Prepared, patch: Patch, *, only: Sequence[str] = (), room: float = 1.0) -> RunReport:
        has_fix, is_hidden = BREAK in patch.files, self._hidden_by in patch.files
        old: Outcome = "passed"
        if has_fix and not is_hidden:
            old = self._old_with.pop(0)
        elif is_hidden and not has_fix:
            old = self._without
        return FIXED.model_copy(
            update={
                "tests": {OLD_TEST: old, "tests/n.test.js::n": "passed" if has_fix else "failed"},
                "failures": {OLD_TEST: "expected 1, got 3"} if old == "failed" else {},
            }
        )


class SandboxWhereTheNewTestsDie(SandboxOfOutcomes):
    """Kills the patch's tests when they run without the fix to show whether they hide a break."""

    def run(self, prepared: Prepared, patch: Patch, *, only: Sequence[str] = (), room: float = 1.0) -> RunReport:
        if BREAK not in patch.files and "tests/n.test.js" not in only:
            return DEAD
        return super().run(prepared, patch, only=only, room=room)


def old_test_case(tmp_path: Path, sandbox: ScriptedSandbox, files: dict[str, str | None]) -> TrialReport:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.test.js").write_text("const fake = {};\nexpect(total(fake)).toBe(1);")
    prepared = PREPARED.model_copy(update={"checkout": tmp_path})
    patch = Patch({BREAK: "broken", "tests/n.test.js": "new", **files})
    return try_fix(sandbox, prepared, patch, baseline=BASELINE)


@pytest.mark.parametrize(
    ("sandbox", "verdict"),
    [
        (SandboxOfOutcomes(["passed"]), "fixed"),
        (SandboxOfOutcomes(["failed", "failed"]), "weakened_tests"),
        (SandboxOfOutcomes(["failed", "passed"]), "fixed"),
        (SandboxOfOutcomes(["failed", "failed"], without="failed"), "fixed"),
    ],
    ids=["unbroken", "broken and loosened", "flaky", "another expectation"],
)
def test_a_break_that_only_rewritten_tests_hide_is_found(
    tmp_path: Path, sandbox: SandboxOfOutcomes, verdict: str
) -> None:
    report = old_test_case(tmp_path, sandbox, {"tests/a.test.js": "expect(total({})).toBeDefined();"})

    assert report.verdict == verdict, report.reason
    assert report.broken == ([OLD_TEST] if verdict == "weakened_tests" else [])
    assert ("expected 1, got 3" in report.failing_output) == (verdict == "weakened_tests")


@pytest.mark.parametrize(
    "rewritten",
    [
        "const fake = { release() {} };\nexpect(total(fake)).toBe(1);",
        "const fake = {};\nexpect(await total(fake)).toBe(1);",
    ],
    ids=["a fake that learns a method", "sync to async"],
)
def test_a_rewritten_test_that_keeps_all_it_expects_is_for_a_person_to_see(tmp_path: Path, rewritten: str) -> None:
    sandbox = SandboxOfOutcomes(["failed", "failed"])

    report = old_test_case(tmp_path, sandbox, {"tests/a.test.js": rewritten})

    assert (report.verdict, report.changed_tests) == ("fixed", [OLD_TEST])


def test_a_break_that_a_new_test_file_hides_from_the_old_tests_is_found(tmp_path: Path) -> None:
    sandbox = SandboxOfOutcomes(["failed"] * 3, hidden_by="tests/n.test.js")

    report = old_test_case(tmp_path, sandbox, {})

    assert (report.verdict, report.broken) == ("weakened_tests", [OLD_TEST])


def test_new_tests_that_die_alone_do_not_hide_a_break(tmp_path: Path) -> None:
    report = old_test_case(
        tmp_path,
        SandboxWhereTheNewTestsDie(["failed"] * 2),
        {"tests/a.test.js": "expect(total({})).toBeDefined();"},
    )

    assert report.verdict == "no_verdict", report.reason
    assert report.failing_output == DEAD.output


def test_files_that_name_what_the_patch_changes_run_first(tmp_path: Path) -> None:
    for name, text in {"money": "require('../src/money')", "index": "require('../src/cart')", "other": ""}.items():
        (tmp_path / f"{name}.test.js").write_text(text)
    tests: dict[str, Outcome] = {f"{name}.test.js::x": "passed" for name in ("money", "index", "other")}

    assert related_tests(tmp_path, Patch({"src/money.js": ""}), tests) == ("money.test.js",)
    assert related_tests(tmp_path, Patch({"src/cart/index.js": ""}), tests) == ("index.test.js",)
    assert related_tests(tmp_path, Patch({"new.test.js": "", "tests/data.json": ""}), tests) == ("new.test.js",)
