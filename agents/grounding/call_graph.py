"""Who calls what in a repository, as far as its text tells: the edges of the symbol index."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import Literal, NamedTuple

from agents.grounding.index import SymbolIndex
from agents.grounding.symbols import Call, Definition, FileSymbols

# A method name that more definitions share says too little about which of them is called.
MOST_NAMESAKES = 3


class Reference(NamedTuple):
    """A place that uses a definition. "possible": a method call by name whose receiver is not known."""

    path: str
    line: int
    inside: Definition | None  # the innermost definition around it; None at the module's own level
    how: Literal["call", "possible", "import"]


class CallGraph:
    """Over one index, made once and asked often."""

    def __init__(self, index: SymbolIndex) -> None:
        self._index = index

    def references_to(self, definition: Definition) -> list[Reference]:
        """Return every place that calls the definition or imports it without calling it, sorted by place."""
        found = self._edges.get(_key(definition), [])
        calling = {reference.path for reference in found if reference.how == "call"}
        imported = [
            reference for reference in self._imports.get(_key(definition), []) if reference.path not in calling
        ]
        return sorted({*found, *imported}, key=lambda reference: (reference.path, reference.line))

    def around(self, path: str, line: int) -> Definition | None:
        """Return the innermost function, method or route that holds a line, else what else is defined there."""
        holding = [found for found in self._index.definitions_in(path) if found.overlaps(line, line)]
        # A callback whose call says a text, as a route does, is known by that; others are part of what is around.
        named = [
            found for found in holding if found.kind in ("function", "method") or "('" in found.qualified_name
        ]
        around = named or [found for found in holding if found.kind == "callback"] or holding
        return max(around, key=lambda found: (found.line_start, -found.line_end), default=None)

    @cached_property
    def _edges(self) -> dict[tuple[str, str], list[Reference]]:
        edges: dict[tuple[str, str], list[Reference]] = defaultdict(list)
        for symbols in self._index.files.values():
            for call in symbols.calls:
                for definition, is_certain in self._called(symbols, call):
                    inside = self.around(symbols.path, call.line)
                    how: Literal["call", "possible"] = "call" if is_certain else "possible"
                    edges[_key(definition)].append(Reference(symbols.path, call.line, inside, how))
        return edges

    @cached_property
    def _imports(self) -> dict[tuple[str, str], list[Reference]]:
        imports: dict[tuple[str, str], list[Reference]] = defaultdict(list)
        for symbols in self._index.files.values():
            for item in symbols.imports:
                for name in (item.default, *(given.local for given in item.names)):
                    origin = self._index.origin(symbols.path, name) if name else None
                    if isinstance(origin, Definition):
                        imports[_key(origin)].append(Reference(symbols.path, item.line, None, "import"))
        return imports

    def _called(self, symbols: FileSymbols, call: Call) -> Iterator[tuple[Definition, bool]]:
        """Yield what a call may run, and whether that is certain."""
        if not call.via:
            local = [
                found for found in symbols.definitions if found.name == call.name and found.kind != "callback"
            ]
            origin = self._index.origin(symbols.path, call.name) or (local[0] if len(local) == 1 else None)
            if isinstance(origin, Definition):
                yield origin, True
            return
        owner = self._owner(symbols, call)
        if isinstance(owner, str):
            origin = self._index.origin(owner, call.name) or self._index.origin(owner, "default")
            if isinstance(origin, Definition) and origin.name == call.name:
                yield origin, True
                return
        elif owner is not None:
            member = self._index.origin(owner.path, f"{owner.qualified_name}.{call.name}")
            if isinstance(member, Definition):
                yield member, True
                return
        namesakes = [found for found in self._index.lookup(call.name) if found.kind in ("method", "function")]
        if len(namesakes) <= MOST_NAMESAKES:
            yield from ((found, False) for found in namesakes)

    def _owner(self, symbols: FileSymbols, call: Call) -> Definition | str | None:
        if call.via == "own":
            class_name = dict(symbols.field_types).get(call.owner, "")
        elif call.via == "new":
            class_name = call.owner
        elif call.via in ("field", "super"):
            return None
        elif call.owner in ("this", "self", "cls"):
            classes = [found for found in symbols.definitions if found.kind == "class"]
            around = [found for found in classes if found.overlaps(call.line, call.line)]
            return max(around, key=lambda found: found.line_start, default=None)
        else:
            class_name = dict(symbols.types).get(call.owner, call.owner)
        return self._index.origin(symbols.path, class_name) if class_name else None


def _key(definition: Definition) -> tuple[str, str]:
    return definition.path, definition.qualified_name
