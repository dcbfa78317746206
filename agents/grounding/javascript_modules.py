"""What a JavaScript or TypeScript file imports and exports: ES modules, CommonJS, and Jest's module mocks."""

from collections.abc import Iterator

from tree_sitter import Node

from agents.grounding.parsing import Parsed
from agents.grounding.symbols import Exports, Import, ImportedName, line, text

# https://jestjs.io/docs/jest-object: these take a module's name; with a factory, `mock` needs no real module
# only when it is virtual, which the third argument says.
_JEST_LOADERS = frozenset({"mock", "doMock", "unmock", "dontMock", "requireActual", "requireMock"})
# The block is that of `declare global { ... }`.
_DECLARING = frozenset({"lexical_declaration", "variable_declaration", "ambient_declaration", "statement_block"})
_OPENING_CALLS = frozenset({"Object.assign", "Object.defineProperty", "Object.defineProperties"})


def imports(parsed: Parsed) -> Iterator[Import]:
    for node in parsed.nodes("import"):
        yield from _import_statement(node)
    for node in parsed.nodes("export"):
        source = node.child_by_field_name("source")
        if source is not None:
            names = tuple(
                ImportedName(imported, "", exported)
                for imported, exported in (*_specifiers(node, "export_specifier"), *_namespaces(node))
            )
            yield Import(_string(source), line(node), names, is_star=not names)
    for node in parsed.nodes("call"):
        module = _loaded_module(node)
        if module is not None:
            yield _call_import(node, module)


def _import_statement(node: Node) -> Iterator[Import]:
    source = node.child_by_field_name("source")
    default = whole = ""
    names: list[ImportedName] = []
    for clause in node.named_children:
        if clause.type == "import_require_clause":
            source, whole = clause.child_by_field_name("source"), text(clause.named_children[0])
        for part in clause.named_children if clause.type == "import_clause" else ():
            if part.type == "identifier":
                default = text(part)
            elif part.type == "namespace_import":
                whole = text(part.named_children[0])
            else:
                names += [ImportedName(*pair) for pair in _specifiers(clause, "import_specifier")]
    if source is not None:
        yield Import(_string(source), line(node), tuple(names), default=default, whole=whole)


def _namespaces(export: Node) -> Iterator[tuple[str, str]]:
    """Yield ("*", name) for `export * as name from`."""
    for child in export.children:
        if child.type == "namespace_export":
            yield "*", text(child.named_children[0])


def _specifiers(node: Node, kind: str) -> Iterator[tuple[str, str]]:
    """Yield (name, alias or name) of each specifier below `node`."""
    for child in node.named_children:
        if child.type == kind:
            name, alias = child.child_by_field_name("name"), child.child_by_field_name("alias")
            if name is not None:
                yield text(name), text(alias if alias is not None else name)
        elif child.type in ("named_imports", "export_clause"):
            yield from _specifiers(child, kind)


def _loaded_module(call: Node) -> str | None:
    """Return the module that `require`, `import()` or a function of Jest loads by a constant name."""
    function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    if function is None or arguments is None or arguments.type != "arguments" or not arguments.named_children:
        return None
    first = arguments.named_children[0]
    name = text(function)
    loads = name in ("require", "require.resolve", "import")
    loads = loads or (name.startswith("jest.") and name.removeprefix("jest.") in _JEST_LOADERS)
    return _string(first) if loads and first.type == "string" else None


def _call_import(call: Node, module: str) -> Import:
    arguments = call.child_by_field_name("arguments")
    argument_count = len(arguments.named_children) if arguments is not None else 0
    is_optional = argument_count > 2 or _is_tried(call)
    if argument_count > 1:
        return Import(module, line(call), is_optional=is_optional, is_replaced=True)
    parent = call.parent
    while parent is not None and parent.type in ("await_expression", "parenthesized_expression", "as_expression"):
        parent = parent.parent
    if parent is None:
        return Import(module, line(call), is_optional=is_optional)
    if parent.type == "member_expression" and text(call).startswith("require("):
        member = parent.child_by_field_name("property")
        names = (ImportedName(text(member), ""),) if member is not None else ()
        return Import(module, line(call), names, is_optional=is_optional)
    target = parent.child_by_field_name("name") if parent.type == "variable_declarator" else None
    if target is not None and target.type == "identifier":
        return Import(module, line(call), whole=text(target), is_optional=is_optional)
    if target is not None and target.type == "object_pattern":
        return Import(module, line(call), tuple(_destructured(target)), is_optional=is_optional)
    return Import(module, line(call), is_optional=is_optional)


def _destructured(pattern: Node) -> Iterator[ImportedName]:
    for part in pattern.named_children:
        if part.type == "object_assignment_pattern":
            continue  # a default stands in for a name that the module may lack
        key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
        if part.type == "shorthand_property_identifier_pattern":
            yield ImportedName(text(part), text(part))
        elif key is not None and key.type == "property_identifier" and value is not None:
            yield ImportedName(text(key), text(value) if value.type == "identifier" else "")


def _is_tried(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.type != "program":
        if parent.type == "try_statement":
            return True
        parent = parent.parent
    return False


def _string(node: Node) -> str:
    return "".join(text(part) for part in node.named_children if part.type == "string_fragment")


def exports(parsed: Parsed) -> Exports:
    """Return the exported names; a form that cannot be followed leaves the module open."""
    module = _EsExports(parsed)
    common = _CommonJsExports(parsed)
    if module.is_used and common.is_used:
        return Exports(is_closed=False)
    used = common if common.is_used else module
    return Exports(
        frozenset(used.names),
        used.is_closed,
        tuple(used.star_from),
        is_commonjs=common.is_used,
        default=used.default,
    )


class _EsExports:
    def __init__(self, parsed: Parsed) -> None:
        self.names: set[str] = set()
        self.star_from: list[str] = []
        self.is_closed = True
        self.default = ""
        statements = [node for node in parsed.nodes("export") if node.parent is not None]
        self.is_used = bool(statements)
        for node in statements:
            if node.parent is not None and node.parent.type == "program":
                self._read(node)

    def _read(self, node: Node) -> None:
        kinds = {child.type for child in node.children}
        source, declaration = node.child_by_field_name("source"), node.child_by_field_name("declaration")
        if "=" in kinds or "import" in kinds:
            self.is_closed = False  # TypeScript's `export =` and `export import`
        elif "default" in kinds:
            self.names.add("default")
            value = node.child_by_field_name("value")
            named = declaration.child_by_field_name("name") if declaration is not None else value
            self.default = text(named) if named is not None and named.type.endswith("identifier") else ""
        elif declaration is not None:
            self.names.update(declared_names(declaration))
        elif "namespace_export" in kinds:
            self.names.update(
                text(child.named_children[0]) for child in node.children if child.type == "namespace_export"
            )
        elif "export_clause" in kinds:
            self.names.update(alias.strip("'\"") for _, alias in _specifiers(node, "export_specifier"))
        elif source is not None:
            self.star_from.append(_string(source))
        else:
            self.is_closed = False


def declared_names(declaration: Node) -> Iterator[str]:
    """Yield the names that a declaration gives to the scope around it."""
    name = declaration.child_by_field_name("name")
    if name is not None and declaration.type != "variable_declarator":
        yield text(name)
    elif declaration.type == "variable_declarator" and name is not None:
        yield from _pattern_names(name)
    elif declaration.type in _DECLARING:
        for child in declaration.named_children:
            yield from declared_names(child)


def _pattern_names(pattern: Node) -> Iterator[str]:
    if pattern.type in ("identifier", "shorthand_property_identifier_pattern"):
        yield text(pattern)
    for child in pattern.named_children:
        yield from _pattern_names(child)


class _CommonJsExports:
    def __init__(self, parsed: Parsed) -> None:
        self.names: set[str] = set()
        self.star_from: list[str] = []
        self.is_closed = True
        self.default = ""
        self._parsed = parsed
        references = [node for node in parsed.nodes("exports") if not _is_bound(node)]
        references += [node for node in parsed.nodes("member") if text(node) == "module.exports"]
        self.is_used = bool(references)
        for node in references:
            self._reference(node)

    def _reference(self, node: Node) -> None:
        parent = node.parent
        if parent is None or parent.type == "expression_statement":
            return
        if parent.type == "member_expression":
            self._member(parent)
        elif parent.type == "assignment_expression":
            is_left = parent.child_by_field_name("left") == node
            if is_left:
                self._value(parent.child_by_field_name("right"))
        else:
            self.is_closed = False

    def _member(self, member: Node) -> None:
        parent, name = member.parent, member.child_by_field_name("property")
        if parent is None or name is None:
            return
        if parent.type == "assignment_expression" and parent.child_by_field_name("left") == member:
            self.names.add(text(name))

    def _value(self, value: Node | None) -> None:
        if value is None:
            return
        if value.type == "assignment_expression":  # exports = module.exports = {...}
            left = value.child_by_field_name("left")
            if left is None or text(left) not in ("exports", "module.exports"):
                self._value(value.child_by_field_name("right"))
        elif value.type == "object":
            self._object(value)
        elif value.type == "identifier":
            self.default = text(value)
            self._variable(text(value))
        elif value.type in ("function_expression", "class") and value.child_by_field_name("name") is not None:
            self.default = text(value.child_by_field_name("name") or value)
            self.is_closed = False
        elif value.type == "call_expression" and (module := _loaded_module(value)) is not None:
            self.star_from.append(module)
        elif text(value) not in ("exports", "module.exports"):
            self.is_closed = False

    def _object(self, literal: Node) -> None:
        for part in literal.named_children:
            if part.type == "shorthand_property_identifier":
                self.names.add(text(part))
            elif part.type == "spread_element":
                module = _loaded_module(part.named_children[0])
                if module is None:
                    self.is_closed = False
                else:
                    self.star_from.append(module)
            elif part.type in ("pair", "method_definition"):
                key = part.child_by_field_name("key") or part.child_by_field_name("name")
                if key is None or key.type not in ("property_identifier", "string"):
                    self.is_closed = False
                else:
                    self.names.add(_string(key) if key.type == "string" else text(key))

    def _variable(self, name: str) -> None:
        """Follow `module.exports = name` to the one object literal that `name` is."""
        literals = []
        for node in self._parsed.nodes("definition"):
            target, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if node.type == "variable_declarator" and target is not None and text(target) == name:
                literals.append(value)
        is_changed = any(text(node) == name for node in self._parsed.nodes("assigned")) or any(
            _first_argument(node) == name for node in self._parsed.nodes("call")
        )
        if len(literals) != 1 or literals[0] is None or literals[0].type != "object" or is_changed:
            self.is_closed = False
            return
        self._object(literals[0])
        for node in self._parsed.nodes("member"):
            owner = node.child_by_field_name("object")
            if owner is not None and text(owner) == name:
                self._member(node)


def _first_argument(call: Node) -> str:
    function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    if function is None or arguments is None or text(function) not in _OPENING_CALLS:
        return ""
    return text(arguments.named_children[0]) if arguments.named_children else ""


def _is_bound(node: Node) -> bool:
    """True where `exports` is a parameter or variable of the file's own."""
    return node.parent is not None and node.parent.type in ("formal_parameters", "required_parameter")
