"""Try one patch: its tests alone must fail, with the fix they must pass, twice, and nothing may be lost."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from core.patch import Patch
from core.test_paths import is_test_path
from sandbox.baseline import baseline_measure, run_with_second_chance
from sandbox.contract import Baseline, Prepared, RunReport, Sandbox, TrialReport
from sandbox.output import shortened
from sandbox.related import related_tests
from sandbox.verdict import Judgement, confirmed, file_of, judge, weakened
from sandbox.weakening import keeps_expectations, weakening_of

# What the next round's prompt carries of failing tests, in characters.
FAILING_OUTPUT_CHARACTERS = 8000
MESSAGE_CHARACTERS = 1500
# A suite that takes longer is worth a look at the related tests first.
QUICK_FROM_SECONDS = 10.0


def try_fix(sandbox: Sandbox, prepared: Prepared, patch: Patch, *, baseline: Baseline) -> TrialReport:
    """Run the patch's tests alone, then the whole patch, and judge both against `baseline`.

    A baseline measured by another runner is measured again: what is red differs from place to place.
    Raises SandboxUnavailable, and SandboxRefused for a patch that cannot be applied.
    """
    if baseline.runner != sandbox.name:
        baseline = baseline_measure(sandbox, prepared)
    return _Trial(sandbox, prepared, patch, baseline).report()


class _Trial:
    """The runs of one trial, from the cheapest that can refuse the patch to the one that proves it."""

    def __init__(self, sandbox: Sandbox, prepared: Prepared, patch: Patch, baseline: Baseline) -> None:
        self._sandbox = sandbox
        self._prepared = prepared
        self._patch = patch
        self._baseline = baseline
        self._suites = frozenset(file_of(test) for test in baseline.tests or {})
        # Where no suite is called a test, those that run are. Elsewhere a doctest makes no test of its module.
        unnamed = frozenset[str]() if any(map(is_test_path, self._suites)) else self._suites
        self._patched_tests = frozenset(path for path in patch.files if is_test_path(path) or path in unnamed)
        self._rewritten = frozenset(path for path in self._patched_tests if (prepared.checkout / path).is_file())
        self._related = related_tests(prepared.checkout, patch, baseline.tests or {})
        self._alone: RunReport = baseline
        self._with_fix: RunReport = baseline
        # The run whose output explains a verdict that is not `fixed`, where that is not the one with the fix.
        self._explaining: RunReport | None = None
        # True for each run that was a second chance.
        self._runs: list[bool] = []

    def report(self) -> TrialReport:
        judgement = self._judgement()
        baseline, alone, with_fix = self._baseline, self._alone, self._with_fix
        return TrialReport(
            verdict=judgement.verdict,
            reason=judgement.reason,
            patch_sha256=self._patch.sha256,
            fail_to_pass=judgement.fail_to_pass,
            pass_to_pass=judgement.pass_to_pass,
            broken=judgement.broken,
            still_failing=judgement.still_failing,
            red_before=judgement.red_before,
            failing_output=_failing_output(judgement, self._explaining or with_fix),
            runner=self._sandbox.name,
            is_isolated=self._sandbox.is_isolated,
            baseline_seconds=baseline.seconds,
            tests_only_seconds=0.0 if alone is baseline else alone.seconds,
            fix_seconds=0.0 if with_fix is baseline else with_fix.seconds,
            changed_tests=judgement.changed_tests,
            flaky=judgement.flaky,
            by_exit_code=with_fix.by_exit_code,
            retried=sum(self._runs),
            runs=len(self._runs),
        )

    def _judgement(self) -> Judgement:
        weakening = weakening_of(self._prepared, self._patch, tests=self._patched_tests, suites=self._suites)
        if weakening:
            return Judgement("weakened_tests", weakening)
        if not self._patch or self._baseline.no_verdict:
            return self._judge(self._baseline, self._baseline)
        if self._patched_tests:
            self._alone = self._run_alone(self._related)
        if not self._alone.no_verdict and not self._can_be_fixed():
            return self._judge(self._baseline, self._baseline)
        quick = self._quick()
        if quick is not None:
            return quick
        self._with_fix = self._run(self._patch)
        judgement = self._judge(self._baseline, self._with_fix)
        return self._confirmed(judgement) if judgement.verdict in {"fixed", "regression"} else judgement

    def _quick(self) -> Judgement | None:
        """Return what the related tests say if they refuse the patch already, else None."""
        if self._baseline.seconds < QUICK_FROM_SECONDS or not self._related:
            return None
        run = self._run(self._patch, self._related)
        related = {
            test: outcome
            for test, outcome in (self._baseline.tests or {}).items()
            if file_of(test) in self._related
        }
        if run.no_verdict or not related:
            return None
        judgement = self._judge(self._baseline.model_copy(update={"tests": related}), run)
        if judgement.verdict not in {"still_failing", "weakened_tests"}:
            return None
        self._with_fix = run
        return judgement

    def _confirmed(self, judgement: Judgement) -> Judgement:
        """Run the tests that the judgement rests on once more."""
        is_fixed = judgement.verdict == "fixed"
        files = {file_of(test) for test in (judgement.fail_to_pass if is_fixed else judgement.broken)}
        only = tuple(sorted(file for file in files if self._has(file)))
        # Without tests of its own the patch is compared with the baseline, which ran twice already.
        if not is_fixed or not self._patched_tests:
            return confirmed(judgement, self._alone, self._run(self._patch, only))
        with ThreadPoolExecutor(2) as beside:
            alone = beside.submit(self._run_alone, only)
            old = beside.submit(self._with_old_tests, judgement)
            with_fix = self._run(self._patch, only)
            second = confirmed(judgement, alone.result(), with_fix)
            return second if second.verdict != "fixed" else old.result()

    def _with_old_tests(self, fixed: Judgement) -> Judgement:
        """Return what becomes of `fixed` by the old tests that fail where the fix comes without the patch's tests.

        One that fails without the fix, too, as the patch has it, got another expectation: that is for a person to
        see, and no trick. One that passes then is kept from showing a break. Rewritten tests may do so that keep
        all that they expect, as when a fake learns a method that the fix calls: for a person again.
        """
        fix = frozenset(self._patch.files) - self._patched_tests
        old = self._run(self._patch.restricted_to(fix))
        if old.no_verdict:
            self._explaining = old
            return Judgement("no_verdict", f"The old tests with the fix give no verdict: {old.no_verdict}.")
        broken = self._broken_in(old)
        if not broken:
            return fixed
        files = tuple(sorted(file for file in {file_of(test) for test in broken} if self._has(file)))
        again = self._run(self._patch.restricted_to(fix), files)
        alone = self._run_alone(files)
        rewritten = self._run(self._patch.restricted_to(fix | self._rewritten), files)
        for label, run in (("old", again), ("new", alone), ("rewritten", rewritten)):
            if run.no_verdict:
                self._explaining = run
                return Judgement("no_verdict", f"The {label} tests give no verdict on a break: {run.no_verdict}.")
        passing = {test for test, outcome in (alone.tests or {}).items() if outcome == "passed"}
        hidden = broken & self._broken_in(again) & passing
        if not hidden:
            return fixed
        if self._keeps_expectations() and not hidden & self._broken_in(rewritten):
            return replace(fixed, changed_tests=sorted({*fixed.changed_tests, *hidden}))
        self._explaining = again
        return weakened(hidden)

    def _broken_in(self, run: RunReport) -> set[str]:
        """Return the tests of the baseline that passed and do not pass in `run`."""
        after = run.tests or {}
        return {
            test
            for test, outcome in (self._baseline.tests or {}).items()
            if outcome == "passed" and test not in self._baseline.flaky and after.get(test) != "passed"
        }

    def _keeps_expectations(self) -> bool:
        """Return whether the tests that the patch rewrites expect all that they expected."""
        return all(
            keeps_expectations(
                (self._prepared.checkout / path).read_text(encoding="utf-8", errors="replace"),
                self._patch.files[path] or "",
            )
            for path in self._rewritten
        )

    def _has(self, file: str) -> bool:
        if file in self._patch.files:
            return self._patch.files[file] is not None
        return (self._prepared.checkout / file).is_file()

    def _judge(self, baseline: Baseline, with_fix: RunReport) -> Judgement:
        return judge(baseline, self._alone, with_fix, patched_tests=self._patched_tests)

    def _can_be_fixed(self) -> bool:
        """Return whether any test failed without the fix: without one nothing can be shown."""
        failed = {
            test
            for run in (self._baseline, self._alone)
            for test, outcome in (run.tests or {}).items()
            if outcome == "failed"
        }
        return bool(failed.difference(self._baseline.flaky))

    def _run_alone(self, only: tuple[str, ...]) -> RunReport:
        """Run the patch's tests without its fix; what was not run ended as in the baseline."""
        run = self._run(self._patch.restricted_to(self._patched_tests), only)
        if not run.tests:
            return run
        seen = {file_of(test) for test in run.tests} | self._patched_tests
        unseen = {
            test: outcome for test, outcome in (self._baseline.tests or {}).items() if file_of(test) not in seen
        }
        return run.model_copy(update={"tests": {**unseen, **run.tests}})

    def _run(self, patch: Patch, only: tuple[str, ...] = ()) -> RunReport:
        report, was_repeated = run_with_second_chance(self._sandbox, self._prepared, patch, only=only)
        self._runs.extend([False, True] if was_repeated else [False])
        return report


def _failing_output(judgement: Judgement, run: RunReport) -> str:
    """Return what the author of the next attempt must read: the failing tests' messages, or else the output."""
    if judgement.verdict == "fixed":
        return ""
    if judgement.verdict == "no_verdict":
        return shortened(run.output, FAILING_OUTPUT_CHARACTERS)
    messages = [
        f"{test}\n{shortened(run.failures[test], MESSAGE_CHARACTERS)}"
        for test in (*judgement.broken, *judgement.still_failing)
        if test in run.failures
    ]
    return shortened("\n\n".join(messages), FAILING_OUTPUT_CHARACTERS)
