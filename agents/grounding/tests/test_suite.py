"""The suite of true and made-up outputs, and code that works as it is."""

import copy
from pathlib import Path

import pytest

from agents.grounding.index import SymbolIndex
from agents.grounding.suite import cases
from agents.grounding.suite.cases import BadCase, Case, all_cases, all_symptoms
from agents.grounding.suite.judged import judged
from agents.grounding.suite.repositories import repository_files, repository_names, repository_write
from agents.grounding.written import problems_of

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def checkouts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, SymbolIndex]]:
    folders = {name: repository_write(name, tmp_path_factory.mktemp(name)) for name in repository_names()}
    return {name: (folder, SymbolIndex.build(folder)) for name, folder in folders.items()}


def test_the_suite_is_large_and_has_made_up_and_true_outputs_in_three_languages() -> None:
    made_up = [case for case in all_cases() if case.is_fabricated]
    suffixes = {Path(path).suffix for name in repository_names() for path in repository_files(name)}

    assert len(made_up) >= 60
    assert len(all_cases()) - len(made_up) >= 60
    assert {".js", ".mjs", ".ts", ".tsx", ".py"} <= suffixes


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_what_is_made_up_is_refused_by_its_name_and_what_is_true_passes(
    case: Case, checkouts: dict[str, tuple[Path, SymbolIndex]]
) -> None:
    checkout, index = checkouts[case.repository]

    result = judged(case, index=index, checkout=checkout)

    assert result.is_right, result.problems


def test_a_refusal_for_another_reason_does_not_count(checkouts: dict[str, tuple[Path, SymbolIndex]]) -> None:
    made_up = next(case for case in all_cases() if case.is_fabricated)
    checkout, index = checkouts[made_up.repository]
    elsewhere = Case(**{**vars(made_up), "planted": "someOtherName"})

    assert judged(elsewhere, index=index, checkout=checkout).is_refused
    assert not judged(elsewhere, index=index, checkout=checkout).is_right


def test_each_symptom_names_a_file_of_its_repository() -> None:
    assert all(symptom.file in repository_files(symptom.repository) for symptom in all_symptoms())


@pytest.mark.parametrize("folder", ["agents", "platform", "incidents", "approvals", "frontend/src"])
def test_code_that_works_has_no_fault(folder: str) -> None:
    root = ROOT / folder
    index = SymbolIndex.build(root)
    # As in a repository that has no precedent for any of its globals.
    without_precedent = copy.copy(index)
    without_precedent.__dict__["global_names"] = frozenset()

    found = [
        str(problem)
        for path in index.files
        for problem in problems_of(path, index=index, base=without_precedent, checkout=root)
        if not problem.key.startswith(("package ", "module "))  # a folder is no whole repository
    ]

    assert found == []


def test_a_place_that_does_not_exist_is_no_case() -> None:
    with pytest.raises(BadCase, match="holds 'nowhere at all' 0 times"):
        cases._with_lines("src/server.js:[[nowhere at all]]", repository_files("billing-api"))
