"""A fix may add tests; it may not delete, skip, empty or loosen those that exist."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from agents.fix.case import Case
from agents.fix.change import FileChange
from agents.fix.suite import Suite, suite_of

_MOCKS = re.compile(
    r"\b(?:jest|vi)\.(?:do)?[mM]ock\(|\bsinon\.(?:stub|replace)\(|\bmonkeypatch\.|\bpatch(?:\.object)?\("
)


@dataclass(frozen=True)
class SuiteFindings:
    """`new_cases` counts the tests that were added and can fail."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    new_cases: int = 0


def suite_findings(change: FileChange) -> SuiteFindings:
    """Return what `change` does to the tests in a file for which `is_test_path` holds."""
    if change.after is None:
        return SuiteFindings(problems=[f"{change.path}: an existing test file is deleted; restore it"])
    after = suite_of(change.path, change.after)
    before = suite_of(change.path, change.before or "")
    if after is None or before is None:
        return _unread_file(change)
    if after.has_syntax_error and not before.has_syntax_error:
        return SuiteFindings(problems=[f"{change.path}: has a syntax error after the change"])
    findings = _compared(change.path, before, after)
    findings.warnings.extend(_file_warnings(change, before))
    return findings


def _unread_file(change: FileChange) -> SuiteFindings:
    """Judge test data and languages without a reader by lines: they may grow, nothing in them may go."""
    if change.before is None:
        return SuiteFindings()
    if change.removed_lines:
        count = len(change.removed_lines)
        text = f"{change.path}: changes {count} lines of an existing test file that cannot be compared"
        return SuiteFindings(problems=[f"{text}; restore them and add a new file"])
    return SuiteFindings(warnings=[f"{change.path}: adds lines to an existing test file that cannot be compared"])


def _compared(path: str, before: Suite, after: Suite) -> SuiteFindings:
    problems: list[str] = []
    warnings: list[str] = []
    remaining: dict[str, list[Case]] = {}
    for case in after.cases:
        remaining.setdefault(case.title, []).append(case)
    for case in before.cases:
        if remaining.get(case.title):
            _compare_case(path, case, remaining[case.title].pop(0), problems, warnings)
        else:
            problems.append(f"{path}: the existing test {case.title!r} is removed or renamed; restore it")
    new_cases = [case for cases in remaining.values() for case in cases]
    problems += [f"{path}: the new test {case.title!r} is skipped" for case in new_cases if case.is_skipped]
    problems += [f"{path}: the new test {case.title!r} is empty" for case in new_cases if case.is_empty]
    if _focused(after) > _focused(before):
        problems.append(f"{path}: `.only` keeps the other tests of the file from running; remove it")
    return SuiteFindings(problems, warnings, sum(case.counts for case in new_cases))


def _focused(suite: Suite) -> int:
    return sum(case.is_focused for case in suite.cases)


def _compare_case(path: str, before: Case, after: Case, problems: list[str], warnings: list[str]) -> None:
    name = f"{path}: the existing test {before.title!r}"
    if after.is_skipped and not before.is_skipped:
        problems.append(f"{name} is skipped; run it as before")
    elif after.is_empty and not before.is_empty:
        problems.append(f"{name} is emptied; restore it")
    elif len(after.expectations) < len(before.expectations):
        counts = f"{len(before.expectations)} -> {len(after.expectations)}"
        problems.append(f"{name} has fewer expectations ({counts}); restore them")
    else:
        gone = Counter(before.expectations) - Counter(after.expectations)
        warnings.extend(f"{name}: changes an expectation of an existing test: {_short(text)}" for text in gone)


def _file_warnings(change: FileChange, before: Suite) -> Sequence[str]:
    if change.before is None:
        return []
    warnings = []
    if change.removed_lines and not before.cases:
        warnings.append(f"{change.path}: changes code that existing tests share")
    if len(_MOCKS.findall(change.after or "")) > len(_MOCKS.findall(change.before)):
        warnings.append(f"{change.path}: replaces more of the code with mocks in an existing test file")
    return warnings


def _short(text: str, limit: int = 120) -> str:
    return text if len(text) <= limit else f"{text[:limit]}..."
