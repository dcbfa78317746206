"""Parsers and queries of tree-sitter, made once for each grammar."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import tree_sitter_javascript
import tree_sitter_python
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser, Query, QueryCursor

_QUERIES = {
    "javascript": ("javascript.scm", "javascript_only.scm"),
    "typescript": ("javascript.scm", "typescript_only.scm"),
    "tsx": ("javascript.scm", "typescript_only.scm"),
    "python": ("python.scm",),
}
_LANGUAGES = {
    "javascript": tree_sitter_javascript.language,
    "typescript": tree_sitter_typescript.language_typescript,
    "tsx": tree_sitter_typescript.language_tsx,
    "python": tree_sitter_python.language,
}
GRAMMAR_BY_SUFFIX = {
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), "javascript"),
    **dict.fromkeys((".ts", ".mts", ".cts"), "typescript"),
    ".tsx": "tsx",
    **dict.fromkeys((".py", ".pyi"), "python"),
}


@dataclass(frozen=True)
class Parsed:
    """A syntax tree and what the grammar's query found in it, in the order of the text."""

    root: Node
    found: dict[str, list[Node]]

    def nodes(self, capture: str) -> list[Node]:
        return self.found.get(capture, [])


@cache
def _grammar(name: str) -> tuple[Language, Query]:
    language = Language(_LANGUAGES[name]())
    folder = Path(__file__).parent
    return language, Query(language, "\n".join((folder / file).read_text() for file in _QUERIES[name]))


def parse(source: bytes, *, grammar: str) -> Parsed:
    language, query = _grammar(grammar)
    root = Parser(language).parse(source).root_node
    return Parsed(root, QueryCursor(query).captures(root))
