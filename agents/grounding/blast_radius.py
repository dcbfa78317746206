"""What a change of some functions can reach: their callers, the callers of those, and the contracts at the end."""

import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import PurePosixPath

from pydantic import BaseModel

from agents.grounding.call_graph import CallGraph
from agents.grounding.index import SymbolIndex
from agents.grounding.symbols import Definition
from core.patch import Patch
from core.test_paths import is_test_path

MAX_DEPTH = 8
MAX_CALLERS = 500
SHOWN = 6

# Express, Fastify and their kin name routes by the call; FastAPI, Flask, Nest and Celery by a decorator.
_ROUTE_CALL = re.compile(
    r"\.(?P<method>get|post|put|patch|delete|all|use|route|on|ws)\(['\"](?P<what>[^'\"]*)['\"]"
)
_DECORATED = re.compile(
    r"@(?:[\w.]+\.)?(?P<method>get|post|put|patch|delete|route|websocket|task|shared_task|action|receiver|command"
    r"|Get|Post|Put|Patch|Delete|All|MessagePattern|EventPattern|Cron)\b(?:\((?P<what>[^)\n]*)\)?)?"
)
_ENTRY_FIELDS = ("main", "module", "exports", "types")


class Reached(BaseModel):
    """A function from which the change is reached in `depth` calls; not certain where a receiver is not known."""

    path: str
    line: int
    name: str
    depth: int
    is_certain: bool


class BlastRadius(BaseModel):
    """Version 1. `contracts` are routes, tasks and exports that others outside the repository may rely on."""

    changed: list[str] = []
    callers: list[Reached] = []
    contracts: list[str] = []
    is_cut: bool = False

    @property
    def size(self) -> int:
        """How many functions outside tests can reach the change."""
        return len(self.callers)

    def __str__(self) -> str:
        more = "more than " if self.is_cut else ""
        files = len({caller.path for caller in self.callers})
        reached = (
            f"reached from {more}{self.size} functions in {files} files" if self.callers else "has no callers"
        )
        contracts = f"; contracts: {_shown(self.contracts)}" if self.contracts else ""
        return f"{_shown(self.changed) or 'the change'} {reached}{contracts}"


def radius_of_patch(patch: Patch, *, index: SymbolIndex) -> BlastRadius:
    """Return what the changed lines of existing sources outside tests can reach."""
    graph = CallGraph(index)
    changed: list[Definition] = []
    for path, content in sorted(patch.files.items()):
        if path in index.files and not is_test_path(path):
            old = "\n".join(index.text_lines(path))
            changed += _changed_in(path, old, content or "", index=index, graph=graph)
    return _radius(changed, index=index, graph=graph)


def radius_of_lines(path: str, line_start: int, line_end: int, *, index: SymbolIndex) -> BlastRadius:
    """Return what the functions at these lines can reach: what a fix there would touch."""
    graph = CallGraph(index)
    found = [graph.around(path, line) for line in range(line_start, line_end + 1)]
    return _radius((each for each in found if each is not None), index=index, graph=graph)


def _changed_in(path: str, old: str, new: str, *, index: SymbolIndex, graph: CallGraph) -> Iterator[Definition]:
    opcodes = SequenceMatcher(None, old.split("\n"), new.split("\n"), autojunk=False).get_opcodes()
    for kind, start, end, _, _ in opcodes:
        for line in range(start + 1, max(end, start + 1) + 1) if kind != "equal" else ():
            found = graph.around(path, line)
            if found is not None:
                yield found


def _radius(changed: Iterable[Definition], *, index: SymbolIndex, graph: CallGraph) -> BlastRadius:
    roots = list(dict.fromkeys(changed))
    reached: dict[tuple[str, str], Reached] = {}
    everything = list(roots)
    level, depth = roots, 0
    while level and depth < MAX_DEPTH and len(reached) < MAX_CALLERS:
        depth += 1
        above: list[Definition] = []
        for definition in level:
            for reference in graph.references_to(definition):
                if is_test_path(reference.path):
                    continue
                inside = reference.inside
                name = inside.qualified_name if inside else "<module>"
                if (reference.path, name) in reached or inside in roots:
                    continue
                reached[reference.path, name] = Reached(
                    path=reference.path,
                    line=reference.line,
                    name=name,
                    depth=depth,
                    is_certain=reference.how != "possible",
                )
                if inside is not None:
                    above.append(inside)
        everything += above
        level = above
    return BlastRadius(
        changed=[f"{found.path}:{found.line_start} {found.qualified_name}" for found in roots],
        callers=sorted(reached.values(), key=lambda caller: (caller.depth, caller.path, caller.line)),
        contracts=list(dict.fromkeys(_contracts(everything, index))),
        is_cut=bool(level),
    )


def _contracts(definitions: list[Definition], index: SymbolIndex) -> Iterator[str]:
    exported = dict(_entry_exports(index))
    for found in definitions:
        first_line = "".join(index.text_lines(found.path)[found.line_start - 1 : found.line_start])
        if route := _ROUTE_CALL.search(found.qualified_name if found.kind == "callback" else first_line):
            yield f"{route['method'].upper()} {route['what']} ({found.path}:{found.line_start})"
        elif found.kind != "callback" and (decorator := _decorator(found, index)):
            yield f"{decorator} ({found.path}:{found.line_start})"
        if name := exported.get((found.path, found.qualified_name)):
            yield f"export {name}"


def _decorator(found: Definition, index: SymbolIndex) -> str:
    """Return the decorator that makes the definition reachable from outside, from the lines around its start."""
    lines = index.text_lines(found.path)
    above = lines[max(found.line_start - 3, 0) : found.line_start]
    match = next((match for line in reversed(above) if (match := _DECORATED.match(line.strip()))), None)
    if match is None:
        return ""
    what = (match["what"] or "").split(",")[0].strip(" '\"")
    return f"{match['method'].upper()} {what}".strip()


def _entry_exports(index: SymbolIndex) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the definitions that a package gives to those who import it, with the names it gives them."""
    for entry in _entries(index):
        for name in index.exported_names(entry) or ():
            origin = index.origin(entry, name)
            if isinstance(origin, Definition):
                yield (origin.path, origin.qualified_name), f"{name} of {entry}"


def _entries(index: SymbolIndex) -> Iterator[str]:
    for path, content in index.manifests.items():
        if PurePosixPath(path).name != "package.json":
            continue
        try:
            manifest = json.loads(content)
        except ValueError:
            continue  # a manifest that does not parse names no entry
        for target in _texts([manifest.get(field) for field in _ENTRY_FIELDS]):
            entry = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            if entry in index.files:
                yield entry
    yield from (path for path in index.files if path.endswith("__init__.py"))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))


def _shown(entries: list[str]) -> str:
    more = f" and {len(entries) - SHOWN} more" if len(entries) > SHOWN else ""
    return ", ".join(entries[:SHOWN]) + more
