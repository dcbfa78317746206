"""Cut a source file into chunks at the boundaries of its functions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from agents.grounding import javascript, python
from agents.grounding.parsing import GRAMMAR_BY_SUFFIX
from agents.grounding.symbols import Definition

MAX_LINES = 80
MIN_LINES = 3

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Chunk:
    """Lines of a file; `symbol` is the definition that they belong to, "" between definitions."""

    symbol: str
    line_start: int
    line_end: int
    text: str


def chunks_of(path: str, source: str) -> list[Chunk]:
    """Return chunks that cover every line with text: one for each outermost function, method or class.

    A class is cut at its methods, and whatever is longer than MAX_LINES every MAX_LINES lines.
    """
    lines = source.split("\n")
    chunks: list[Chunk] = []
    position = 1
    for definition in _cuts(path, source):
        if definition.line_start < position:
            continue
        chunks += _pieces("", position, definition.line_start - 1, lines)
        chunks += _pieces(definition.qualified_name, definition.line_start, definition.line_end, lines)
        position = definition.line_end + 1
    chunks += _pieces("", position, len(lines), lines)
    return chunks


def terms(text: str) -> str:
    """Return the words of code or prose, names split as people write them: `cartTotal` is cart and total."""
    return " ".join(_WORD.findall(_CAMEL.sub(" ", text))).lower()


def _cuts(path: str, source: str) -> Iterator[Definition]:
    grammar = GRAMMAR_BY_SUFFIX.get(PurePosixPath(path).suffix.lower())
    if grammar is None:
        return
    read = python.read if grammar == "python" else javascript.read
    definitions = read(source.encode(), path=path, grammar=grammar).definitions
    cut = [found for found in definitions if found.line_end - found.line_start + 1 >= MIN_LINES]
    with_methods = {found.qualified_name.rpartition(".")[0] for found in cut if found.kind == "method"}
    for found in sorted(cut, key=lambda each: (each.line_start, -each.line_end)):
        if not (found.kind == "class" and found.qualified_name in with_methods):
            yield found


def _pieces(symbol: str, start: int, end: int, lines: list[str]) -> Iterator[Chunk]:
    for first in range(start, end + 1, MAX_LINES):
        last = min(first + MAX_LINES - 1, end)
        text = "\n".join(lines[first - 1 : last])
        if text.strip():
            yield Chunk(symbol, first, last, text)
