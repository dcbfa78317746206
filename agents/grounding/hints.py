"""The ends of refusals: where something is, and what of the repository reads like it."""

from collections.abc import Sequence

from agents.grounding.index import SymbolIndex
from agents.grounding.symbols import Definition


def near_names(name: str, index: SymbolIndex, *, path: str | None = None) -> str:
    """Return `; near: ...` with the names most like `name`, those of the file `path` first."""
    names = index.near(name, path=path) or index.near(name.rpartition(".")[2], path=path)
    shown = []
    for near in names:
        known = index.lookup(near)
        first = next((found for found in known if path is None or found.path == path), known[0] if known else None)
        shown.append(f"`{near}` ({first.path}:{first.line_start})" if first else f"`{near}`")
    return f"; near: {', '.join(shown)}." if shown else "."


def near_files(path: str, index: SymbolIndex) -> str:
    """Return `; near: ...` with the paths most like `path`."""
    near = index.near_files(path)
    return f"; near: {', '.join(f'`{found}`' for found in near)}." if near else "."


def defined_at(name: str, index: SymbolIndex) -> str:
    """Return `; `name` is defined in ...`, or a full stop where it is not."""
    known = index.lookup(name)
    return f"; `{name}` is defined in {places(known)}." if known else "."


def places(definitions: Sequence[Definition]) -> str:
    """Return the first three places as `path:line-line`."""
    return ", ".join(f"{found.path}:{found.line_start}-{found.line_end}" for found in definitions[:3])


def named(definitions: Sequence[Definition]) -> str:
    """Return the first five names with their lines."""
    return ", ".join(
        f"`{found.qualified_name}` ({found.line_start}-{found.line_end})" for found in definitions[:5]
    )
