"""Test cases of pytest and unittest."""

import re
from collections.abc import Iterator

from tree_sitter import Node

from agents.fix.case import Case
from agents.fix.syntax import descendants, text_of

SKIPPING = re.compile(r"\b(skip|skipif|skipIf|skipUnless|xfail|expectedFailure|skipTest|SkipTest|importorskip)\b")
EXPECTING = re.compile(r"(?:.*\.)?(assert\w*|raises|warns|fail)")


def python_cases(root: Node) -> Iterator[Case]:
    """Yield the functions that pytest collects below `root`; a method is titled `Class > method`."""
    yield from _cases(root, groups=(), is_skipped=_module_is_skipped(root))


def _cases(block: Node, *, groups: tuple[str, ...], is_skipped: bool) -> Iterator[Case]:
    for child in block.named_children:
        decorators = [node for node in child.named_children if node.type == "decorator"]
        definition = child.child_by_field_name("definition") if child.type == "decorated_definition" else child
        if definition is None or definition.type not in {"function_definition", "class_definition"}:
            continue
        name = text_of(definition.child_by_field_name("name"))
        body = definition.child_by_field_name("body")
        skips = is_skipped or any(SKIPPING.search(text_of(decorator)) for decorator in decorators)
        if body is None:
            continue
        if definition.type == "class_definition":
            yield from _cases(body, groups=(*groups, name), is_skipped=skips or _module_is_skipped(body))
        elif name.startswith("test"):
            yield _case(body, title=" > ".join((*groups, name)), decorators=decorators, is_skipped=skips)


def _module_is_skipped(block: Node) -> bool:
    """Return whether a `pytestmark` or a call that skips stands directly in the module or class."""
    statements = [node for node in block.named_children if node.type == "expression_statement"]
    texts = [text_of(statement) for statement in statements]
    return any(SKIPPING.search(text) for text in texts if text.startswith(("pytestmark", "pytest.", "unittest.")))


def _case(body: Node, *, title: str, decorators: list[Node], is_skipped: bool) -> Case:
    statements = _statements(body)
    rows = [row for decorator in decorators for row in _rows(decorator)]
    expectations = [text for statement in statements for text in _expectations(statement)]
    return Case(
        title=title,
        expectations=(*rows, *expectations),
        is_skipped=is_skipped or any(map(_skips_itself, statements)),
        is_focused=False,
        is_empty=not statements,
    )


def _statements(body: Node) -> list[Node]:
    """Return what always runs of the body: no docstring, `pass` or `...`, nothing after a `return`."""
    statements = []
    for statement in body.named_children:
        if statement.type in {"comment", "pass_statement"}:
            continue
        if statement.type == "return_statement":
            break
        inner = statement.named_children[0].type if statement.named_children else ""
        if statement.type == "expression_statement" and inner in {"string", "ellipsis"}:
            continue
        statements.append(statement)
    return statements


def _rows(decorator: Node) -> list[str]:
    """Return the rows of a `parametrize` table."""
    if ".parametrize(" not in text_of(decorator):
        return []
    tables = [
        argument
        for arguments in descendants(decorator)
        if arguments.type == "argument_list"
        for argument in arguments.named_children[1:2]
        if argument.type in {"list", "tuple"}
    ]
    return [text_of(row) for table in tables[:1] for row in table.named_children if row.type != "comment"]


def _expectations(statement: Node) -> Iterator[str]:
    pending = [statement]
    while pending:
        node = pending.pop()
        if node.type == "assert_statement" or (node.type == "call" and _expects(node)):
            yield text_of(node)
        else:
            pending.extend(reversed(node.named_children))


def _expects(call: Node) -> bool:
    return EXPECTING.fullmatch(text_of(call.child_by_field_name("function"))) is not None


def _skips_itself(statement: Node) -> bool:
    nodes = (statement, *descendants(statement))
    calls = [text_of(node.child_by_field_name("function")) for node in nodes if node.type == "call"]
    raises = [text_of(node) for node in nodes if node.type == "raise_statement"]
    return any(SKIPPING.search(text) for text in (*calls, *raises))
