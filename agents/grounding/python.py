"""Read the symbols of a Python file."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from itertools import chain

from tree_sitter import Node

from agents.grounding.parsing import Parsed, parse
from agents.grounding.symbols import (
    Call,
    Candidate,
    Exports,
    FileSymbols,
    Import,
    ImportedName,
    Kind,
    first_error_line,
    first_lines,
    line,
    qualified,
    single_types,
    text,
    without_comments,
)

_OPTIONAL = re.compile(r"(?:typing\.)?Optional\[(\w+)\]|(\w+) *\| *None|None *\| *(\w+)")
_WORD = re.compile(r"[^\W\d]\w*")
# Calls that can add names to a module which its text does not show.
_OPENING_CALLS = frozenset({"globals", "vars", "exec", "setattr"})
# What has names of its own: those are none of the class that it stands in.
_SCOPES = frozenset(
    {"function_definition", "class_definition", "lambda", "list_comprehension", "set_comprehension"}
    | {"dictionary_comprehension", "generator_expression"}
)
# Class decorators that add no member with a name of its own; of others nothing is known.
_PLAIN_DECORATORS = re.compile(
    r"@(?:dataclasses\.|functools\.|typing\.)?(?:dataclass|total_ordering|final|runtime_checkable)\b"
)
# What a class body says when its instances get members that are not written in it.
_PLAIN_METACLASSES = frozenset({"ABCMeta", "abc.ABCMeta"})
_METACLASSES = _PLAIN_METACLASSES | {"type", "EnumMeta", "EnumType", "enum.EnumMeta", "enum.EnumType"}
_OPENING_TEXTS = (
    *(b"def __getattr__", b"def __getattribute__", b"setattr(self", b"setattr(cls", b"self.__dict__"),
    *(b"vars(self)", b"locals()["),
)


def read(source: bytes, *, path: str, grammar: str) -> FileSymbols:
    """Return the symbols of one file."""
    parsed = parse(source, grammar=grammar)
    found_imports = tuple(chain.from_iterable(map(_imports, parsed.nodes("import")))) + tuple(
        _from_import(node) for node in parsed.nodes("from")
    )
    bound = frozenset(_bound_nodes(parsed))
    names = Counter(text(node) for node in bound)
    names.update(local for item in found_imports for local in _locals(item))
    calls = tuple(_calls(parsed, frozenset(item.module for item in found_imports if _is_dotted(item))))
    types = single_types(chain(_types(parsed), ((name, "") for item in found_imports for name in _locals(item))))
    attributes = [(_field(node, "object"), _field(node, "attribute")) for node in parsed.nodes("attribute")]
    return FileSymbols(
        path=path,
        language="python",
        line_count=len(source.splitlines()),
        syntax_error_line=first_error_line(parsed.root),
        definitions=qualified(_definitions(parsed, bound), path=path),
        imports=found_imports,
        exports=_exports(parsed, found_imports, calls),
        calls=calls,
        bound=frozenset(names),
        rebound=frozenset(name for name, times in names.items() if times > 1),
        members=frozenset(name for _, name in attributes),
        own_members=frozenset(name for owner, name in attributes if owner in ("self", "cls")),
        member_pairs=frozenset(f"{owner}.{name}" for owner, name in attributes if owner.isidentifier()),
        assigned_pairs=frozenset(chain.from_iterable(map(_assigned_attributes, parsed.nodes("target"))))
        | frozenset(_set_by_name(parsed)),
        asked_pairs=frozenset(_asked_pairs(parsed)),
        keys=frozenset(text(node) for node in parsed.nodes("key")),
        global_names=frozenset(),
        words=frozenset(_WORD.findall(without_comments(source, parsed.nodes("comment")))),
        free_reads=first_lines(filter(_is_read, parsed.nodes("identifier")), bound=frozenset(names)),
        types=types,
        field_types=single_types(_field_types(parsed, dict(types))),
    )


def _is_read(node: Node) -> bool:
    """True unless the identifier is an attribute, a keyword, or part of an import, pattern or type parameter."""
    parent = node.parent
    if parent is None or parent.type in ("dotted_name", "aliased_import", "type_parameter", "keyword_pattern"):
        return False
    if parent.type == "attribute":
        return parent.child_by_field_name("attribute") != node
    return not (parent.type == "keyword_argument" and parent.child_by_field_name("name") == node)


def _types(parsed: Parsed) -> Iterator[tuple[str, str]]:
    """Yield (name, class) for each binding of a name, "" where the binding does not tell."""
    told: dict[Node, str] = {}
    for node in parsed.nodes("typed"):
        name = node.child_by_field_name("name") or node.named_children[0]
        told[name] = _plain_type(_field(node, "type"))
    for node in parsed.nodes("assignment"):
        left = node.child_by_field_name("left")
        if left is not None and left.type == "identifier":
            told[left] = _plain_type(_field(node, "type")) or _made(node.child_by_field_name("right"))
    for node in _bound_nodes(parsed):
        yield text(node), told.get(node, "")


def _plain_type(annotation: str) -> str:
    plain = annotation.strip("'\"")
    if optional := _OPTIONAL.fullmatch(plain):
        plain = next(filter(None, optional.groups()))
    return plain if plain.isidentifier() else ""


def _made(value: Node | None) -> str:
    """Return the name that is called in `Name(...)`: a class, as far as its capital says."""
    function = value.child_by_field_name("function") if value is not None and value.type == "call" else None
    name = text(function) if function is not None and function.type == "identifier" else ""
    return name if name[:1].isupper() else ""


def _field_types(parsed: Parsed, types: dict[str, str]) -> Iterator[tuple[str, str]]:
    for node in parsed.nodes("assignment"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or left.type != "attribute" or _field(left, "object") not in ("self", "cls"):
            continue
        given = types.get(text(right), "") if right is not None and right.type == "identifier" else _made(right)
        yield _field(left, "attribute"), _plain_type(_field(node, "type")) or given


def _field(node: Node, name: str) -> str:
    child = node.child_by_field_name(name)
    return text(child) if child is not None else ""


def _bound_nodes(parsed: Parsed) -> Iterator[Node]:
    yield from parsed.nodes("bound")
    for target in parsed.nodes("target"):
        yield from _target_names(target)


def _assigned_attributes(target: Node) -> Iterator[str]:
    """Yield the attributes that an assignment target sets, as `owner.name`."""
    if target.type == "attribute":
        yield text(target)
    elif target.type not in ("subscript", "call"):
        for child in target.named_children:
            yield from _assigned_attributes(child)


def _set_by_name(parsed: Parsed) -> Iterator[str]:
    """Yield `owner.name` for `setattr(owner, "name", value)`, `owner.*` where the name is not written there."""
    for owner, name in _named_in_calls(parsed, "setattr"):
        if name.type == "string" or owner not in ("self", "cls"):
            yield f"{owner}.{text(name)[1:-1] if name.type == 'string' else '*'}"


def _asked_pairs(parsed: Parsed) -> Iterator[str]:
    """Yield `owner.name` for what the file asks for, or is ready to miss, before it takes it."""
    for owner, name in _named_in_calls(parsed, "hasattr", "getattr"):
        yield f"{owner}.{text(name)[1:-1]}"
    tried = [node.byte_range for node in parsed.nodes("try") if _expects_no_attribute(node)]
    for node in parsed.nodes("attribute") if tried else ():
        if any(start <= node.start_byte < end for start, end in tried):
            yield text(node)


def _named_in_calls(parsed: Parsed, *functions: str) -> Iterator[tuple[str, Node]]:
    """Yield the first two arguments of the calls of these functions."""
    for node in parsed.nodes("call"):
        arguments = node.child_by_field_name("arguments")
        if _field(node, "function") in functions and arguments is not None and len(arguments.named_children) > 1:
            yield text(arguments.named_children[0]), arguments.named_children[1]


def _expects_no_attribute(node: Node) -> bool:
    """True for `try` with `except AttributeError`."""
    clauses = [child for child in node.named_children if child.type == "except_clause"]
    return any("AttributeError" in text(part) for clause in clauses for part in clause.named_children[:-1])


def _target_names(target: Node) -> Iterator[Node]:
    """Yield the identifiers that an assignment target binds; `a.b` and `a[b]` bind none."""
    if target.type == "identifier":
        yield target
    elif target.type not in ("attribute", "subscript", "call"):
        for child in target.named_children:
            yield from _target_names(child)


def _definitions(parsed: Parsed, bound: frozenset[Node]) -> Iterator[Candidate]:
    for node in parsed.nodes("definition"):
        outer = node.parent if node.parent is not None and node.parent.type == "decorated_definition" else node
        is_class = node.type == "class_definition"
        scope = outer.parent.parent if outer.parent is not None else None
        is_method = not is_class and scope is not None and scope.type == "class_definition"
        decorators = [child for child in outer.children if child.type == "decorator"]
        is_closed = all(_PLAIN_DECORATORS.match(text(each)) for each in decorators) and not any(
            opening in (node.text or b"") for opening in _OPENING_TEXTS
        )
        bases = tuple(_bases(node)) if is_class else ()
        kind: Kind = "class" if is_class else "method" if is_method else "function"
        yield Candidate(outer, _field(node, "name"), kind, is_closed=is_closed, bases=bases)
        body = node.child_by_field_name("body")
        if is_class and body is not None:
            yield from _class_names(body, bound)
    for node in parsed.nodes("assignment"):
        left, statement = node.child_by_field_name("left"), node.parent
        scope = statement.parent if statement is not None else None
        if left is not None and left.type == "identifier" and scope is not None and scope.type == "module":
            yield Candidate(node, text(left), "variable")


def _class_names(node: Node, bound: frozenset[Node]) -> Iterator[Candidate]:
    """Yield what the statements of a class body bind, in whatever way; methods and inner classes left out."""
    for child in node.named_children:
        if child in bound:
            right = node.child_by_field_name("right") if node.type == "assignment" else None
            slots = _strings(right) if right is not None and text(child) == "__slots__" else []
            yield from (Candidate(slot, text(slot)[1:-1], "property") for slot in slots)
            # A definition owns what stands inside it; of `a = b = 1` and `a, b = 1, 2` each name is the class's.
            is_alone = node.type == "assignment" and not slots and (right is None or right.type != "assignment")
            yield Candidate(node if is_alone else child, text(child), "property")
        elif child.type in ("import_statement", "import_from_statement"):
            for name in child.children_by_field_name("name"):
                yield Candidate(name, _field(name, "alias") or text(name).split(".")[0], "property")
        elif child.type not in _SCOPES:
            yield from _class_names(child, bound)


def _strings(node: Node) -> list[Node]:
    """Return the strings of a string, tuple or list."""
    parts = [node] if node.type == "string" else node.named_children
    return [part for part in parts if part.type == "string"]


def _bases(node: Node) -> Iterator[str]:
    """Yield the names of a class's bases, type arguments left out; "" for one that is computed."""
    bases = node.child_by_field_name("superclasses")
    for base in bases.named_children if bases is not None else ():
        if base.type == "keyword_argument" and _field(base, "name") == "metaclass":
            # A metaclass gives its classes members that are written in neither it nor their bases.
            yield value if (value := _field(base, "value")) in _PLAIN_METACLASSES else ""
            continue
        if base.type in ("keyword_argument", "comment"):
            continue
        plain = base.child_by_field_name("value") if base.type == "subscript" else base
        is_told = plain is not None and plain.type in ("identifier", "attribute")
        # What a metaclass calls on its classes is written in neither.
        yield text(plain) if plain is not None and is_told and text(plain) not in _METACLASSES else ""


def _imports(node: Node) -> Iterator[Import]:
    for name in node.children_by_field_name("name"):
        alias = _field(name, "alias")
        module = _field(name, "name") if alias else text(name)
        # `import a.b` binds `a`; only a plain module or an alias stands for the module itself.
        whole = alias or (module if "." not in module else "")
        names = () if whole else (ImportedName("", module.split(".")[0]),)
        yield Import(module, line(node), names, whole=whole, is_optional=_is_tried(node))


def _from_import(node: Node) -> Import:
    names = tuple(
        ImportedName(_field(name, "name"), _field(name, "alias"))
        if name.type == "aliased_import"
        else ImportedName(text(name), text(name))
        for name in node.children_by_field_name("name")
    )
    is_star = any(child.type == "wildcard_import" for child in node.children)
    module = _field(node, "module_name")
    return Import(module, line(node), names, is_star=is_star, is_optional=_is_tried(node))


def _locals(item: Import) -> Iterator[str]:
    if item.whole:
        yield item.whole
    yield from (name.local for name in item.names)


def _is_dotted(item: Import) -> bool:
    """True for `import a.b`, after which the module is called `a.b`."""
    return not item.whole and [name.imported for name in item.names] == [""]


def _is_tried(node: Node) -> bool:
    """True inside `try`, and for imports that only a type checker follows."""
    parent = node.parent
    while parent is not None and parent.type != "module":
        if parent.type == "try_statement":
            return True
        if parent.type == "if_statement" and "TYPE_CHECKING" in _field(parent, "condition"):
            return True
        parent = parent.parent
    return False


def _calls(parsed: Parsed, dotted: frozenset[str]) -> Iterator[Call]:
    for node in parsed.nodes("call"):
        function = node.child_by_field_name("function")
        if function is None:
            continue
        if function.type == "identifier":
            yield Call(text(function), line(function))
        elif function.type == "attribute":
            yield from _member_call(function, dotted)


def _member_call(function: Node, dotted: frozenset[str]) -> Iterator[Call]:
    owner, name, at = function.child_by_field_name("object"), _field(function, "attribute"), line(function)
    if owner is None:
        return
    if text(owner) in ("self", "cls") and not _is_of_class(owner):
        yield Call(name, at, owner=text(owner), via="field")
    elif owner.type == "identifier" or text(owner) in dotted:
        yield Call(name, at, owner=text(owner), via="name")
    elif owner.type == "attribute":
        is_own = _field(owner, "object") in ("self", "cls")
        yield Call(name, at, owner=_field(owner, "attribute"), via="own" if is_own else "field")
    elif owner.type == "call" and _field(owner, "function") == "super":
        yield Call(name, at, via="super")
    else:
        made = _made(owner)
        yield Call(name, at, owner=made, via="new" if made else "field")


def _is_of_class(owner: Node) -> bool:
    """True if `self` or `cls` is a parameter of a method of the class around it, not of one further out."""
    node: Node | None = owner.parent
    while node is not None and node.type != "class_definition":
        parameters = node.child_by_field_name("parameters") if node.type == "function_definition" else None
        if parameters is not None and any(text(each) == text(owner) for each in parameters.named_children):
            outer = node.parent
            block = outer.parent if outer is not None and outer.type == "decorated_definition" else outer
            return block is not None and block.parent is not None and block.parent.type == "class_definition"
        node = node.parent
    return False


def _exports(parsed: Parsed, found_imports: tuple[Import, ...], calls: tuple[Call, ...]) -> Exports:
    """Return the names bound at the module's own level."""
    outermost: list[tuple[int, int]] = []
    names: set[str] = set()
    for node in sorted(parsed.nodes("definition"), key=lambda found: found.start_byte):
        if not outermost or node.start_byte >= outermost[-1][1]:
            outermost.append((node.start_byte, node.end_byte))
            names.add(_field(node, "name"))
    starts = [start for start, _ in outermost]
    for node in _bound_nodes(parsed):
        before = bisect_right(starts, node.start_byte) - 1
        if before < 0 or node.start_byte >= outermost[before][1]:
            names.add(text(node))
    names.update(local for item in found_imports for local in _locals(item))
    names.update(text(node) for node in parsed.nodes("bound") if _is_global(node))
    star_from = tuple(item.module for item in found_imports if item.is_star)
    is_closed = not (
        "__getattr__" in names
        or any(call.name in _OPENING_CALLS and not call.via for call in calls)
        or b"sys.modules[__name__]" in (parsed.root.text or b"")
    )
    return Exports(frozenset(names), is_closed, star_from)


def _is_global(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "global_statement"
