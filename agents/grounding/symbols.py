"""What one source file says about itself: what it defines, imports, exports and calls."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from tree_sitter import Node

Kind: TypeAlias = Literal["function", "class", "method", "variable", "property", "type", "callback"]


class Definition(NamedTuple):
    """A named piece of code. A callback has the name of the call it is given to: `router.get`."""

    name: str
    qualified_name: str
    kind: Kind
    path: str
    line_start: int
    line_end: int
    is_closed: bool = True  # False: a class that gets members which are not written in it or its bases
    bases: tuple[str, ...] = ()

    def overlaps(self, line_start: int, line_end: int) -> bool:
        return self.line_start <= line_end and line_start <= self.line_end


class ImportedName(NamedTuple):
    """`imported` is the name in the module, `local` the one in this file ("" when it gets none).

    A re-export gives it to others as `exported` without a local name.
    """

    imported: str
    local: str
    exported: str = ""


class Import(NamedTuple):
    """One import, require or re-export of `module`, as written in the file."""

    module: str
    line: int
    names: tuple[ImportedName, ...] = ()
    default: str = ""  # local name of an ES default import
    whole: str = ""  # local name of the module object
    is_star: bool = False
    is_optional: bool = False  # inside `try`, or a virtual mock: the module may be missing
    is_replaced: bool = False  # mocked with a factory: this file sees other names than the module has


class Call(NamedTuple):
    """`name(...)`, or `owner.name(...)`; `via` says what the owner is.

    "name": a plain identifier, `this` and `self` included; "own": a field of `this` or `self`; "field": one of
    anything else, without an owner where that is no name at all; "new": the class of `new Owner().name(...)`;
    "super": the bases of the class that the call stands in.
    """

    name: str
    line: int
    owner: str = ""
    via: Literal["", "name", "own", "field", "new", "super"] = ""


class Exports(NamedTuple):
    """What a module gives to others. Not closed: more names may exist than can be read from the text."""

    names: frozenset[str] = frozenset()
    is_closed: bool = True
    star_from: tuple[str, ...] = ()
    is_commonjs: bool = False
    default: str = ""  # the local name behind `export default` or `module.exports`


@dataclass(frozen=True)
class FileSymbols:
    """Everything the guard and the index know of one file.

    `bound` holds every name that a declaration, parameter, import or assignment binds anywhere in the file.
    `words` holds every identifier of the text outside comments, string contents included.
    """

    path: str
    language: Literal["javascript", "python"]
    line_count: int
    syntax_error_line: int | None
    definitions: tuple[Definition, ...]
    imports: tuple[Import, ...]
    exports: Exports
    calls: tuple[Call, ...]
    bound: frozenset[str]
    rebound: frozenset[str]  # bound more than once: the name may mean something else in places
    members: frozenset[str]
    own_members: frozenset[str]  # read or set on `this` or `self`
    member_pairs: frozenset[str]  # `object.member` where the object is a plain identifier
    assigned_pairs: frozenset[str]  # those that the file sets; `object.*` if by names that it does not show
    keys: frozenset[str]
    global_names: frozenset[str]  # put on the global object, or declared ambient
    words: frozenset[str]
    asked_pairs: frozenset[str] = frozenset()  # `object.member` that the file asks for before it takes it
    free_reads: tuple[tuple[str, int], ...] = ()  # names that nothing in the file binds, with their first line
    types: tuple[tuple[str, str], ...] = ()  # names whose every binding says that they hold this class
    field_types: tuple[tuple[str, str], ...] = ()  # the same for fields of `this` and `self`
    objects: tuple[tuple[str, frozenset[str]], ...] = ()  # object literals whose keys are all written out

    @property
    def free_calls(self) -> Iterator[Call]:
        """Calls of plain names that nothing in the file binds."""
        return (call for call in self.calls if not call.via and call.name not in self.bound)


def text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def line(node: Node) -> int:
    return node.start_point.row + 1


def last_line(node: Node) -> int:
    """Return the last line that holds a part of `node`."""
    row, column = node.end_point
    return row if column == 0 and row > node.start_point.row else row + 1


def first_error_line(root: Node) -> int | None:
    """Return the line of the first syntax error, or None."""
    if not root.has_error:
        return None
    node = root
    while not (node.is_error or node.is_missing):
        node = next(child for child in node.children if child.has_error)
    return line(node)


def without_comments(source: bytes, comments: Iterable[Node]) -> str:
    """Return the text with every comment taken out."""
    kept, position = [], 0
    for comment in sorted(comments, key=lambda node: node.start_byte):
        kept.append(source[position : comment.start_byte])
        position = max(position, comment.end_byte)
    kept.append(source[position:])
    return b" ".join(kept).decode("utf-8", "replace")


@dataclass(frozen=True)
class Candidate:
    """A definition before it knows what it stands in. `owner` overrides the surrounding definition."""

    node: Node
    name: str
    kind: Kind
    owner: str | None = None
    label: str = ""
    is_closed: bool = True
    bases: tuple[str, ...] = ()


def qualified(candidates: Iterable[Candidate], *, path: str) -> tuple[Definition, ...]:
    """Name each definition after what encloses it: `Class.method`, `outer.inner`."""
    definitions = []
    enclosing: list[tuple[int, str]] = []
    for candidate in sorted(candidates, key=lambda found: (found.node.start_byte, -found.node.end_byte)):
        node = candidate.node
        while enclosing and enclosing[-1][0] <= node.start_byte:
            enclosing.pop()
        owner = candidate.owner if candidate.owner is not None else (enclosing[-1][1] if enclosing else "")
        name = candidate.label or (f"{owner}.{candidate.name}" if owner else candidate.name)
        definitions.append(
            Definition(
                name=candidate.name,
                qualified_name=name,
                kind=candidate.kind,
                path=path,
                line_start=line(node),
                line_end=last_line(node),
                is_closed=candidate.is_closed,
                bases=candidate.bases,
            )
        )
        if candidate.kind != "callback":
            enclosing.append((node.end_byte, name))
    return tuple(definitions)


def single_types(bindings: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return (name, type) for each name of which all bindings have the one type; "" is a binding without one."""
    found: dict[str, set[str]] = {}
    for name, type_name in bindings:
        found.setdefault(name, set()).add(type_name)
    return tuple((name, next(iter(types))) for name, types in found.items() if len(types) == 1 and "" not in types)


def first_lines(nodes: Iterable[Node], *, bound: frozenset[str]) -> tuple[tuple[str, int], ...]:
    """Return each name among `nodes` that is not `bound`, with the first line that reads it."""
    lines: dict[str, int] = {}
    for node in nodes:
        name = text(node)
        if name not in bound:
            lines.setdefault(name, line(node))
    return tuple(lines.items())
