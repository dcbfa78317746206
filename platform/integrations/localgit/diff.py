"""The diff of a pull request, line by line, as its page shows it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from integrations.git import git

LINE_LIMIT = 5000

Kind = Literal["file", "hunk", "added", "removed", "context"]


@dataclass(frozen=True)
class DiffLine:
    kind: Kind
    text: str


def diff_lines(git_dir: Path, base: str, head: str) -> list[DiffLine]:
    """Return what changed from commit `base` to `head`, at most LINE_LIMIT lines and a note where it was cut."""
    output = git("diff", "--no-color", "--no-ext-diff", "--no-textconv", base, head, directory=git_dir)
    lines = output.decode(errors="replace").split("\n")[:-1]
    shown = list(_classified(lines[:LINE_LIMIT]))
    if len(lines) > LINE_LIMIT:
        shown.append(DiffLine("hunk", f"… {len(lines) - LINE_LIMIT} more lines are not shown"))
    return shown


def _classified(lines: list[str]) -> Iterator[DiffLine]:
    is_heading = True
    by_first: dict[str, Kind] = {"+": "added", "-": "removed"}
    for line in lines:
        if line.startswith("diff --git "):
            is_heading = True
        elif line.startswith("@@ "):
            is_heading = False
            yield DiffLine("hunk", line)
            continue
        yield DiffLine("file" if is_heading else by_first.get(line[:1], "context"), line)
