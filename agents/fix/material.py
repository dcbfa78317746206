"""The files that the fix agent works on, whole where they fit, so that it can quote them exactly."""

import re

from agents.diagnosis.handoff import Diagnosis
from agents.fix.nearest_test import nearest_test
from agents.runtime.fence import fenced
from agents.tools.repository import tracked_files
from agents.tools.secret_paths import is_secret_path
from agents.tools.sources import UnreadableSource, read_source
from core.patch import UnsafePath
from integrations.codehost import Checkout

MAX_FILE_CHARACTERS = 30_000
MAX_TOTAL_CHARACTERS = 100_000
LINES_AROUND = 150

_CODE_REFERENCE = re.compile(r"(?P<path>.+?):(?P<line>\d+)(?:-\d+)?")


def material_described(diagnosis: Diagnosis, checkout: Checkout) -> str:
    """Return the file to fix, the files that the diagnosis cites and the nearest test file, each fenced."""
    lines = cited_lines(diagnosis)
    test = nearest_test(
        diagnosis.location.path, tracked_files(checkout), read=lambda path: _text(checkout, path) or ""
    )
    if test:
        lines.setdefault(test, 1)
    parts: list[str] = []
    size = 0
    for path, line in lines.items():
        part = _file_described(checkout, path, line, is_nearest_test=path == test)
        if parts and size + len(part) > MAX_TOTAL_CHARACTERS:
            parts.append(f"{path}: not shown, the files above fill the space")
            continue
        size += len(part)
        parts.append(part)
    return "\n\n".join(parts)


def cited_lines(diagnosis: Diagnosis) -> dict[str, int]:
    """Return the paths that the diagnosis names and the first line it names in each, the place to fix first."""
    lines = {diagnosis.location.path: diagnosis.location.line_start}
    for step in diagnosis.causal_chain:
        match = _CODE_REFERENCE.fullmatch(step.citation.reference.strip())
        if step.citation.kind == "code" and match:
            lines.setdefault(match["path"], int(match["line"]))
    return lines


def _file_described(checkout: Checkout, path: str, line: int, *, is_nearest_test: bool) -> str:
    text = _text(checkout, path)
    if text is None:
        return f"{path}: cannot be shown"
    note = " (the nearest existing test file)" if is_nearest_test else ""
    if len(text) > MAX_FILE_CHARACTERS:
        text, first, last, count = _excerpt(text, line)
        note += f" (only lines {first} to {last} of {count})"
    return f"### {path}{note}\n\n{fenced(f'file {path}', text)}"


def _excerpt(text: str, line: int) -> tuple[str, int, int, int]:
    lines = text.split("\n")
    first = max(1, line - LINES_AROUND)
    last = min(len(lines), line + LINES_AROUND)
    return "\n".join(lines[first - 1 : last])[:MAX_FILE_CHARACTERS], first, last, len(lines)


def _text(checkout: Checkout, path: str) -> str | None:
    if is_secret_path(path):
        return None
    try:
        return read_source(checkout.path, path)
    except (UnreadableSource, UnsafePath):
        return None
