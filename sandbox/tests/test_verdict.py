"""Verdicts come from sets of tests."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.contract import WHOLE_COMMAND, WHOLE_FILE, Baseline, Outcome, Verdict
from sandbox.verdict import judge

Tests = dict[str, Outcome]

BASE: Tests = {"old.test.js::a": "passed", "old.test.js::b": "passed", "red.test.js::r": "failed"}
NEW = "new.test.js::n"
PATCHED = frozenset({"new.test.js", "old.test.js"})


def run(tests: Tests | None, **changes: object) -> Baseline:
    report = Baseline(exit_code=1, tests=tests, output="")
    return report.model_copy(update=changes)


@dataclass(frozen=True)
class Case:
    verdict: Verdict
    alone: Tests
    after: Tests
    patched: frozenset[str] = PATCHED


CASES = {
    "a new test fails alone and passes with the fix": Case(
        "fixed", {**BASE, NEW: "failed"}, {**BASE, NEW: "passed"}
    ),
    "a test that was red turns green": Case("fixed", BASE, {**BASE, "red.test.js::r": "passed"}),
    "a changed expectation fails alone and passes with the fix": Case(
        "fixed", {**BASE, "old.test.js::a": "failed"}, BASE
    ),
    "a new file that cannot run without the fix passes with it": Case(
        "fixed", {**BASE, f"new.test.js::{WHOLE_FILE}": "failed"}, {**BASE, NEW: "passed"}
    ),
    "an old file that cannot run alone proves nothing of its old tests": Case(
        "no_signal", {"red.test.js::r": "failed", f"old.test.js::{WHOLE_FILE}": "failed"}, BASE
    ),
    "the new test passes already without the fix": Case(
        "no_signal", {**BASE, NEW: "passed"}, {**BASE, NEW: "passed"}
    ),
    "nothing changes": Case("no_signal", BASE, BASE),
    "a new test is skipped": Case("no_signal", {**BASE, NEW: "failed"}, {**BASE, NEW: "skipped"}),
    "another test breaks": Case(
        "regression", {**BASE, NEW: "failed"}, {**BASE, NEW: "passed", "old.test.js::b": "failed"}
    ),
    "a test of an untouched file is lost": Case(
        "regression",
        {**BASE, NEW: "failed"},
        {"old.test.js::a": "passed", "red.test.js::r": "failed", NEW: "passed"},
        frozenset({"new.test.js"}),
    ),
    "a test of an untouched file is skipped": Case(
        "regression",
        {**BASE, NEW: "failed"},
        {**BASE, NEW: "passed", "old.test.js::b": "skipped"},
        frozenset({"new.test.js"}),
    ),
    "a changed file does not run any more": Case(
        "regression",
        {**BASE, NEW: "failed"},
        {"red.test.js::r": "failed", f"old.test.js::{WHOLE_FILE}": "failed", NEW: "passed"},
    ),
    "the new test still fails": Case("still_failing", {**BASE, NEW: "failed"}, {**BASE, NEW: "failed"}),
    "one of two new tests still fails": Case(
        "still_failing",
        {**BASE, NEW: "failed", "new.test.js::m": "failed"},
        {**BASE, NEW: "passed", "new.test.js::m": "failed"},
    ),
    "the new file does not run even with the fix": Case(
        "still_failing",
        {**BASE, f"new.test.js::{WHOLE_FILE}": "failed"},
        {**BASE, f"new.test.js::{WHOLE_FILE}": "failed"},
    ),
    "a passing test of a changed file is deleted": Case(
        "weakened_tests",
        {**BASE, NEW: "failed"},
        {"old.test.js::a": "passed", "red.test.js::r": "failed", NEW: "passed"},
    ),
    "a passing test of a changed file is skipped": Case(
        "weakened_tests", {**BASE, NEW: "failed"}, {**BASE, NEW: "passed", "old.test.js::b": "skipped"}
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_verdicts(case: Case) -> None:
    judgement = judge(run(BASE), run(case.alone), run(case.after), patched_tests=case.patched)

    assert judgement.verdict == case.verdict, judgement.reason


NO_VERDICT: dict[str, Baseline] = {
    "no report": run(None),
    "an empty report": run({}),
    "killed": run({NEW: "passed"}, ended="killed", exit_code=139),
    "timeout(1)": run({NEW: "passed"}, exit_code=124),
    "V8 out of memory": run({NEW: "passed"}, exit_code=134),
    "out of memory": run({NEW: "passed"}, exit_code=137),
    "timed out without a report": run(None, ended="timed_out", exit_code=137),
}


@pytest.mark.parametrize("bad", NO_VERDICT.values(), ids=NO_VERDICT.keys())
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_run_without_a_trustworthy_report_gives_no_verdict(bad: Baseline, position: int) -> None:
    runs = [run(BASE), run({**BASE, NEW: "failed"}), run({**BASE, NEW: "passed"})]
    runs[position] = bad

    assert judge(*runs, patched_tests=PATCHED).verdict == "no_verdict"


def test_a_whole_report_counts_though_the_run_never_exited() -> None:
    after = run({**BASE, NEW: "passed"}, ended="timed_out", exit_code=137)

    assert judge(run(BASE), run({**BASE, NEW: "failed"}), after, patched_tests=PATCHED).verdict == "fixed"


@pytest.mark.parametrize("exit_code", [0, 1, 2])
def test_the_exit_code_is_not_the_verdict(exit_code: int) -> None:
    after = run({**BASE, NEW: "passed"}, exit_code=exit_code)

    assert judge(run(BASE), run({**BASE, NEW: "failed"}), after, patched_tests=PATCHED).verdict == "fixed"


def test_what_was_red_before_is_named_and_does_not_count_against_the_fix() -> None:
    judgement = judge(run(BASE), run({**BASE, NEW: "failed"}), run({**BASE, NEW: "passed"}), patched_tests=PATCHED)

    assert (judgement.red_before, judgement.still_failing, judgement.pass_to_pass) == (["red.test.js::r"], [], 2)


NAMES = st.builds("{}.test.js::{}".format, st.sampled_from("xyz"), st.sampled_from(["a", "b", WHOLE_FILE]))
OUTCOMES: st.SearchStrategy[Outcome] = st.sampled_from(["passed", "failed", "skipped"])
RESULTS = st.dictionaries(NAMES, OUTCOMES, max_size=6)
FILES = st.frozensets(st.sampled_from(["x.test.js", "y.test.js", "z.test.js"]))


@given(RESULTS, RESULTS, RESULTS, FILES)
def test_a_test_that_is_lost_is_never_fixed(
    before: Tests, alone: Tests, after: Tests, patched: frozenset[str]
) -> None:
    judgement = judge(run(before), run(alone), run(after), patched_tests=patched)

    lost = [test for test, outcome in before.items() if outcome == "passed" and after.get(test) != "passed"]
    if lost:
        assert judgement.verdict != "fixed"


@given(RESULTS, RESULTS, RESULTS, FILES)
def test_a_fix_rests_on_a_test_that_failed_without_it(
    before: Tests, alone: Tests, after: Tests, patched: frozenset[str]
) -> None:
    judgement = judge(run(before), run(alone), run(after), patched_tests=patched)

    if judgement.verdict == "fixed":
        assert judgement.fail_to_pass
        assert all(after[test] == "passed" and alone.get(test) != "passed" for test in judgement.fail_to_pass)


@given(RESULTS, RESULTS, FILES)
def test_a_patch_that_changes_no_outcome_is_never_fixed(
    before: Tests, after: Tests, patched: frozenset[str]
) -> None:
    assert judge(run(before), run(after), run(after), patched_tests=patched).verdict != "fixed"


def test_a_changed_expectation_is_named_for_a_person_to_see() -> None:
    judgement = judge(run(BASE), run({**BASE, "old.test.js::a": "failed"}), run(BASE), patched_tests=PATCHED)

    assert (judgement.verdict, judgement.changed_tests) == ("fixed", ["old.test.js::a"])


def test_a_flaky_test_counts_neither_for_nor_against_a_fix() -> None:
    before = run({**BASE, "flaky.test.js::f": "passed"}, flaky=["flaky.test.js::f"])
    after = {**BASE, "flaky.test.js::f": "failed"}

    against = judge(before, run({**BASE, NEW: "failed"}), run({**after, NEW: "passed"}), patched_tests=PATCHED)
    alone = judge(run(after, flaky=["flaky.test.js::f"]), run(after), before, patched_tests=PATCHED)

    assert (against.verdict, against.flaky) == ("fixed", ["flaky.test.js::f"])
    assert alone.verdict == "no_signal"


def test_a_fix_that_breaks_the_build_is_a_regression_and_a_build_alone_proves_nothing() -> None:
    built: Tests = {**BASE, "(build)::tsc": "passed"}
    broken: Tests = {**BASE, "(build)::tsc": "failed"}

    breaks = judge(
        run(built), run({**built, NEW: "failed"}), run({**broken, NEW: "passed"}), patched_tests=PATCHED
    )
    mends = judge(run(broken), run(broken), run(built), patched_tests=PATCHED)

    assert breaks.verdict == "regression"
    assert mends.verdict == "no_signal"


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [(("passed", "failed", "passed"), "fixed"), (("failed", "failed", "failed"), "no_signal")],
)
def test_a_command_without_a_report_is_judged_by_its_exit_code_and_says_so(
    outcomes: tuple[Outcome, Outcome, Outcome], verdict: Verdict
) -> None:
    runs = [run({WHOLE_COMMAND: outcome}, by_exit_code=True) for outcome in outcomes]

    judgement = judge(*runs, patched_tests=PATCHED)

    assert judgement.verdict == verdict
    assert "exit code" in judgement.reason
