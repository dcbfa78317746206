"""Which test files to run first: those that the patch writes, and those that name a file that it changes."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from core.patch import Patch
from core.test_paths import is_test_path
from sandbox.contract import Outcome
from sandbox.verdict import file_of

READ_BYTES = 200_000
# Names that are everywhere: the directory says more about such a file.
_COMMON_STEMS = frozenset({"index", "main", "__init__", "mod"})


def related_tests(checkout: Path, patch: Patch, tests: Mapping[str, Outcome]) -> tuple[str, ...]:
    """Return the files of `tests` and of the patch that have to do with what `patch` changes.

    Only an order: the verdict comes from the whole suite, so a file that is missed here costs time and no truth.
    """
    known = {file for test in tests if (checkout / (file := file_of(test))).is_file()}
    written = {path for path, content in patch.files.items() if content is not None and _is_suite(path, known)}
    words = [_word(path) for path in patch.files if not is_test_path(path)]
    pattern = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in words)) if words else None
    named = {
        file
        for file in known - patch.files.keys()
        if pattern is not None and pattern.search(_text(checkout / file))
    }
    return tuple(sorted(written | named))


def _is_suite(path: str, known: set[str]) -> bool:
    """Return whether the file holds tests itself; helpers and data lie among tests, too."""
    pure = PurePosixPath(path)
    looks_alike = any(
        PurePosixPath(file).parent == pure.parent and PurePosixPath(file).suffixes == pure.suffixes
        for file in known
    )
    return path in known or is_test_path(pure.name) or (is_test_path(path) and looks_alike)


def _word(path: str) -> str:
    pure = PurePosixPath(path)
    stem = pure.name.partition(".")[0]
    return pure.parent.name if stem in _COMMON_STEMS and pure.parent.name else stem


def _text(file: Path) -> str:
    with file.open("rb") as stream:
        return stream.read(READ_BYTES).decode(errors="replace")
