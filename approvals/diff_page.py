"""A diff as its page shows it: syntax colours by Pygments, unified and side by side from the same lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from typing import Any, Literal

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound
from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from core.redact import redact
from core.test_paths import is_test_path

LINES_SHOWN = 2000

Kind = Literal["added", "removed", "same"]
KINDS: dict[str, Kind] = {"+": "added", "-": "removed", " ": "same"}


@dataclass(frozen=True)
class Line:
    """One line of one side; `html` is escaped and coloured."""

    kind: Kind
    old: int | None
    new: int | None
    html: SafeString


@dataclass(frozen=True)
class Hunk:
    heading: str
    lines: Sequence[Line]

    @property
    def pairs(self) -> list[tuple[Line | None, Line | None]]:
        """The lines side by side: what was removed stands beside what was added in its place."""
        return list(_side_by_side(self.lines))


@dataclass
class FileDiff:
    path: str
    what: str
    is_test: bool
    added: int
    removed: int
    hunks: list[Hunk] = field(default_factory=list)


@dataclass(frozen=True)
class DiffPage:
    """`raw` holds the text where it cannot be read as a diff; `hidden` counts the lines left out."""

    files: Sequence[FileDiff]
    raw: str = ""
    hidden: int = 0


def diff_page(diff: str) -> DiffPage:
    """Return a diff for the page, without secrets and cut after LINES_SHOWN lines, code before tests."""
    text = redact(diff)
    try:
        patched = sorted(PatchSet(text), key=lambda file: is_test_path(file.path))
    except UnidiffParseError:
        # Redaction can swallow line ends: then the plain text is shown.
        return DiffPage([], raw=text)
    files, left, hidden = [], LINES_SHOWN, 0
    for patched_file in patched:
        file = FileDiff(
            path=patched_file.path,
            what="new file" if patched_file.is_added_file else "deleted" if patched_file.is_removed_file else "",
            is_test=is_test_path(patched_file.path),
            added=patched_file.added,
            removed=patched_file.removed,
        )
        for hunk in patched_file:
            if len(hunk) > left:
                hidden += len(hunk)
                continue
            left -= len(hunk)
            file.hunks.append(_hunk(hunk, patched_file.path))
        files.append(file)
    return DiffPage(files, hidden=hidden)


@cache
def syntax_css() -> str:
    """Return the colours of both themes; unfold marks the dark one by a class on the document."""
    light: str = HtmlFormatter(style="default").get_style_defs(".ap-code")  # type: ignore[no-untyped-call]
    dark: str = HtmlFormatter(style="github-dark").get_style_defs(  # type: ignore[no-untyped-call]
        ".dark .ap-code"
    )
    # The page has its own background for added and removed lines.
    return "\n".join(
        line for line in f"{light}\n{dark}".splitlines() if "line-height" not in line and "background" not in line
    )


def _hunk(hunk: Any, path: str) -> Hunk:
    lines = [line for line in hunk if line.line_type in KINDS]
    old = _coloured([line.value for line in lines if line.line_type != "+"], path)
    new = _coloured([line.value for line in lines if line.line_type != "-"], path)
    shown = []
    for line in lines:
        old_html = next(old) if line.line_type != "+" else None
        new_html = next(new) if line.line_type != "-" else None
        shown.append(
            Line(
                kind=KINDS[line.line_type],
                old=line.source_line_no,
                new=line.target_line_no,
                html=new_html if new_html is not None else old_html or SafeString(""),
            )
        )
    section = f" {hunk.section_header}" if hunk.section_header else ""
    return Hunk(f"lines {hunk.target_start} to {hunk.target_start + hunk.target_length - 1}{section}", shown)


def _coloured(values: list[str], path: str) -> Iterator[SafeString]:
    """Yield each line coloured; the lines of a hunk are read together, so that a comment over two is one."""
    plain = [value.rstrip("\n") for value in values]
    try:
        lexer = get_lexer_for_filename(path, stripnl=False)
    except ClassNotFound:
        lexer = TextLexer(stripnl=False)
    html = highlight("\n".join(plain) + "\n", lexer, HtmlFormatter(nowrap=True)).split("\n")[:-1]
    if len(html) != len(plain):
        # A carriage return is a line end to the lexer and none to git.
        html = [escape(line) for line in plain]
    return (mark_safe(line) for line in html)  # noqa: S308  # Pygments and escape() both escape what they were given


def _side_by_side(lines: Sequence[Line]) -> Iterator[tuple[Line | None, Line | None]]:
    removed: list[Line] = []
    added: list[Line] = []
    for line in lines:
        if line.kind == "removed" and not added:
            removed.append(line)
        elif line.kind == "added":
            added.append(line)
        else:
            yield from zip_longest(removed, added)
            removed, added = ([line], []) if line.kind == "removed" else ([], [])
            if line.kind == "same":
                yield line, line
    yield from zip_longest(removed, added)
