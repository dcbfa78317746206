"""Fix cases as one text file each: a small repository, tests for its bug, a right fix and a plausible wrong one.

A line `--- PART PATH` begins a file, where PART is `base`, `tests`, `right` or `wrong`. What comes before the
first one are settings, `name: value`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from core.patch import Patch

CASES = Path(__file__).parent / "cases"

_FILE = re.compile(r"^--- (base|tests|right|wrong) (\S+)\n", re.MULTILINE)


@dataclass(frozen=True)
class FixCase:
    """One bug; `settings` are what a test must know of it (ecosystem, the wrong fix's verdict, limits)."""

    name: str
    settings: dict[str, str]
    base: dict[str, str]
    tests: dict[str, str | None]
    right: dict[str, str | None]
    wrong: dict[str, str | None]

    def checkout(self, directory: Path) -> Path:
        """Write the repository at its base commit and return where."""
        for path, content in self.base.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(content, encoding="utf-8")
        return directory

    @property
    def right_patch(self) -> Patch:
        return Patch({**self.tests, **self.right})

    @property
    def wrong_patch(self) -> Patch:
        return Patch({**self.tests, **self.wrong})


def fix_case(name: str) -> FixCase:
    """Read the case `name`."""
    text = (CASES / f"{name}.case").read_text(encoding="utf-8")
    head, *parts = _FILE.split(text)
    files: dict[str, dict[str, str]] = {"base": {}, "tests": {}, "right": {}, "wrong": {}}
    for part, path, content in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        files[part][path] = content
    settings = dict(line.split(": ", 1) for line in head.splitlines() if line)
    return FixCase(name, settings, files["base"], dict(files["tests"]), dict(files["right"]), dict(files["wrong"]))


def case_names() -> list[str]:
    """Return the names of all cases."""
    return sorted(file.stem for file in CASES.glob("*.case"))
