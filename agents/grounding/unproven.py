"""What a fix uses of its dependencies and nothing here proves: their sources are in no checkout.

What the repository uses already is taken to be there. A use in a test proves itself when the sandbox runs it.
"""

from collections.abc import Iterator
from typing import NamedTuple

from agents.grounding.index import SymbolIndex
from agents.grounding.modules import is_relative
from agents.grounding.runtime import runtime_of
from agents.grounding.shapes import UNIVERSAL_MEMBERS
from agents.grounding.symbols import FileSymbols, Import
from core.patch import Patch
from core.test_paths import is_test_path


class Use(NamedTuple):
    """`name` of what a dependency exports: of the module itself, or of a class in it (`pg.Pool`)."""

    owner: str
    name: str


def unproven_uses(patch: Patch, *, index: SymbolIndex) -> list[str]:
    """Return a sentence for each name that a written file takes from a dependency and no file did before."""
    patched = index.with_patch(patch)
    new: dict[str, set[Use]] = {}
    for path, content in sorted(patch.files.items()):
        if content is not None and path in patched.files and not is_test_path(path):
            before = _uses(index.files[path], index) if path in index.files else ()
            new[path] = set(_uses(patched.files[path], patched)) - set(before)
    if not any(new.values()):
        return []
    known = {use for symbols in index.files.values() for use in _uses(symbols, index)}
    return [
        f"{path}: uses `{use.name}` of `{use.owner}`, which the repository uses nowhere else: whether it exists "
        "was not checked, because the guard does not see inside dependencies"
        for path, uses in new.items()
        for use in sorted(uses - known)
    ]


def _uses(symbols: FileSymbols, index: SymbolIndex) -> Iterator[Use]:
    owners: dict[str, str] = {}
    for item in symbols.imports:
        if not _is_foreign(item, symbols, index):
            continue
        owners.update({local: item.module for local in (item.whole, item.default) if local})
        for given in item.names:
            if given.imported in ("", "*", "default"):
                owners[given.local] = item.module
            else:
                yield Use(item.module, given.imported)
                owners[given.local] = f"{item.module}.{given.imported}"
    owners.update({name: owners[made] for name, made in symbols.types if made in owners})
    for pair in symbols.member_pairs:
        local, _, name = pair.rpartition(".")
        if local in owners and local not in symbols.rebound and name not in UNIVERSAL_MEMBERS:
            yield Use(owners[local], name)


def _is_foreign(item: Import, symbols: FileSymbols, index: SymbolIndex) -> bool:
    modules, module = runtime_of(symbols.language).modules, item.module
    if index.resolve(item, importer=symbols.path) is not None or is_relative(module) or module.startswith("."):
        return False
    top = module.split(".")[0] if symbols.language == "python" else module.removeprefix("node:")
    return top not in modules and not module.startswith("node:")
