"""What a name stands for, and which members that has: a class, a module, an object literal, the runtime's own."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath

from agents.grounding.index import SymbolIndex
from agents.grounding.runtime import module_members, runtime_members, runtime_of
from agents.grounding.symbols import Definition, FileSymbols, Import

# Every object, function and class has these.
UNIVERSAL_MEMBERS = frozenset(dir(type)) | {
    *("constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString"),
    *("valueOf", "apply", "bind", "call", "name", "value", "length", "prototype", "default", "__esModule", "then"),
}


@dataclass(frozen=True)
class Shape:
    """`members` is None, or holds "*", where the text does not tell all of them.

    `has_runtime` adds every name of the runtime.
    """

    what: str
    members: frozenset[str] | None
    has_runtime: frozenset[str] = frozenset()

    def lacks(self, member: str) -> bool:
        if self.members is None or "*" in self.members:
            return False
        return member not in self.members | self.has_runtime | UNIVERSAL_MEMBERS


_OWN = ("this", "self", "cls")
OPEN = Shape("something that is not known", None)


class Shapes:
    """The shapes of one index; made for a check and thrown away with it."""

    def __init__(self, index: SymbolIndex) -> None:
        self._index = index

    def named(self, owner: str) -> list[Shape]:
        """Return everything that the name may stand for anywhere in the repository."""
        found = [self.defined(definition) for definition in self._index.lookup(owner)]
        found += [self.module(path) for path in sorted(self._modules_by_name.get(owner, ()))]
        if owner in self._loose_names:
            found.append(OPEN)
        return found

    def local(self, symbols: FileSymbols, name: str) -> Shape:
        """Return what a plain name of the file stands for, OPEN where it may be several things."""
        types = dict(symbols.types)
        if name in types:
            return self.instance(symbols, types[name])
        if name in symbols.rebound:
            return OPEN
        for item in symbols.imports:
            if found := self._imported(symbols, item, name):
                return found
        for definition in symbols.definitions if name in symbols.bound else ():
            if definition.qualified_name == name and definition.kind in ("class", "function", "variable"):
                return self.defined(definition)
        if name not in symbols.bound and not self._index.is_set_as_global(name):
            return self._runtime(name, symbols)
        return OPEN

    def field(self, symbols: FileSymbols, name: str) -> Shape:
        """Return what `this.name` or `self.name` holds in the file."""
        types = dict(symbols.field_types)
        return self.instance(symbols, types[name]) if name in types else OPEN

    def instance(self, symbols: FileSymbols, class_name: str) -> Shape:
        """Return an instance of the class that the file calls so."""
        definition = self._index.origin(symbols.path, class_name)
        makes = ("class", "function") if symbols.language == "javascript" else ("class",)
        if not isinstance(definition, Definition) or definition.kind not in makes:
            return OPEN
        return self._or_subclass(self.defined(definition), definition.name, frozenset())

    def _or_subclass(self, shape: Shape, name: str, seen: frozenset[str]) -> Shape:
        """Return the shape with what any subclass adds: code may find out which one it holds."""
        for definition in self._subclasses.get(name, ()):
            found = self._class(definition, frozenset())
            if shape.members is None or found.members is None:
                return OPEN
            if definition.name not in seen:
                shape = replace(
                    shape,
                    members=shape.members | found.members,
                    has_runtime=shape.has_runtime | found.has_runtime,
                )
                shape = self._or_subclass(shape, definition.name, seen | {name})
        return shape

    def enclosing_class(self, symbols: FileSymbols, line: int) -> Shape:
        """Return the innermost class around a line: what `this` or `self` is there."""
        innermost = self._class_around(symbols, line)
        if innermost is None:
            return OPEN
        shape = self.defined(innermost)
        return replace(shape, members=shape.members | self._set_names) if shape.members is not None else shape

    def bases_around(self, symbols: FileSymbols, line: int) -> Shape:
        """Return what `super` is at a line: the bases of the innermost class around it."""
        innermost = self._class_around(symbols, line)
        if innermost is None or not innermost.bases:
            return OPEN
        return self._inherited(innermost, frozenset())

    def _class_around(self, symbols: FileSymbols, line: int) -> Definition | None:
        around = [found for found in symbols.definitions if found.kind == "class" and found.overlaps(line, line)]
        innermost = max(around, key=lambda found: found.line_start, default=None)
        # A subclass, or another base beside a mixin, may bring what the class only calls.
        if innermost is None or innermost.name in self._subclasses or "Mixin" in innermost.name:
            return None
        # Of several that begin on one line it may be any.
        beside = [found for found in around if found.line_start == innermost.line_start]
        return innermost if len(beside) == 1 else None

    def set_on(self, owner: str) -> frozenset[str]:
        """Return what any file sets on something that it calls so."""
        return self._pairs.get(owner, frozenset())

    def module(self, path: str) -> Shape:
        """Return what an import of the whole module gives."""
        symbols = self._index.files.get(path)
        if symbols is None:
            return OPEN
        if symbols.exports.is_commonjs and symbols.exports.default:
            origin = self._index.origin(path, "default")
            if isinstance(origin, Definition):
                return self.defined(origin)
        exported = self._index.exported_names(path)
        members = exported | self._index.submodules(path) if exported is not None else None
        return Shape(f"the module `{path}`", members)

    def defined(self, definition: Definition) -> Shape:
        """Return the shape of what a definition makes."""
        if definition.kind == "class":
            return self._class(definition, frozenset())
        if definition.kind == "function" and not definition.is_closed:
            return Shape(f"the decorated `{definition.name}`", None)
        if definition.kind == "function":
            return Shape(f"the function `{definition.qualified_name}`", self._written_members(definition))
        keys = dict(self._index.files[definition.path].objects).get(definition.qualified_name)
        if definition.kind == "variable" and keys is not None:
            inner = self._children.get((definition.path, definition.qualified_name), frozenset())
            return Shape(
                f"the object `{definition.name}`", keys | inner | self._pairs.get(definition.name, frozenset())
            )
        return OPEN

    def _class(self, definition: Definition, seen: frozenset[str]) -> Shape:
        key = f"{definition.path}:{definition.qualified_name}"
        if not definition.is_closed or key in seen:
            return Shape(f"the class `{definition.name}`", None)
        bases = self._inherited(definition, seen | {key})
        if bases.members is None:
            return Shape(f"the class `{definition.name}`", None)
        members = self._written_members(definition) | bases.members
        return Shape(f"the class `{definition.qualified_name}`", members, bases.has_runtime)

    def _inherited(self, definition: Definition, seen: frozenset[str]) -> Shape:
        """Return all bases of a class as one shape."""
        members: frozenset[str] = frozenset()
        has_runtime: frozenset[str] = frozenset()
        for base in definition.bases:
            shape = self._base(definition.path, base, seen)
            if shape.members is None:
                return OPEN
            members |= shape.members
            has_runtime |= shape.has_runtime
        names = ", ".join(f"`{base}`" for base in definition.bases)
        return Shape(f"the base of `{definition.name}`, {names},", members, has_runtime)

    def _base(self, path: str, base: str, seen: frozenset[str]) -> Shape:
        symbols, (root, _, rest) = self._index.files[path], base.partition(".")
        origin = self._index.origin(path, root)
        if isinstance(origin, str) and rest:
            origin = self._index.origin(origin, rest)
        if isinstance(origin, Definition):
            return self._class(origin, seen) if origin.kind == "class" else OPEN
        imports = [item for item in symbols.imports if root in _locals(item)]
        runtime = runtime_of(symbols.language)
        is_runtime = all(_top(item.module) in runtime.modules for item in imports)
        if not is_runtime or not (imports or base in runtime.globals):
            return OPEN
        if symbols.language == "python":
            inherited = runtime_members(rest or root, "python")
        else:
            # Of what only browsers have no members are known.
            inherited = runtime.names if imports or runtime_members(base, "javascript") else None
        return Shape(base, frozenset(), inherited) if inherited else OPEN

    def _written_members(self, definition: Definition) -> frozenset[str]:
        """Return the names below a definition, those put on it from elsewhere, and those set on its instances."""
        members = self._children.get((definition.path, definition.qualified_name), frozenset())
        set_on_it = self._pairs.get(definition.name, frozenset())
        members |= set_on_it | ({"*"} if "prototype" in set_on_it else set())
        symbols = self._index.files[definition.path]
        set_here = {
            name for owner, _, name in (pair.rpartition(".") for pair in symbols.assigned_pairs) if owner in _OWN
        }
        # A method that is only called does not exist because of that.
        called = {call.name for call in symbols.calls if call.via in ("name", "field") and call.owner in _OWN}
        return members | set_here | (symbols.own_members - called)

    def _imported(self, symbols: FileSymbols, item: Import, name: str) -> Shape | None:
        """Return what the import binds `name` to, or None if it binds another name."""
        is_dotted = "." in name and name == item.module  # `import a.b`
        if name not in _locals(item) and not is_dotted:
            return None
        target = self._index.resolve(item, importer=symbols.path)
        is_whole = name == item.whole or is_dotted
        if target is None:
            module = item.module.removeprefix("node:")
            is_module = is_whole or name == item.default
            members = module_members(module, symbols.language) if is_module else None
            return Shape(f"the module `{module}`", members) if members else OPEN
        if item.is_replaced or target not in self._index.files:
            return OPEN
        if is_whole or (name == item.default and self._index.files[target].exports.is_commonjs):
            return self.module(target)
        origin = self._index.origin(symbols.path, name)
        if isinstance(origin, str):
            return self.module(origin)
        keys = dict(self._index.files[target].objects).get("default") if name == item.default else None
        if origin is None and keys is not None:
            return Shape(f"the default export of `{target}`", keys)
        return self.defined(origin) if origin is not None else OPEN

    def _runtime(self, name: str, symbols: FileSymbols) -> Shape:
        members = runtime_members(name, symbols.language)
        return Shape(f"`{name}` of the runtime", members) if members else OPEN

    @cached_property
    def _children(self) -> dict[tuple[str, str], frozenset[str]]:
        children: dict[tuple[str, str], set[str]] = defaultdict(set)
        for symbols in self._index.files.values():
            for definition in symbols.definitions:
                owner, _, name = definition.qualified_name.rpartition(".")
                children[symbols.path, owner].add(name)
        return {key: frozenset(names) for key, names in children.items()}

    @cached_property
    def _pairs(self) -> dict[str, frozenset[str]]:
        """Members that some file assigns to, by their owner: `Owner.name = ...`, `Owner.prototype.name = ...`."""
        pairs: dict[str, set[str]] = defaultdict(set)
        for symbols in self._index.files.values():
            for pair in symbols.assigned_pairs:
                owner, _, name = pair.replace(".prototype.", ".").rpartition(".")
                pairs[owner].add(name)
        return {owner: frozenset(names) for owner, names in pairs.items()}

    @cached_property
    def _set_names(self) -> frozenset[str]:
        """Every member that is assigned to anything."""
        return frozenset().union(*self._pairs.values()) - {"*"}

    @cached_property
    def _subclasses(self) -> dict[str, list[Definition]]:
        """The classes that extend another one, by the plain name of that one."""
        subclasses: dict[str, list[Definition]] = defaultdict(list)
        for symbols in self._index.files.values():
            for definition in symbols.definitions:
                for base in definition.bases:
                    subclasses[base.rpartition(".")[2]].append(definition)
        return dict(subclasses)

    @cached_property
    def _modules_by_name(self) -> dict[str, set[str]]:
        modules: dict[str, set[str]] = defaultdict(set)
        for symbols in self._index.files.values():
            if symbols.language == "python":
                file = PurePosixPath(symbols.path)
                modules[file.parent.name if file.stem == "__init__" else file.stem].add(symbols.path)
            for item in symbols.imports:
                for name in _locals(item):
                    origin = self._index.origin(symbols.path, name)
                    if isinstance(origin, str):
                        modules[name].add(origin)
        return modules

    @cached_property
    def _loose_names(self) -> frozenset[str]:
        """Names that are a parameter or variable somewhere: what they hold is not known there."""
        loose: set[str] = set()
        for symbols in self._index.files.values():
            told = {found.qualified_name for found in symbols.definitions}
            told.update(name for item in symbols.imports for name in _locals(item))
            loose |= (symbols.bound - told) | (symbols.rebound - set(dict(symbols.types)))
        return frozenset(loose)


def _locals(item: Import) -> Iterator[str]:
    yield from (name for name in (item.whole, item.default) if name)
    yield from (name.local for name in item.names if name.local)


def _top(module: str) -> str:
    return module.removeprefix("node:") if "." not in module or "/" in module else module.split(".")[0]
