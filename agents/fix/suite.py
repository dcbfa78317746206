"""The test cases that a test file holds, as far as its text tells."""

from dataclasses import dataclass

from agents.fix.case import Case
from agents.fix.javascript_cases import javascript_cases
from agents.fix.python_cases import python_cases
from agents.fix.syntax import grammar_of, parsed


@dataclass(frozen=True)
class Suite:
    """All cases of one file, in the order of the source."""

    cases: tuple[Case, ...]
    has_syntax_error: bool


def suite_of(path: str, text: str) -> Suite | None:
    """Return the cases in `text`, or None when `path` is in a language that is not read here."""
    grammar = grammar_of(path)
    if not grammar:
        return None
    root = parsed(grammar, text)
    cases = python_cases(root) if grammar == "python" else javascript_cases(root)
    return Suite(tuple(cases), root.has_error)
