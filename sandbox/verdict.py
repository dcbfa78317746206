"""What three test runs say of a fix. Exit codes are never the verdict: sets of tests are compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.contract import WHOLE_FILE, Outcome, RunReport, Verdict

# timeout(1), SIGABRT (V8 out of memory) and SIGKILL (the kernel out of memory): the machinery failed, not the fix.
NO_VERDICT_EXIT_CODES = frozenset({124, 134, 137})
NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Judgement:
    """A verdict, the sentence that explains it, and the tests it rests on.

    `broken` passed before and do not pass now; `still_failing` are red because of the patch or in files that it
    changes; `red_before` were red without it and still are; `pass_to_pass` counts those that passed and still do.
    """

    verdict: Verdict
    reason: str
    fail_to_pass: list[str] = field(default_factory=list)
    pass_to_pass: int = 0
    broken: list[str] = field(default_factory=list)
    still_failing: list[str] = field(default_factory=list)
    red_before: list[str] = field(default_factory=list)


def judge(
    baseline: RunReport, tests_only: RunReport, with_fix: RunReport, *, patched_tests: frozenset[str]
) -> Judgement:
    """Compare the commit as it was, with the patch's tests only, and with the whole patch.

    `patched_tests` are the test files that the patch writes or deletes.
    """
    runs = (("the baseline", baseline), ("the tests alone", tests_only), ("the fix", with_fix))
    for label, run in runs:
        problem = _no_verdict(run)
        if problem:
            return Judgement("no_verdict", f"The run with {label} gives no verdict: {problem}.")
    before, alone, after = baseline.tests or {}, tests_only.tests or {}, with_fix.tests or {}

    passed_before = {test for test, outcome in before.items() if outcome == "passed"}
    broken = sorted(test for test in passed_before if after.get(test) != "passed")
    failed_after = {test for test, outcome in after.items() if outcome == "failed"}
    red_before = sorted(
        test for test in failed_after if before.get(test) == "failed" and _file(test) not in patched_tests
    )
    still_failing = sorted(failed_after - set(broken) - set(red_before))
    fail_to_pass = sorted(
        test for test, outcome in after.items() if outcome == "passed" and _failed_alone(test, before, alone)
    )
    verdict, reason = _verdict(broken, still_failing, fail_to_pass, red_before, after, patched_tests)
    return Judgement(
        verdict=verdict,
        reason=reason,
        fail_to_pass=fail_to_pass,
        pass_to_pass=len(passed_before) - len(broken),
        broken=broken,
        still_failing=still_failing,
        red_before=red_before,
    )


def _verdict(
    broken: list[str],
    still_failing: list[str],
    fail_to_pass: list[str],
    red_before: list[str],
    after: Mapping[str, Outcome],
    patched_tests: frozenset[str],
) -> tuple[Verdict, str]:
    # A test that ran and failed is a regression; one that a changed test file no longer runs is a weakened test.
    weakened = [
        test
        for test in broken
        if _file(test) in patched_tests
        and after.get(test) != "failed"
        and after.get(_whole_file(test)) != "failed"
    ]
    if weakened:
        return (
            "weakened_tests",
            f"Tests that passed were removed or skipped in changed test files: {_named(weakened)}.",
        )
    if broken:
        return "regression", f"Tests that passed before fail, are skipped or are missing now: {_named(broken)}."
    if still_failing:
        return "still_failing", f"Tests still fail with the fix: {_named(still_failing)}."
    if not fail_to_pass:
        red = f" Red before and now: {_named(red_before)}." if red_before else ""
        return (
            "no_signal",
            f"No test fails without the fix and passes with it, so nothing shows that it works.{red}",
        )
    return (
        "fixed",
        f"Failing without the fix, passing with it: {_named(fail_to_pass)}. Nothing that passed was lost.",
    )


def _failed_alone(test: str, before: Mapping[str, Outcome], alone: Mapping[str, Outcome]) -> bool:
    """Return whether `test` failed before the fix was there: by name, or new and in a file that could not run."""
    if test in alone:
        return alone[test] == "failed"
    return alone.get(_whole_file(test)) == "failed" and before.get(test) != "passed"


def _no_verdict(run: RunReport) -> str:
    """Return why a run says nothing about its tests, or an empty string."""
    # Ended by us at the time limit is another case: some suites write a whole report and then never exit.
    if run.ended == "killed" or (run.ended == "exited" and run.exit_code in NO_VERDICT_EXIT_CODES):
        return f"it was killed (exit code {run.exit_code}), probably for its memory or time"
    if run.tests is None:
        return f"it {run.ended.replace('_', ' ')} (exit code {run.exit_code}) and left no readable test report"
    if not run.tests:
        return "its report holds no test"
    return ""


def _file(test: str) -> str:
    return test.partition("::")[0]


def _whole_file(test: str) -> str:
    return f"{_file(test)}::{WHOLE_FILE}"


def _named(tests: list[str]) -> str:
    named = ", ".join(repr(test) for test in tests[:NAMED_AT_MOST])
    more = len(tests) - NAMED_AT_MOST
    return f"{named} and {more} more" if more > 0 else named
