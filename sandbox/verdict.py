"""What three test runs say of a fix. Exit codes are never the verdict: sets of tests are compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sandbox.contract import BUILD, WHOLE_FILE, Baseline, Outcome, RunReport, Verdict

NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Judgement:
    """A verdict, the sentence that explains it, and the tests it rests on.

    `broken` passed before and do not pass now; `still_failing` are red because of the patch or in files that it
    changes; `red_before` were red without it and still are; `pass_to_pass` counts those that passed and still do.
    `changed_tests` passed before; as the patch has them they fail without the fix, or as they were they fail with
    it. `flaky` ended differently in two runs of the same bytes and count for nothing.
    """

    verdict: Verdict
    reason: str
    fail_to_pass: list[str] = field(default_factory=list)
    pass_to_pass: int = 0
    broken: list[str] = field(default_factory=list)
    still_failing: list[str] = field(default_factory=list)
    red_before: list[str] = field(default_factory=list)
    changed_tests: list[str] = field(default_factory=list)
    flaky: list[str] = field(default_factory=list)


def judge(
    baseline: Baseline, tests_only: RunReport, with_fix: RunReport, *, patched_tests: frozenset[str]
) -> Judgement:
    """Compare the commit as it was, with the patch's tests only, and with the whole patch.

    `patched_tests` are the test files that the patch writes or deletes. What is flaky in the baseline is left out.
    """
    runs = (("the baseline", baseline), ("the tests alone", tests_only), ("the fix", with_fix))
    for label, run in runs:
        if run.no_verdict:
            return Judgement("no_verdict", f"The run with {label} gives no verdict: {run.no_verdict}.")
    quarantined = frozenset(baseline.flaky)
    before, alone, after = (_without(run.tests or {}, quarantined) for _, run in runs)

    passed_before = {test for test, outcome in before.items() if outcome == "passed"}
    broken = sorted(test for test in passed_before if after.get(test) != "passed")
    failed_after = {test for test, outcome in after.items() if outcome == "failed"}
    red_before = sorted(
        test for test in failed_after if before.get(test) == "failed" and file_of(test) not in patched_tests
    )
    still_failing = sorted(failed_after - set(broken) - set(red_before))
    fail_to_pass = sorted(
        test
        for test, outcome in after.items()
        # That it builds is needed, and proves nothing.
        if outcome == "passed" and file_of(test) != BUILD and _failed_alone(test, before, alone)
    )
    verdict, reason = _verdict(broken, still_failing, fail_to_pass, red_before, after, patched_tests)
    if with_fix.by_exit_code:
        reason += " Judged by the exit code of the test command alone: it leaves no report of single tests."
    return Judgement(
        verdict=verdict,
        reason=reason,
        fail_to_pass=fail_to_pass,
        pass_to_pass=len(passed_before) - len(broken),
        broken=broken,
        still_failing=still_failing,
        red_before=red_before,
        changed_tests=[test for test in fail_to_pass if test in passed_before and not with_fix.by_exit_code],
        flaky=sorted(quarantined),
    )


def confirmed(judgement: Judgement, tests_only: RunReport, with_fix: RunReport) -> Judgement:
    """Return `judgement` if the same bytes, run once more, agree with it; else say which tests are flaky.

    `fixed` needs every FAIL_TO_PASS test to fail alone again (or to be missing, like a test of a file that cannot
    be run without the fix) and to pass with it again; `regression` needs one broken test to break again.
    """
    for label, run in (("the tests alone", tests_only), ("the fix", with_fix)):
        if run.no_verdict:
            reason = f"The second run with {label} gives no verdict: {run.no_verdict}."
            return replace(judgement, verdict="no_verdict", reason=reason)
    alone, after = tests_only.tests or {}, with_fix.tests or {}
    if judgement.verdict == "regression" and all(after.get(test) == "passed" for test in judgement.broken):
        return _flaky(judgement, judgement.broken)
    if judgement.verdict == "fixed":
        changed = [
            test
            for test in judgement.fail_to_pass
            if after.get(test) != "passed" or alone.get(test, "failed") != "failed"
        ]
        return _flaky(judgement, changed) if changed else judgement
    return judgement


def weakened(tests: Iterable[str]) -> Judgement:
    """Return the judgement of `tests` that a patch's own tests keep from showing what its fix breaks."""
    named = sorted(tests)
    return Judgement(
        "weakened_tests",
        "The fix breaks tests as they were, and with the patch's test files they pass with and without it: "
        f"{_named(named)}.",
        broken=named,
    )


def unstable(first: RunReport, second: RunReport) -> list[str]:
    """Return the tests that did not end alike in two runs of the same bytes, or are missing in one."""
    one, other = first.tests or {}, second.tests or {}
    return sorted(test for test in one.keys() | other.keys() if one.get(test) != other.get(test))


def file_of(test: str) -> str:
    """Return the file in a test's id."""
    return test.partition("::")[0]


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
        if file_of(test) in patched_tests
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


def _flaky(judgement: Judgement, tests: Iterable[str]) -> Judgement:
    named = sorted(tests)
    return replace(
        judgement,
        verdict="flaky",
        reason=f"Tests end differently in two runs of the same bytes: {_named(named)}.",
        flaky=sorted({*judgement.flaky, *named}),
    )


def _failed_alone(test: str, before: Mapping[str, Outcome], alone: Mapping[str, Outcome]) -> bool:
    """Return whether `test` failed before the fix was there: by name, or new and in a file that could not run."""
    if test in alone:
        return alone[test] == "failed"
    return alone.get(_whole_file(test)) == "failed" and before.get(test) != "passed"


def _without(tests: Mapping[str, Outcome], left_out: frozenset[str]) -> dict[str, Outcome]:
    return {test: outcome for test, outcome in tests.items() if test not in left_out}


def _whole_file(test: str) -> str:
    return f"{file_of(test)}::{WHOLE_FILE}"


def _named(tests: list[str]) -> str:
    named = ", ".join(repr(test) for test in tests[:NAMED_AT_MOST])
    more = len(tests) - NAMED_AT_MOST
    return f"{named} and {more} more" if more > 0 else named
