"""Turn a proposal's exact search and replace edits into whole files."""

from difflib import SequenceMatcher
from pathlib import Path

from agents.fix.handoff import Edit, FixProposal, NewFile
from agents.runtime.contract import ToolRetry
from agents.runtime.fence import fenced
from agents.tools.sources import UnreadableSource, read_source, refuse_links
from core.patch import Patch, UnsafePath, checked_path

NEAREST_LINES = 3
# Comparing texts is quadratic: enough to find a misquoted line, without stalling on a minified file.
MAX_LINE_CHARACTERS = 300
MAX_COMPARED_LINES = 5_000


class EditError(ToolRetry):
    """Edits that do not apply exactly; `problems` names path, count and the nearest lines of each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def patch_from(proposal: FixProposal, *, checkout: Path) -> Patch:
    """Return the files as they are after the proposal, several edits of one file applied in order.

    A search text must occur exactly once in the file as the edits before it left it; nothing is matched
    approximately. Raises EditError with every problem found.
    """
    files: dict[str, str | None] = {}
    texts: dict[str, str] = {}
    problems: list[str] = []
    for edit in proposal.edits:
        try:
            before = texts[edit.path] if edit.path in texts else read_source(checkout, edit.path)
            texts[edit.path] = _replaced(before, edit)
        except (UnsafePath, UnreadableSource) as error:
            problems.append(f"edit of {edit.path!r}: {error}")
        except EditError as error:
            problems += error.problems
    files.update(texts)
    for new_file in proposal.new_files:
        problem = _problem_of_new_file(new_file, checkout, taken=new_file.path in files)
        if problem:
            problems.append(problem)
        else:
            files[new_file.path] = new_file.content
    if problems:
        raise EditError(list(dict.fromkeys(problems)))
    return Patch(files)


def _replaced(text: str, edit: Edit) -> str:
    if edit.search == edit.replace:
        raise EditError([f"edit of {edit.path}: search and replace are the same text, so it changes nothing"])
    count = _occurrences(text, edit.search)
    if count == 1:
        return text.replace(edit.search, edit.replace, 1)
    problem = f"edit of {edit.path}: the search text occurs {count} times, it must occur exactly once"
    if count > 1:
        lines = ", ".join(str(number) for number in _lines_of(text, edit.search))
        raise EditError(
            [f"{problem} (it starts on lines {lines}): add lines before or after it to make it unique"]
        )
    if "\r\n" in text and "\r\n" not in edit.search and "\n" in edit.search:
        raise EditError([f"{problem}: the lines of this file end in \\r\\n; write them so in search and replace"])
    raise EditError([f"{problem}: copy it from the file character by character.{_nearest(text, edit.search)}"])


def _occurrences(text: str, search: str) -> int:
    """Return how often `search` occurs, overlapping occurrences counted: `str.count` would miss an ambiguity."""
    return len(_starts(text, search))


def _starts(text: str, search: str) -> list[int]:
    starts: list[int] = []
    start = text.find(search)
    while start != -1:
        starts.append(start)
        start = text.find(search, start + 1)
    return starts


def _lines_of(text: str, search: str) -> list[int]:
    return [text.count("\n", 0, start) + 1 for start in _starts(text, search)]


def _nearest(text: str, search: str) -> str:
    """Return the lines of the file most like the first line that carries text in `search`, with their numbers."""
    wanted = next((line.strip() for line in search.split("\n") if line.strip()), "")[:MAX_LINE_CHARACTERS]
    lines = text.split("\n")[:MAX_COMPARED_LINES]
    scored: list[tuple[float, int, str]] = []
    matcher = SequenceMatcher(autojunk=False, b=wanted)
    for number, line in enumerate(lines, start=1):
        matcher.set_seq1(line.strip()[:MAX_LINE_CHARACTERS])
        if matcher.real_quick_ratio() > 0.5 and matcher.quick_ratio() > 0.5:
            scored.append((matcher.ratio(), number, line[:MAX_LINE_CHARACTERS]))
    best = sorted(sorted(scored, key=lambda entry: -entry[0])[:NEAREST_LINES], key=lambda entry: entry[1])
    if not best:
        return " No line of the file is like it."
    return "\n" + fenced("nearest lines", "\n".join(f"{number}: {line}" for _, number, line in best))


def _problem_of_new_file(new_file: NewFile, checkout: Path, *, taken: bool) -> str:
    try:
        checked_path(new_file.path)
        refuse_links(checkout, new_file.path)
    except (UnsafePath, UnreadableSource) as error:
        return f"new file {new_file.path!r}: {error}"
    if taken:
        return f"new file {new_file.path}: the proposal names this path twice"
    if (checkout / new_file.path).exists():
        return f"new file {new_file.path}: a file or folder of this name exists; change a file with an edit"
    if any(parent.is_file() for parent in (checkout / new_file.path).parents):
        return f"new file {new_file.path}: a folder of its path is a file"
    return ""
