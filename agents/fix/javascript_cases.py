"""Test cases of Jest, Vitest, Mocha and node:test, in JavaScript and TypeScript."""

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from agents.fix.case import Case
from agents.fix.syntax import descendants, text_of

CASE_NAMES = frozenset({"test", "it", "specify", "xtest", "xit", "xspecify", "ftest", "fit"})
GROUP_NAMES = frozenset({"describe", "context", "suite", "xdescribe", "xcontext", "fdescribe"})
SKIPPING = frozenset({"skip", "todo", "skipIf", "runIf", "failing", "fails"})
FUNCTIONS = frozenset({"arrow_function", "function_expression", "generator_function"})
EXPECTING = frozenset({"expect", "assert", "should", "assertThat"})


@dataclass(frozen=True)
class _Header:
    """A call that declares a case or a group: `it.each(rows)("title", function)`."""

    call: Node
    name: str
    modifiers: frozenset[str]
    rows: tuple[str, ...]

    @property
    def is_skipped(self) -> bool:
        return self.name.startswith("x") or bool(self.modifiers & SKIPPING) or _has_skip_option(self.call)

    @property
    def is_focused(self) -> bool:
        return self.name in {"fit", "ftest", "fdescribe"} or "only" in self.modifiers


def javascript_cases(root: Node) -> Iterator[Case]:
    """Yield the cases below `root`; a case inside groups is titled `group > case`."""
    pending: list[tuple[Node, tuple[_Header, ...]]] = [(root, ())]
    while pending:
        node, groups = pending.pop()
        header = _header(node) if node.type == "call_expression" else None
        if header is not None and header.name in CASE_NAMES:
            yield _case(header, groups)
            continue
        if header is not None:
            groups = (*groups, header)
        pending.extend((child, groups) for child in reversed(node.named_children))


def _header(call: Node) -> _Header | None:
    """Return what `call` declares; None for any other call, and for the `it.each(rows)` part of a declaration."""
    function = call.child_by_field_name("function")
    rows: tuple[str, ...] = ()
    if function is not None and function.type == "call_expression":
        rows = _rows(function)
        function = function.child_by_field_name("function")
    modifiers = []
    while function is not None and function.type == "member_expression":
        modifiers.append(text_of(function.child_by_field_name("property")))
        function = function.child_by_field_name("object")
    name = text_of(function) if function is not None and function.type == "identifier" else ""
    if name not in CASE_NAMES | GROUP_NAMES or not _arguments(call):
        return None
    is_first_part = call.parent is not None and call.parent.child_by_field_name("function") == call
    return None if is_first_part else _Header(call, name, frozenset(modifiers), rows)


def _rows(call: Node) -> tuple[str, ...]:
    arguments = call.child_by_field_name("arguments")
    if arguments is None:
        return ()
    if arguments.type == "template_string":
        return tuple(text_of(node) for node in arguments.named_children if node.type == "template_substitution")
    tables = [node for node in arguments.named_children if node.type == "array"]
    return tuple(text_of(row) for table in tables for row in table.named_children if row.type != "comment")


def _arguments(call: Node) -> list[Node]:
    arguments = call.child_by_field_name("arguments")
    if arguments is None or arguments.type != "arguments":
        return []
    return [node for node in arguments.named_children if node.type != "comment"]


def _has_skip_option(call: Node) -> bool:
    """Return whether node:test's options ask for a skip: `test("title", { skip: true }, function)`."""
    pairs = [pair for node in _arguments(call) if node.type == "object" for pair in node.named_children]
    return any(text_of(pair.child_by_field_name("key")) in {"skip", "todo"} for pair in pairs)


def _case(header: _Header, groups: tuple[_Header, ...]) -> Case:
    headers = (*groups, header)
    statements = _statements(header.call)
    return Case(
        title=" > ".join(_title(each.call) for each in headers),
        expectations=(
            *(row for each in headers for row in each.rows),
            *(text for statement in statements for text in _expectations(statement)),
        ),
        is_skipped=any(each.is_skipped for each in headers) or any(map(_skips_itself, statements)),
        is_focused=any(each.is_focused for each in headers),
        is_empty=not statements,
    )


def _title(call: Node) -> str:
    return text_of(_arguments(call)[0]).strip("\"'`")


def _statements(call: Node) -> list[Node]:
    """Return what always runs of the case's function: nothing that follows a `return` of its own."""
    functions = [node for node in _arguments(call) if node.type in FUNCTIONS]
    body = functions[-1].child_by_field_name("body") if functions else None
    if body is None:
        return []
    if body.type != "statement_block":
        return [body]
    statements = []
    for statement in body.named_children:
        if statement.type == "comment":
            continue
        if statement.type == "return_statement" and not statement.named_children:
            break
        statements.append(statement)
        if statement.type == "return_statement":
            break
    return statements


def _expectations(statement: Node) -> Iterator[str]:
    """Yield the outermost asserting calls; what stands inside one belongs to it."""
    pending = [statement]
    while pending:
        node = pending.pop()
        if node.type == "call_expression" and _expects(node):
            yield text_of(node)
        else:
            pending.extend(reversed(node.named_children))


def _expects(call: Node) -> bool:
    """Return whether the chain of calls names an assertion: expect(x).toBe(1), assert.equal(a, b), x.should.be."""
    node: Node | None = call
    while node is not None:
        if node.type == "call_expression":
            node = node.child_by_field_name("function")
        elif node.type == "member_expression":
            if text_of(node.child_by_field_name("property")) in EXPECTING:
                return True
            node = node.child_by_field_name("object")
        elif node.type in {"await_expression", "parenthesized_expression", "non_null_expression"}:
            node = node.named_children[0] if node.named_children else None
        else:
            return node.type == "identifier" and text_of(node) in EXPECTING
    return False


def _skips_itself(statement: Node) -> bool:
    calls = [node for node in (statement, *descendants(statement)) if node.type == "call_expression"]
    functions = [call.child_by_field_name("function") for call in calls]
    return any(
        function is not None
        and function.type == "member_expression"
        and text_of(function.child_by_field_name("property")) == "skip"
        and text_of(function.child_by_field_name("object")) in {"this", "t", "ctx", "context"}
        for function in functions
    )
