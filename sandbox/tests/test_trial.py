"""A trial runs the patch's tests alone, then the whole patch, and says about which bytes it speaks."""

from pathlib import Path

from core.patch import Patch
from sandbox.contract import Prepared, RunReport
from sandbox.trial import FAILING_OUTPUT_CHARACTERS, try_fix

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
BASELINE = RunReport(
    exit_code=0, tests={"tests/a.test.js::a": "passed"}, output="", runner="scripted", seconds=1.0
)
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
PATCH = Patch({"src/a.js": "fixed", "tests/n.test.js": "test", "package-data.json": None})


class ScriptedSandbox:
    """Answers with the given reports in order and remembers the patches."""

    name = "scripted"
    is_isolated = True

    def __init__(self, *reports: RunReport) -> None:
        self._reports = list(reports)
        self.patches: list[Patch] = []

    def prepare(self, checkout: Path, *, repository: str, test_command: str = "", image: str = "") -> Prepared:
        return PREPARED

    def run(self, prepared: Prepared, patch: Patch) -> RunReport:
        self.patches.append(patch)
        return self._reports.pop(0)


def test_the_tests_of_the_patch_run_alone_first() -> None:
    sandbox = ScriptedSandbox(ALONE, FIXED)

    report = try_fix(sandbox, PREPARED, PATCH, baseline=BASELINE)

    assert [set(patch.files) for patch in sandbox.patches] == [{"tests/n.test.js"}, set(PATCH.files)]
    assert (report.verdict, report.fail_to_pass, report.pass_to_pass) == ("fixed", ["tests/n.test.js::n"], 1)
    assert report.patch_sha256 == PATCH.sha256
    assert (report.baseline_seconds, report.tests_only_seconds, report.fix_seconds) == (1.0, 2.0, 3.0)
    assert (report.runner, report.is_isolated, report.failing_output) == ("scripted", True, "")


def test_a_patch_without_tests_is_compared_with_the_baseline() -> None:
    red = BASELINE.model_copy(update={"tests": {"tests/a.test.js::a": "failed"}})
    sandbox = ScriptedSandbox(BASELINE)

    report = try_fix(sandbox, PREPARED, Patch({"src/a.js": "fixed"}), baseline=red)

    assert len(sandbox.patches) == 1
    assert report.verdict == "fixed"


def test_an_empty_patch_is_no_signal_and_runs_nothing() -> None:
    sandbox = ScriptedSandbox()

    assert try_fix(sandbox, PREPARED, Patch(), baseline=BASELINE).verdict == "no_signal"


def test_a_baseline_of_another_runner_is_measured_again() -> None:
    sandbox = ScriptedSandbox(BASELINE, ALONE, FIXED)
    elsewhere = RunReport(exit_code=0, tests={"tests/a.test.js::other": "passed"}, output="", runner="elsewhere")

    report = try_fix(sandbox, PREPARED, PATCH, baseline=elsewhere)

    assert sandbox.patches[0] == Patch()
    assert report.verdict == "fixed"


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

    report = try_fix(ScriptedSandbox(ALONE, failing), PREPARED, PATCH, baseline=BASELINE)

    assert report.verdict == "regression"
    assert "broke this" in report.failing_output
    assert "expected 5, got 4" in report.failing_output
    assert len(report.failing_output) < FAILING_OUTPUT_CHARACTERS + 100


def test_a_run_without_a_report_shows_its_output() -> None:
    dead = RunReport(exit_code=137, tests=None, output="heap out of memory", runner="scripted", ended="killed")

    report = try_fix(ScriptedSandbox(ALONE, dead), PREPARED, PATCH, baseline=BASELINE)

    assert (report.verdict, report.failing_output) == ("no_verdict", "heap out of memory")
