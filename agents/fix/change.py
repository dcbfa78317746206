"""What a patch does to one file."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path

from agents.tools.sources import MissingSource, read_source
from core.patch import Patch
from core.test_paths import is_test_path


@dataclass(frozen=True)
class FileChange:
    """The texts before and after; None where the file does not exist."""

    path: str
    before: str | None
    after: str | None

    @property
    def is_test(self) -> bool:
        return is_test_path(self.path)

    @cached_property
    def removed_lines(self) -> Sequence[str]:
        return self._lines[0]

    @cached_property
    def added_lines(self) -> Sequence[str]:
        return self._lines[1]

    @cached_property
    def _lines(self) -> tuple[list[str], list[str]]:
        old = (self.before or "").split("\n") if self.before else []
        new = (self.after or "").split("\n") if self.after else []
        removed: list[str] = []
        added: list[str] = []
        for kind, old_start, old_end, new_start, new_end in SequenceMatcher(None, old, new).get_opcodes():
            if kind != "equal":
                removed += old[old_start:old_end]
                added += new[new_start:new_end]
        return removed, added


def change_of(patch: Patch, path: str, *, checkout: Path) -> FileChange:
    """Return what `patch` does to `path`. Raises UnreadableSource for a link, a binary file and the like."""
    try:
        before: str | None = read_source(checkout, path)
    except MissingSource:
        before = None
    return FileChange(path, before, patch.files[path])
