"""What the text of a patch says that no run shows: tests emptied, and code that reaches for its own judge.

Whoever runs in the same process as a test runner can deceive it. This finds the plain ways; a person who reads the
diff must find the others.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator, Set
from pathlib import Path, PurePosixPath

from core.patch import Patch
from core.test_paths import is_test_path
from sandbox.contract import Prepared
from sandbox.runner_files import SCRIPT_SUFFIXES, names_runner_file

_EXPECTATION = re.compile(
    r"\bexpect\s*\(|\bassert\w*\b|\bshould\s*[.(]|\bpytest\.raises\b"
    r"|\bt\.(?:is|not|ok|equal|deepEqual|same|like|true|false|throws\w*)\b"
)
_JUDGE = re.compile(
    r"\btmp\W{1,9}report\b|--?outputFile\b|\bjunitxml\b|agent-platform-tools|--test-reporter|\breporterOptions\b"
    r"|\b(?:TEST_AVA|AVA_EMIT_RUN_STATUS)|\b_pytest\b|\bpluggy\b"
    r"|\bhook(?:impl|wrapper)\b|\bpytest_(?:runtest|collection|pyfunc|session|report|terminal|itemcollected)\w*"
)
_EARLY_END = re.compile(
    r"\bprocess\.(?:exit|exitCode|reallyExit|abort|kill|argv)\b|\bos\.(?:_exit|abort|kill)\b|\bsys\.argv\b"
)
# What product code has no business with: test frameworks, their globals, and whether a test is running.
_FRAMEWORK_IN_PYTHON = re.compile(
    r"(?:^|[;:])\s*(?:import|from)\s+(?:[\w.]+(?:\s+as\s+\w+)?\s*,\s*)*(?:pytest|unittest|nose)\b"
    r"|\b(?:import_module|__import__|modules(?:\.get)?)\W{1,4}(?:pytest|unittest)[\"']"
    r"|[\"'](?:pytest|unittest)[\"']\s+(?:not\s+)?in\s+(?:sys\s*\.\s*)?modules\b"
    r"|\bPYTEST_\w+",
    re.MULTILINE,
)
_FRAMEWORK_IN_JAVASCRIPT = re.compile(
    r"\b(?:require|import|from|resolve)\W{1,4}"
    r"(?:jest|vitest|mocha|chai|ava|tape|@?(?:jest|vitest)[-/][\w/-]+|node:test)[\"'`]"
    r"|\b(?:typeof\s+|(?:global|globalThis|window)\s*(?:\.\s*|\[\s*[\"'`]))"
    r"(?:expect|describe|jest|(?:before|after)(?:All|Each))\b"
    r"|\b(?:global|globalThis)\s*(?:\.\s*|\[\s*[\"'`])(?:test|it|vi|assert|before|after)\b"
    r"|\bexpect\.extend\b|(?:^|;)\s*expect\s*=(?![=>])"
    r"|\b(?:JEST_WORKER_ID|VITEST(?:_\w+)?|NODE_TEST_CONTEXT)\b"
    r"|\bNODE_ENV\b\W{1,12}test\b|\btest[\"'`]\s*[!=]==?\s*[\w.]*\bNODE_ENV\b",
    re.MULTILINE,
)
_FRAMEWORK = {
    ".py": _FRAMEWORK_IN_PYTHON,
    **dict.fromkeys((*SCRIPT_SUFFIXES, ".vue", ".svelte"), _FRAMEWORK_IN_JAVASCRIPT),
}
# Whoever reads these runs nothing.
_PROSE = frozenset({".md", ".rst", ".txt", ".adoc"})
# What tests share and what only they use is called so, wherever it lies: src/test-utils.ts, spec/support/api.js.
_FOR_TESTS = frozenset({"test", "tests", "testing", "spec", "specs", "mock", "mocks", "fixtures"})
_NAME = re.compile(r"[a-z]+|[A-Z][a-z]*")
# Python starts with these wherever they are found, and finds the others before its own.
_STARTED = frozenset({"sitecustomize", "usercustomize", "pytest", "_pytest", "pluggy", "iniconfig"})
_STANDARD = sys.stdlib_module_names - {"test"}
LONGEST_EXPECTATION_LINES = 30


def weakening_of(prepared: Prepared, patch: Patch, *, tests: Set[str], suites: Set[str]) -> str:
    """Return the sentence that says how `patch` weakens its own trial, or an empty string.

    `tests` are the files of the patch that are tests, `suites` those that ran before it.
    """
    # What lies among tests need be none: pytest imports from the folders of those that it collects.
    collected = suites | {path for path in tests if is_test_path(PurePosixPath(path).name)}
    roots = _import_roots(prepared.checkout, collected)
    for path, content in patch.files.items():
        file = prepared.checkout / path
        before = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
        problem = _reach(path, before, content or "", is_test=path in tests)
        if not problem and path in tests and before and content is not None:
            problem = _emptied(path, before, content)
        if not problem and path not in tests and file.is_file() and names_runner_file(prepared, path):
            problem = f"{path} is a part of what runs the tests: their command or their configuration names it."
        if not problem and not file.exists() and _stands_in(path, roots):
            problem = f"{path} stands in for a module that the test runner itself imports."
        if problem:
            return problem
    return ""


def keeps_expectations(before: str, after: str) -> bool:
    """Return whether a test file that is rewritten still says all that it expected; `await` changes nothing."""
    return Counter(_expectations(before)) <= Counter(_expectations(after))


def _expectations(text: str) -> Iterator[str]:
    """Return each statement that expects something, whole, without its layout."""
    lines = [" ".join(re.sub(r"\b(?:async|await)\s+", "", line).split()) for line in text.splitlines()]
    for start, line in enumerate(lines):
        if not _EXPECTATION.search(line):
            continue
        statement = line
        for following in lines[start + 1 : start + LONGEST_EXPECTATION_LINES]:
            is_open = sum(statement.count(sign) for sign in "([{") > sum(statement.count(sign) for sign in ")]}")
            if not is_open and not following.startswith("."):
                break
            statement += following
        yield statement


def _reach(path: str, before: str, after: str, *, is_test: bool) -> str:
    suffix = PurePosixPath(path).suffix
    if suffix in _PROSE and not is_test:
        return ""
    # A line that only moved into another block is not new.
    known = {line.strip() for line in before.splitlines()}
    added = "\n".join(line for line in after.splitlines() if line.strip() not in known)
    is_for_tests = not _FOR_TESTS.isdisjoint(word.lower() for word in _NAME.findall(path))
    # A command-line program may end its process; a test that does ends the other tests.
    other = _EARLY_END if is_test else None if is_for_tests else _FRAMEWORK.get(suffix)
    found = _JUDGE.search(added) or (other.search(added) if other else None)
    return f"{path} reaches for what judges it: it names {found[0].strip()!r}." if found else ""


def _emptied(path: str, before: str, after: str) -> str:
    had, has = len(_EXPECTATION.findall(before)), len(_EXPECTATION.findall(after))
    return f"{path} expects less than before: {had} expectations became {has}." if has < had else ""


def _import_roots(checkout: Path, suites: Set[str]) -> frozenset[PurePosixPath]:
    """Return the folders that Python imports from: the root, src, and those that pytest adds for its tests."""
    roots = {PurePosixPath(), *([] if (checkout / "src" / "__init__.py").is_file() else [PurePosixPath("src")])}
    for folder in {PurePosixPath(path).parent for path in suites if path.endswith(".py")}:
        while folder.parts and (checkout / folder / "__init__.py").is_file():
            folder = folder.parent
        roots.add(folder)
    return frozenset(roots)


def _stands_in(path: str, roots: Set[PurePosixPath]) -> bool:
    """Return whether the new file `path` is imported in place of a module of Python or of the test runner."""
    pure = PurePosixPath(path)
    if pure.suffix != ".py":
        return False
    # A folder without __init__.py never comes before a module of Python's.
    module = pure.parent if pure.name == "__init__.py" else pure.with_suffix("")
    is_standard = module.parent in roots and module.name in _STANDARD
    return is_standard or not _STARTED.isdisjoint({pure.stem, *pure.parts})
