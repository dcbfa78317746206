"""Which tests reach what a fix changes, as far as the repository's text tells: what no test reaches is a risk.

The sandbox measures no lines. Two things are known without that: a fix of one place whose test fails before and
passes after is run by that test, and the symbol index says who calls whom by name.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from unidiff.patch import PatchedFile, PatchSet

from agents.grounding.call_graph import CallGraph
from agents.grounding.index import SymbolIndex
from agents.grounding.kept import index_for
from agents.grounding.symbols import Definition, FileSymbols
from approvals.risk import ChangedPart
from core.patch import Patch
from core.test_paths import is_test_path
from incidents.models import Fix
from integrations.codehost import Checkout
from integrations.codehosts import code_host

# What is run by a call; anything else is run when its file is loaded.
CALLED_KINDS = frozenset({"function", "method"})
MAX_DEPTH = 8
Place = tuple[str, Definition | None]


def changed_parts(fix: Fix) -> Sequence[ChangedPart]:
    """Return each place outside tests that the fix changes, with the tests that reach it.

    Raises CodeHostError and Unavailable, and UnidiffParseError for a diff that cannot be read.
    """
    checkout = code_host().checkout(fix.incident.service.repository, fix.base_commit)
    parts = _parts(checkout, fix.diff, tuple(sorted(fix.files.items())))
    proving = sorted({test.partition("::")[0] for test in (fix.report or {}).get("fail_to_pass", [])})
    tests = [test for test in proving if is_test_path(test)]
    if len(parts) == 1 and tests:
        return [ChangedPart(parts[0].path, parts[0].name, "proven", tests)]
    return parts


@lru_cache(maxsize=64)
def _parts(checkout: Checkout, diff: str, files: tuple[tuple[str, str | None], ...]) -> Sequence[ChangedPart]:
    patch = Patch(dict(files))
    index = index_for(checkout).with_patch(patch)
    reach = _Reach(index)
    places: dict[Place, None] = {}
    for file in PatchSet(diff):
        if not is_test_path(file.path) and patch.files.get(file.path) is not None:
            places.update(dict.fromkeys(_places(file, reach)))
    return [reach.part(path, definition) for path, definition in places]


def _places(file: PatchedFile, reach: "_Reach") -> Iterator[Place]:
    """Yield the definitions around the changed lines as they are after the fix; None: at the file's own level."""
    for hunk in file:
        after = hunk.target_start
        for line in hunk:
            if line.is_added and not line.value.strip():
                after += 1
                continue
            if line.is_added or line.is_removed:
                yield file.path, reach.around(file.path, after)
            if not line.is_removed:
                after += 1


class _Reach:
    """Who reaches a place of one repository."""

    def __init__(self, index: SymbolIndex) -> None:
        self._index = index
        self._graph = CallGraph(index)
        self._importers: Mapping[str, set[str]] | None = None

    def around(self, path: str, line: int) -> Definition | None:
        return self._graph.around(path, line)

    def part(self, path: str, definition: Definition | None) -> ChangedPart:
        symbols = self._index.files.get(path)
        name = definition.qualified_name if definition else ""
        if symbols is None or symbols.syntax_error_line is not None:
            return ChangedPart(path, name, "unknown", ())
        loading = sorted(self._tests_that_load(path))
        if definition is None or definition.kind not in (*CALLED_KINDS, "callback"):
            return ChangedPart(path, name, "called" if loading else "none", loading)
        certain, possible = self._tests_that_call(definition)
        if certain:
            return ChangedPart(path, name, "called", sorted(certain))
        if possible or loading:
            return ChangedPart(path, name, "loaded", sorted(possible) or loading)
        return ChangedPart(path, name, "none", ())

    def _tests_that_call(self, definition: Definition) -> tuple[set[str], set[str]]:
        """Return the tests from which calls lead to the definition, and those where a receiver is not known."""
        certain: set[str] = set()
        possible: set[str] = set()
        seen = {definition}
        level = [(definition, True)]
        for _ in range(MAX_DEPTH):
            above: list[tuple[Definition, bool]] = []
            for found, is_certain in level:
                for reference in self._graph.references_to(found):
                    is_sure = is_certain and reference.how == "call"
                    if is_test_path(reference.path):
                        (certain if is_sure else possible).add(reference.path)
                    elif reference.inside is not None and reference.inside not in seen:
                        seen.add(reference.inside)
                        above.append((reference.inside, is_sure))
            level = above
        return certain, possible - certain

    def _tests_that_load(self, path: str) -> set[str]:
        if self._importers is None:
            self._importers = self._imported_by()
        tests: set[str] = set()
        seen, waiting = {path}, [path]
        while waiting:
            for importer in self._importers.get(waiting.pop(), set()) - seen:
                seen.add(importer)
                if is_test_path(importer):
                    tests.add(importer)
                waiting.append(importer)
        return tests

    def _imported_by(self) -> Mapping[str, set[str]]:
        importers: dict[str, set[str]] = defaultdict(set)
        for symbols in self._index.files.values():
            for loaded in self._loaded_by(symbols):
                importers[loaded].add(symbols.path)
        return importers

    def _loaded_by(self, symbols: FileSymbols) -> Iterator[str]:
        for item in symbols.imports:
            if (target := self._index.resolve(item, importer=symbols.path)) is not None:
                yield target
            for given in item.names:
                # In Python a name may be a module of the package that is imported from.
                origin = self._index.origin(symbols.path, given.local) if given.local else None
                if origin is not None:
                    yield origin.path if isinstance(origin, Definition) else origin
