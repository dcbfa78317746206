"""Read the symbols of a JavaScript, TypeScript or TSX file."""

import re
from collections import Counter
from collections.abc import Iterator

from tree_sitter import Node

from agents.grounding import javascript_modules
from agents.grounding.parsing import Parsed, parse
from agents.grounding.symbols import (
    Call,
    Candidate,
    FileSymbols,
    Kind,
    first_error_line,
    line,
    qualified,
    text,
    without_comments,
)

_WORD = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
_FUNCTIONS = frozenset({"arrow_function", "function_expression", "generator_function"})
_DECLARED: dict[str, Kind] = {
    "function_declaration": "function",
    "generator_function_declaration": "function",
    "function_signature": "function",
    "class_declaration": "class",
    "abstract_class_declaration": "class",
    "method_definition": "method",
    "abstract_method_signature": "method",
    "method_signature": "method",
    "property_signature": "property",
    "interface_declaration": "type",
    "type_alias_declaration": "type",
    "enum_declaration": "type",
    "internal_module": "type",
}
_GLOBAL_OBJECTS = frozenset({"global", "globalThis", "window", "self"})
_LONGEST_CALLBACK_NAME = 80


def read(source: bytes, *, path: str, grammar: str) -> FileSymbols:
    """Return the symbols of one file; `grammar` is a name known to `parsing`."""
    parsed = parse(source, grammar=grammar)
    bound = Counter(text(node) for node in parsed.nodes("bound"))
    is_ambient = path.endswith((".d.ts", ".d.mts", ".d.cts"))
    pairs = [(text(owner), text(name)) for owner, name in map(_pair, parsed.nodes("member")) if owner is not None]
    return FileSymbols(
        path=path,
        language="javascript",
        line_count=len(source.splitlines()),
        syntax_error_line=first_error_line(parsed.root),
        definitions=qualified(_definitions(parsed), path=path),
        imports=tuple(javascript_modules.imports(parsed)),
        exports=javascript_modules.exports(parsed),
        calls=tuple(_calls(parsed)),
        bound=frozenset(bound) | {text(node) for node in parsed.nodes("assigned")},
        rebound=frozenset(name for name, times in bound.items() if times > 1)
        | {text(node) for node in parsed.nodes("assigned")},
        members=frozenset(_property_name(node) for node in parsed.nodes("member")),
        own_members=frozenset(
            _property_name(node) for node in parsed.nodes("member") if _object(node).type == "this"
        )
        | {text(node) for node in parsed.nodes("own")},
        member_pairs=frozenset(f"{owner}.{name}" for owner, name in pairs),
        assigned_pairs=frozenset(_assigned_pairs(parsed)),
        keys=frozenset(text(node) for node in parsed.nodes("key")),
        global_names=frozenset(name for owner, name in pairs if owner in _GLOBAL_OBJECTS)
        | {name for node in parsed.nodes("ambient") for name in javascript_modules.declared_names(node)}
        | (frozenset(bound) if is_ambient else frozenset()),
        words=frozenset(_WORD.findall(without_comments(source, parsed.nodes("comment")))),
    )


def _object(member: Node) -> Node:
    """Return what the member is read from, without TypeScript's `!`."""
    owner = member.child_by_field_name("object")
    if owner is None:
        return member
    return owner.named_children[0] if owner.type == "non_null_expression" else owner


def _property_name(member: Node) -> str:
    name = member.child_by_field_name("property")
    return text(name).lstrip("#") if name is not None else ""


def _pair(member: Node) -> tuple[Node | None, Node]:
    owner = _object(member)
    name = member.child_by_field_name("property")
    return (owner if owner.type == "identifier" and name is not None else None), (name or member)


def _assigned_pairs(parsed: Parsed) -> Iterator[str]:
    for node in parsed.nodes("definition"):
        left = node.child_by_field_name("left") if node.type == "assignment_expression" else None
        if left is not None and left.type == "member_expression":
            yield text(left)


def _calls(parsed: Parsed) -> Iterator[Call]:
    targets = [node.child_by_field_name("function") for node in parsed.nodes("call")]
    targets += [node.child_by_field_name("constructor") for node in parsed.nodes("new")]
    for target in targets:
        if target is None:
            continue
        if target.type == "identifier":
            yield Call(text(target), line(target))
        elif target.type == "member_expression":
            owner, name = _pair(target)
            if owner is not None:
                yield Call(text(name), line(name), owner=text(owner))


def _definitions(parsed: Parsed) -> Iterator[Candidate]:
    for node in parsed.nodes("definition"):
        candidate = _candidate(node)
        if candidate is not None and candidate.name:
            yield candidate


def _candidate(node: Node) -> Candidate | None:
    if node.type in _DECLARED:
        return Candidate(node, _name(node), _DECLARED[node.type], is_closed=_is_closed(node))
    if node.type == "variable_declarator":
        return _variable(node)
    if node.type == "assignment_expression":
        return _assigned(node)
    value = node.child_by_field_name("value")
    if node.type in ("field_definition", "public_field_definition"):
        kind: Kind = "method" if value is not None and value.type in _FUNCTIONS else "property"
        name = node.child_by_field_name("property") or node.child_by_field_name("name")
        return Candidate(node, text(name).lstrip("#") if name is not None else "", kind)
    if node.type == "pair":
        key = node.child_by_field_name("key")
        is_function = value is not None and value.type in _FUNCTIONS and key is not None
        return Candidate(node, text(key).strip("'\""), "method") if is_function and key is not None else None
    return _expression(node)


def _name(node: Node) -> str:
    name = node.child_by_field_name("name")
    return text(name).lstrip("#").strip("'\"") if name is not None else ""


def _is_closed(node: Node) -> bool:
    return not any(child.type in ("class_heritage", "decorator") for child in node.children)


def _variable(node: Node) -> Candidate | None:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None or name.type != "identifier":
        return None
    if value is not None and value.type in _FUNCTIONS:
        return Candidate(node, text(name), "function")
    if value is not None and value.type == "class":
        return Candidate(node, text(name), "class", is_closed=_is_closed(value))
    statement = node.parent
    scope = statement.parent if statement is not None else None
    is_import = value is not None and text(value).startswith(("require(", "await import("))
    if not is_import and scope is not None and scope.type in ("program", "export_statement"):
        return Candidate(node, text(name), "variable")
    return None


def _assigned(node: Node) -> Candidate | None:
    """`exports.total = function`, `Cart.prototype.total = function`, `cart.total = () =>`."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None or right.type not in (*_FUNCTIONS, "class"):
        return None
    kind: Kind = "class" if right.type == "class" else "function"
    if left.type == "identifier":
        return Candidate(node, text(left), kind)
    if left.type != "member_expression":
        return None
    owner = text(_object(left)).removesuffix(".prototype")
    if owner in ("exports", "module"):
        # `module.exports = function checkout() {}` is known by the function's own name.
        return (
            None if owner == "module" and _name(right) else Candidate(node, _property_name(left), kind, owner="")
        )
    if owner == "module.exports":
        return Candidate(node, _property_name(left), kind, owner="")
    if owner == "this":
        return Candidate(node, _property_name(left), "method")
    return Candidate(node, _property_name(left), "method", owner=owner)


def _names_its_value(parent: Node) -> bool:
    if parent.type == "assignment_expression":
        left = parent.child_by_field_name("left")
        return left is not None and text(left) != "module.exports"
    return parent.type in ("variable_declarator", "pair")


def _expression(node: Node) -> Candidate | None:
    """A function or class expression: known by its own name, or by the call that takes it."""
    parent = node.parent
    if _name(node):
        is_value_of_named = parent is not None and _names_its_value(parent)
        kind: Kind = "class" if node.type == "class" else "function"
        return None if is_value_of_named else Candidate(node, _name(node), kind, is_closed=_is_closed(node))
    if node.type == "class" or parent is None or parent.type != "arguments" or parent.parent is None:
        return None
    callee = parent.parent.child_by_field_name("function")
    if (
        callee is None
        or callee.end_byte - callee.start_byte > _LONGEST_CALLBACK_NAME
        or b"\n" in (callee.text or b"")
    ):
        return None
    first = parent.named_children[0]
    label = f"{text(callee)}({text(first)})" if first.type == "string" else text(callee)
    return Candidate(node, text(callee), "callback", label=label.replace('"', "'"))
