"""Syntax trees of the languages whose tests the guard can read."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from tree_sitter import Node

from agents.grounding.parsing import GRAMMAR_BY_SUFFIX, parse


def grammar_of(path: str) -> str:
    """Return the name of the grammar for `path`, or "" for what cannot be parsed here."""
    return GRAMMAR_BY_SUFFIX.get(PurePosixPath(path).suffix.lower(), "")


def parsed(grammar: str, text: str) -> Node:
    """Return the root of the syntax tree of `text`."""
    return parse(text.encode(), grammar=grammar).root


def text_of(node: Node | None) -> str:
    """Return the node's source on one line, white space runs as one space."""
    if node is None or node.text is None:
        return ""
    return " ".join(node.text.decode().split())


def descendants(node: Node) -> Iterator[Node]:
    """Yield the named nodes below `node`, parents first, in the order of the source; never recursive."""
    pending = list(reversed(node.named_children))
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(current.named_children))
