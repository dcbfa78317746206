"""The fix cases as cases: what agents get of them, what they do not, and that their patches can be proposed."""

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agents.diagnosis.agent import diagnosis_task
from agents.diagnosis.context import DiagnosisContext
from agents.fix.agent import fix_problems
from agents.grounding.guard import check_diagnosis
from agents.grounding.kept import index_for
from agents.tools.repository import tracked_files
from core.patch import Patch
from evals.fixes.case import LOG_EVENT_ID, FixCase, fix_cases
from evals.fixes.repository import checkout_of
from evals.suites.fixes import FixSuite, UnsoundCase, right_diagnosis
from sandbox.contract import Baseline, Prepared, RunReport
from sandbox.ecosystems.detect import detect

CASES = fix_cases()
PLACE = re.compile(r"(?:/app/|File \"/app/)([\w./-]+?)(?::|\", line )(\d+)")

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def test_there_are_enough_cases_of_both_ecosystems_and_several_frameworks() -> None:
    assert len(CASES) >= 20
    assert {case.ecosystem for case in CASES} == {"node", "python"}
    assert len({case.framework for case in CASES}) >= 5
    assert all(case.patches and len(case.patches.wrong) == 2 for case in CASES)


def test_the_cases_are_tested_with_four_test_frameworks(tmp_path: Path) -> None:
    found = {detect(checkout_of(case, tmp_path).path, case.test_command).name for case in CASES}

    assert found == {"jest", "node:test", "pytest", "unittest"}


@each_case
def test_the_stack_trace_names_lines_of_exactly_these_files(case: FixCase) -> None:
    places = PLACE.findall(case.log)

    assert places
    for path, line in places:
        assert 1 <= int(line) <= len(case.files[path].splitlines()), (path, line)


@each_case
def test_agents_see_neither_hidden_tests_nor_patches(case: FixCase, tmp_path: Path) -> None:
    checkout = checkout_of(case, tmp_path)

    task = diagnosis_task(DiagnosisContext(alarm=case.facts, triage=case.triage, evidence=case.evidence), checkout)

    assert not set(case.hidden) & set(tracked_files(checkout))
    assert not set(case.own_test) & set(tracked_files(checkout))
    assert "hidden" not in task
    assert case.patches
    assert case.patches.gold.why not in task


@each_case
def test_right_and_wrong_patches_pass_the_guards_and_so_does_the_right_diagnosis(
    case: FixCase, tmp_path: Path
) -> None:
    checkout = checkout_of(case, tmp_path)
    assert case.patches

    for text in (case.patches.gold, *case.patches.wrong):
        assert fix_problems(case.proposal(text), checkout=checkout) == []
    assert (
        check_diagnosis(
            right_diagnosis(case, checkout),
            index=index_for(checkout),
            log_event_ids=frozenset({LOG_EVENT_ID}),
            commits=frozenset(),
            known_words=frozenset(),
        )
        == []
    )


class PlayedSandbox:
    """Reports what a test wrote down; no test runs."""

    name = "played"
    is_isolated = True
    not_promised: tuple[str, ...] = ()

    def __init__(self, *after: dict[str, str] | None) -> None:
        self.after = list(after)

    def prepare(self, checkout: Path, *, repository: str, test_command: str = "", image: str = "") -> Prepared:
        raise NotImplementedError

    def run(self, prepared: Prepared, patch: Patch, *, only: Sequence[str] = (), room: float = 1.0) -> RunReport:
        return RunReport.model_validate({"exit_code": 0, "tests": self.after.pop(0), "output": ""})


PREPARED = Prepared(
    checkout=Path(),
    ecosystem="pytest",
    command=(),
    runner="played",
    dependencies="",
    is_isolated=True,
    from_cache=True,
    seconds=0.0,
)


@pytest.mark.parametrize(
    ("after", "not_passed"),
    [
        ({"t/hidden.py::test_new": "passed", "t/old.py::test_old": "passed"}, []),
        ({"t/hidden.py::test_new": "failed", "t/old.py::test_old": "passed"}, ["t/hidden.py::test_new"]),
        ({"t/hidden.py::test_new": "passed"}, ["t/old.py::test_old"]),
        ({"t/old.py::test_old": "passed"}, ["no test of t/hidden.py ran"]),
    ],
)
def test_resolved_means_that_hidden_tests_ran_and_pass_and_none_was_lost(
    after: dict[str, str], not_passed: list[str]
) -> None:
    assert not_passed_with(PlayedSandbox(after)) == not_passed


def test_hidden_tests_whose_run_died_get_a_second_one_and_a_patch_that_always_kills_it_is_no_fix() -> None:
    passed = {"t/hidden.py::test_new": "passed", "t/old.py::test_old": "passed"}

    assert not_passed_with(PlayedSandbox(None, passed)) == []
    [told] = not_passed_with(PlayedSandbox(None, None))
    assert told.startswith("the run of the hidden tests gave no verdict: it exited (exit code 0) and left no")


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (({"t/hidden.py::test_new": "passed"},), "the hidden tests pass before the fix, so they show nothing"),
        ((None, None), "the run of the hidden tests before the fix gave no verdict: it exited (exit code 0) and"),
    ],
)
def test_hidden_tests_that_do_not_fail_before_the_fix_are_told_as_what_they_did(
    before: tuple[dict[str, str] | None, ...], told: str
) -> None:
    case = CASES[0].model_copy(update={"hidden": {"t/hidden.py": ""}})

    with pytest.raises(UnsoundCase, match=re.escape(told)):
        FixSuite()._check_hidden_tests_fail_before(case, PlayedSandbox(*before), PREPARED)


def not_passed_with(sandbox: PlayedSandbox) -> list[str]:
    """Return what does not pass by the tests that the sandbox plays."""
    case = CASES[0].model_copy(update={"hidden": {"t/hidden.py": ""}})
    baseline = Baseline(exit_code=0, tests={"t/old.py::test_old": "passed"}, output="")

    return FixSuite()._not_passed(case, sandbox, PREPARED, Patch(), baseline)


def test_a_hidden_test_wins_over_a_file_that_a_patch_wrote_in_its_place() -> None:
    [path] = CASES[0].hidden

    laid = CASES[0].with_hidden_tests(Patch({path: "test('nothing', () => {});\n"}))

    assert laid.files[path] == CASES[0].hidden[path]


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.invalid"]
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def entry(tmp_path: Path) -> dict[str, object]:
    """A line of a benchmark in SWE-bench's form, and the clone that it is about."""
    clone = tmp_path / "clones" / "acme__shop"
    (clone / "tests").mkdir(parents=True)
    git(clone, "init", "--quiet", "--initial-branch=main")
    (clone / "shop.py").write_text("def total(prices):\n    return 0\n")
    (clone / "tests" / "test_shop.py").write_text("def test_nothing():\n    pass\n")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message=first")
    base = git(clone, "rev-parse", "HEAD").strip()
    (clone / "shop.py").write_text("def total(prices):\n    return sum(prices)\n")
    patch = git(clone, "diff")
    git(clone, "checkout", "--quiet", ".")
    (clone / "tests" / "test_shop.py").write_text(
        "from shop import total\n\n\ndef test_total():\n    assert total([1]) == 1\n"
    )
    test_patch = git(clone, "diff")
    git(clone, "checkout", "--quiet", ".")
    return {
        "instance_id": "acme__shop-7",
        "repo": "acme/shop",
        "base_commit": base,
        "patch": patch,
        "test_patch": test_patch,
        "problem_statement": "Totals are zero\n\nTraceback ...",
        "FAIL_TO_PASS": '["tests/test_shop.py::test_total"]',
        "PASS_TO_PASS": "[]",
        "version": "1.0",
    }


def test_a_public_benchmark_becomes_cases(entry: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_text(json.dumps(entry) + "\n")

    call_command("import_fix_cases", tmp_path / "set.jsonl", repos=tmp_path / "clones", output=tmp_path / "cases")

    [case] = fix_cases(tmp_path / "cases")
    checkout = checkout_of(case, tmp_path / "checkouts")
    assert case.fail_to_pass == ["tests/test_shop.py::test_total"]
    assert case.gold_files == {"shop.py": "def total(prices):\n    return sum(prices)\n"}
    assert "def test_total" in case.hidden["tests/test_shop.py"]
    assert checkout.commit == entry["base_commit"]
    assert "return 0" in (checkout.path / "shop.py").read_text()


def test_an_entry_that_cannot_be_used_is_named_and_the_others_are_made(
    entry: dict[str, object], tmp_path: Path
) -> None:
    lines = [
        entry,
        {**entry, "instance_id": "other-1", "repo": "acme/other"},
        {**entry, "instance_id": "bad-1", "patch": "x"},
    ]
    (tmp_path / "set.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    with pytest.raises(CommandError, match=r"no clone of acme/other(?s:.*)bad-1"):
        call_command(
            "import_fix_cases", tmp_path / "set.jsonl", repos=tmp_path / "clones", output=tmp_path / "cases"
        )

    assert [case.id for case in fix_cases(tmp_path / "cases")] == ["acme__shop-7"]


def test_a_case_that_does_not_fit_is_named_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "node-broken.yaml").write_text("title: x\n")

    with pytest.raises(ValueError, match=r"node-broken\.yaml"):
        fix_cases(tmp_path)
