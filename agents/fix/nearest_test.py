"""Find the existing test file that a regression test for a source file belongs to."""

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from agents.fix.syntax import grammar_of
from core.test_paths import is_test_path

MAX_FILES_READ = 300

_TEST_MARKS = re.compile(r"^test_|_test$|\.(test|spec)$")


def nearest_test(source: str, paths: Sequence[str], *, read: Callable[[str], str]) -> str:
    """Return the test file among `paths` that is most about `source`, or "" if there is none of its language.

    `read` returns a file's text, "" for one that cannot be read.
    """
    family = _family(source)
    tests = [path for path in paths if is_test_path(path) and _family(path) == family and _holds_cases(path)]
    if not tests:
        return ""
    return max(tests[:MAX_FILES_READ], key=lambda path: (_relation(source, path, read(path)), -len(path)))


def _relation(source: str, test: str, text: str) -> tuple[int, int, int]:
    """Return, most telling first: names match, the test imports the source, folders in common."""
    stem = PurePosixPath(source).stem
    test_stem = _TEST_MARKS.sub("", PurePosixPath(test).stem)
    name = 2 if test_stem == stem else int(stem in test_stem or test_stem in stem)
    imports = re.search(
        rf"""["'/.]{re.escape(stem)}(?:\.\w+)?["']|\b(?:from|import)\b.*\b{re.escape(stem)}\b""", text
    )
    shared = set(PurePosixPath(source).parent.parts) & set(PurePosixPath(test).parent.parts)
    return name, int(imports is not None), len(shared)


def _family(path: str) -> str:
    return "python" if grammar_of(path) == "python" else "javascript" if grammar_of(path) else ""


def _holds_cases(path: str) -> bool:
    name = PurePosixPath(path).stem
    return _TEST_MARKS.search(name) is not None or "__tests__" in PurePosixPath(path).parts
