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
    first_lines,
    line,
    qualified,
    single_types,
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
# `export type * from` is TypeScript 5, which the grammar does not read; to the reader of names it is `export *`.
_TYPE_STAR = re.compile(rb"^(\s*export\s+)type(\s+\*)", re.MULTILINE)
# What an identifier may stand in without being read; the namespace of a type is none of the program's either.
_LABELLED = frozenset(
    {"export_specifier", "import_specifier", "namespace_export", "index_signature"}
    | {"nested_type_identifier", "nested_identifier"}
)
_GLOBAL_OBJECTS = frozenset({"global", "globalThis", "window", "self"})
# What stands between a use of `this` or `super` and the class or object that it is of; arrow functions do not.
_OWNING = frozenset(
    {"method_definition", "field_definition", "public_field_definition", "class_static_block"}
    | {"function_declaration", "function_expression", "generator_function", "generator_function_declaration"}
)
# A class whose text has one of these has members with names that it does not show.
_OPENING = re.compile(
    rb"Object\.(?:assign|definePropert(?:y|ies))\(\s*this\b"
    rb"|\bthis(?:\.constructor)?\[(?!k[A-Z]|[A-Z'\"\d])[^\]]+\]\s*[|&?]{0,2}=(?!=)"
)
# How a constant is written that holds a symbol: a member by such a key has no name.
_SYMBOL = re.compile(r"k?[A-Z]")
# Functions that put a member on what they are given, and those that ask for one; compilers have their own of both.
_SETS = re.compile(r"(?:[dD]efinePropert(?:y|ies)|publicField|Object\.assign|Reflect\.set)$")
_ASKS = re.compile(r"\bhas(?:Own(?:Property)?)?(?:\.call)?$")
_LONGEST_CALLBACK_NAME = 80


def read(source: bytes, *, path: str, grammar: str) -> FileSymbols:
    """Return the symbols of one file; `grammar` is a name known to `parsing`."""
    parsed = parse(_TYPE_STAR.sub(rb"\1    \2", source), grammar=grammar)
    bound = Counter(text(node) for node in parsed.nodes("bound"))
    all_bound = frozenset(bound) | {text(node) for node in parsed.nodes("assigned")}
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
        bound=all_bound,
        rebound=frozenset(name for name, times in bound.items() if times > 1)
        | {text(node) for node in parsed.nodes("assigned")},
        members=frozenset(_property_name(node) for node in parsed.nodes("member")),
        own_members=frozenset(
            _property_name(node) for node in parsed.nodes("member") if _object(node).type == "this"
        )
        | {text(node) for node in parsed.nodes("own")},
        member_pairs=frozenset(f"{owner}.{name.lstrip('#')}" for owner, name in pairs)
        | frozenset(_taken_pairs(parsed)),
        # A constructor's parameter with a modifier is set on the instance as well.
        assigned_pairs=frozenset(_assigned_pairs(parsed))
        | frozenset(_set_by_name(parsed))
        | {f"this.{text(node)}" for node in parsed.nodes("own")},
        asked_pairs=frozenset(_asked_pairs(parsed)),
        keys=frozenset(text(node) for node in parsed.nodes("key")),
        global_names=frozenset(name for owner, name in pairs if owner in _GLOBAL_OBJECTS)
        | {name for node in parsed.nodes("ambient") for name in javascript_modules.declared_names(node)}
        | (frozenset(bound) if is_ambient else frozenset()),
        words=frozenset(_WORD.findall(without_comments(source, parsed.nodes("comment")))),
        free_reads=first_lines(filter(_is_read, parsed.nodes("identifier")), bound=all_bound),
        types=single_types(_types(parsed)),
        field_types=single_types(_field_types(parsed)),
        objects=tuple(_objects(parsed)),
    )


def _is_read(node: Node) -> bool:
    """True unless the identifier only labels something: the alias of an export, an HTML element, a type's key."""
    parent = node.parent
    if parent is None or parent.type in _LABELLED:
        return False
    is_element = parent.type.startswith("jsx_") and parent.type.endswith("element")
    return not (is_element and text(node)[0].islower())


def _types(parsed: Parsed) -> Iterator[tuple[str, str]]:
    """Yield (name, class) for each binding of a name, "" where the binding does not tell."""
    told = {}
    for node in parsed.nodes("definition"):
        if node.type == "variable_declarator":
            told[node.child_by_field_name("name")] = _class_of(node.child_by_field_name("value"))
    for node in parsed.nodes("typed"):
        told[node.child_by_field_name("pattern") or node.child_by_field_name("name")] = _annotation(node)
    for node in parsed.nodes("bound"):
        yield text(node), told.get(node, "")
    for node in parsed.nodes("assigned"):
        yield text(node), ""


def _field_types(parsed: Parsed) -> Iterator[tuple[str, str]]:
    for node in parsed.nodes("typed"):
        name = node.child_by_field_name("name") or node.child_by_field_name("pattern")
        is_field = node.type == "public_field_definition" or any(
            child.type in ("accessibility_modifier", "readonly") for child in node.children
        )
        if name is not None and is_field:
            yield text(name).lstrip("#"), _annotation(node)
    for node in parsed.nodes("definition"):
        left = node.child_by_field_name("left") if node.type == "assignment_expression" else None
        if left is not None and left.type == "member_expression" and _object(left).type == "this":
            yield _property_name(left), _class_of(node.child_by_field_name("right"))
        elif node.type == "field_definition":
            name = node.child_by_field_name("property")
            if name is not None:
                yield text(name).lstrip("#"), _class_of(node.child_by_field_name("value"))


def _class_of(value: Node | None) -> str:
    constructor = value.child_by_field_name("constructor") if value is not None else None
    return text(constructor) if constructor is not None and constructor.type == "identifier" else ""


def _annotation(node: Node) -> str:
    annotation = node.child_by_field_name("type")
    named = annotation.named_children[0] if annotation is not None and annotation.named_children else None
    if named is not None and named.type == "union_type":
        some = [part for part in _union(named) if text(part) not in ("null", "undefined")]
        named = some[0] if len(some) == 1 else None
    return text(named) if named is not None and named.type == "type_identifier" else ""


def _union(node: Node) -> Iterator[Node]:
    for part in node.named_children:
        if part.type == "union_type":
            yield from _union(part)
        else:
            yield part


def _objects(parsed: Parsed) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield name and keys of the object literals that variables of the module are made with and never lose."""
    assigned = {text(node) for node in parsed.nodes("assigned")}
    for node in parsed.nodes("definition"):
        candidate = _variable(node) if node.type == "variable_declarator" else None
        value = node.child_by_field_name("value")
        if value is not None and value.type in ("as_expression", "satisfies_expression"):
            value = value.named_children[0]
        if candidate is None or value is None or value.type != "object" or candidate.name in assigned:
            continue
        if keys := _keys(value):
            yield candidate.name, keys
    for node in parsed.nodes("export"):
        value = node.child_by_field_name("value")
        if value is not None and value.type == "object" and (keys := _keys(value)):
            yield "default", keys


def _keys(literal: Node) -> frozenset[str]:
    """Return the keys of an object literal, none where one is computed or spread."""
    keys = [_key(part) for part in literal.named_children if part.type != "comment"]
    return frozenset(keys) if all(keys) else frozenset()


def _key(part: Node) -> str:
    """Return the key of a part of an object literal, "" where it is computed or spread."""
    if part.type == "shorthand_property_identifier":
        return text(part)
    key = part.child_by_field_name("key") or part.child_by_field_name("name")
    is_written = key is not None and key.type in ("property_identifier", "string", "number")
    return text(key).strip("'\"") if key is not None and is_written else ""


def _object(member: Node) -> Node:
    """Return what the member is read from, without TypeScript's `!`."""
    owner = member.child_by_field_name("object")
    if owner is None:
        return member
    return owner.named_children[0] if owner.type == "non_null_expression" else owner


def _is_written_member(node: Node) -> bool:
    """True for `owner['name']`."""
    index = node.child_by_field_name("index") if node.type == "subscript_expression" else None
    return index is not None and index.type == "string"


def _property_name(member: Node) -> str:
    if _is_written_member(member):
        return text(member.child_by_field_name("index") or member)[1:-1]
    name = member.child_by_field_name("property")
    return text(name).lstrip("#") if name is not None else ""


def _pair(member: Node) -> tuple[Node | None, Node]:
    owner = _object(member)
    name = member.child_by_field_name("property")
    return (owner if owner.type == "identifier" and name is not None else None), (name or member)


def _assigned_pairs(parsed: Parsed) -> Iterator[str]:
    """Yield `owner.name` for each member that is set or deleted, `owner.*` where the name is computed."""
    assignments = [node for node in parsed.nodes("definition") if node.type == "assignment_expression"]
    for left in [*(node.child_by_field_name("left") for node in assignments), *parsed.nodes("set")]:
        if left is not None and left.type == "member_expression":
            yield text(left)
        elif left is not None and _is_written_member(left):
            yield f"{text(_object(left))}.{_property_name(left)}"
        elif left is not None and left.type == "subscript_expression" and _object(left).type != "this":
            index = text(left.child_by_field_name("index") or left)
            if not (_SYMBOL.match(index) or index.isdigit()):
                yield f"{text(_object(left))}.*"


def _set_by_name(parsed: Parsed) -> Iterator[str]:
    """Yield `owner.name` for what `Object.defineProperty(owner, "name", ...)` and its like put on the owner."""
    for function, owner, given in _two_arguments(parsed):
        if not _SETS.search(function):
            continue
        if given.type == "string":
            yield f"{owner}.{text(given)[1:-1]}"
        else:
            keys = _keys(given) if given.type == "object" else frozenset()
            yield from (f"{owner}.{key}" for key in keys or ("*",))


def _two_arguments(parsed: Parsed) -> Iterator[tuple[str, str, Node]]:
    """Yield function, first and second argument of the calls that take a name and something else first."""
    for node in parsed.nodes("call"):
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        given = arguments.named_children[:2] if arguments is not None else []
        if function is not None and len(given) == 2 and given[0].type in ("identifier", "member_expression"):
            yield text(function), text(given[0]), given[1]


def _asked_pairs(parsed: Parsed) -> Iterator[str]:
    """Yield `owner.name` for what the file asks for: `typeof owner.name`, `"name" in owner`."""
    for node in parsed.nodes("typeof"):
        yield text(node)
    for node in parsed.nodes("in"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None and right is not None and left.type == "string":
            yield f"{text(right)}.{text(left)[1:-1]}"
    for function, owner, given in _two_arguments(parsed):
        if given.type == "string" and _ASKS.search(function):
            yield f"{owner}.{text(given)[1:-1]}"


def _taken_pairs(parsed: Parsed) -> Iterator[str]:
    """Yield `owner.name` for each name that `const { name } = owner` takes without a default."""
    for node in parsed.nodes("definition"):
        pattern, owner = node.child_by_field_name("name"), node.child_by_field_name("value")
        if pattern is None or owner is None or (pattern.type, owner.type) != ("object_pattern", "identifier"):
            continue
        for part in pattern.named_children:
            key = part.child_by_field_name("key") if part.type == "pair_pattern" else part
            if key is not None and key.type in ("shorthand_property_identifier_pattern", "property_identifier"):
                yield f"{text(owner)}.{text(key)}"


def _calls(parsed: Parsed) -> Iterator[Call]:
    targets = [node.child_by_field_name("function") for node in parsed.nodes("call")]
    targets += [node.child_by_field_name("constructor") for node in parsed.nodes("new")]
    for target in targets:
        if target is None:
            continue
        if target.type == "identifier":
            yield Call(text(target), line(target))
        elif target.type == "member_expression" or _is_written_member(target):
            yield from _member_call(target)


def _member_call(target: Node) -> Iterator[Call]:
    owner, name = _object(target), target.child_by_field_name("property") or target.child_by_field_name("index")
    if name is None or owner == target:
        return
    if owner.type in ("this", "super") and not _is_of_class(owner):
        yield Call(_property_name(target), line(name), owner=text(owner), via="field")
    elif owner.type in ("identifier", "this"):
        yield Call(_property_name(target), line(name), owner=text(owner), via="name")
    elif owner.type == "super":
        yield Call(_property_name(target), line(name), via="super")
    elif owner.type == "member_expression":
        root = _object(owner)
        yield Call(
            _property_name(target),
            line(name),
            _property_name(owner),
            via="own" if root.type == "this" else "field",
        )
    else:
        made = owner.named_children[0] if owner.type == "parenthesized_expression" else owner
        class_name = _class_of(made)
        yield Call(_property_name(target), line(name), owner=class_name, via="new" if class_name else "field")


def _is_of_class(node: Node) -> bool:
    """True if `this` or `super` is of a class that a definition stands for; False in an object or a function."""
    owning: Node | None = node
    while owning is not None and owning.type not in _OWNING:
        owning = owning.parent
    body = owning.parent if owning is not None else None
    made = body.parent if body is not None and body.type == "class_body" else None
    if made is None or made.type != "class":
        return made is not None
    return bool(_name(made)) or (made.parent is not None and _names_its_value(made.parent))


def _definitions(parsed: Parsed) -> Iterator[Candidate]:
    for node in parsed.nodes("definition"):
        candidate = _candidate(node)
        if candidate is not None and candidate.name:
            yield candidate


def _candidate(node: Node) -> Candidate | None:
    if node.type in _DECLARED:
        return _declared(node, _name(node), _DECLARED[node.type])
    if node.type == "variable_declarator":
        return _variable(node)
    if node.type == "assignment_expression":
        return _assigned(node)
    value = node.child_by_field_name("value")
    if node.type in ("field_definition", "public_field_definition"):
        kind: Kind = "method" if value is not None and value.type in _FUNCTIONS else "property"
        name = node.child_by_field_name("property") or node.child_by_field_name("name")
        return Candidate(node, _plain(name) if name is not None else "", kind)
    if node.type == "pair":
        key = node.child_by_field_name("key")
        is_function = value is not None and value.type in _FUNCTIONS and key is not None
        return Candidate(node, text(key).strip("'\""), "method") if is_function and key is not None else None
    return _expression(node)


def _name(node: Node) -> str:
    name = node.child_by_field_name("name")
    return _plain(name) if name is not None else ""


def _plain(name: Node) -> str:
    """Return the name of a member without what writes it: `#name`, `"name"`, `["name"]`."""
    return text(name).lstrip("#").strip("[]'\"")


def _declared(node: Node, name: str, kind: Kind) -> Candidate:
    return Candidate(node, name, kind, is_closed=_is_closed(node), bases=_bases(node))


def _bases(node: Node) -> tuple[str, ...]:
    """Return the names that a class extends; "" for one that is computed."""
    heritage = next((child for child in node.children if child.type == "class_heritage"), None)
    if heritage is None:
        return ()
    extends = next((child for child in heritage.named_children if child.type == "extends_clause"), heritage)
    value = extends.child_by_field_name("value") or (extends.named_children[0] if extends == heritage else None)
    if value is None or value.type == "implements_clause":
        return ()
    return (text(value) if value.type in ("identifier", "member_expression") else "",)


def _is_closed(node: Node) -> bool:
    """False for a class that copies whatever members it is given."""
    return _OPENING.search(node.text or b"") is None


def _variable(node: Node) -> Candidate | None:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None or name.type != "identifier":
        return None
    if value is not None and value.type in _FUNCTIONS:
        return Candidate(node, text(name), "function")
    if value is not None and value.type == "class":
        return Candidate(node, text(name), "class", is_closed=_is_closed(value), bases=_bases(value))
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
        return None if is_value_of_named else _declared(node, _name(node), kind)
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
