"""What cannot work in a written file: syntax, imports that lead nowhere, calls of functions that do not exist."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agents.grounding.index import SKIPPED_FOLDERS, SymbolIndex
from agents.grounding.modules import is_relative, package_of
from agents.grounding.runtime import runtime_of, test_globals
from agents.grounding.symbols import FileSymbols, Import

_TEST_FILE = re.compile(
    r"(?:^|/)(?:__tests__|tests?|spec)/|[.\-_](?:test|spec)\.[cm]?[jt]sx?$|jest[.-]?setup|setupTests"
)
# Every module object and function has these.
_OBJECT_MEMBERS = frozenset(dir(type)) | {
    *("constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString"),
    *("valueOf", "apply", "bind", "call", "name", "length", "prototype", "default", "__esModule"),
}


@dataclass(frozen=True)
class Problem:
    """`key` tells faults of one file apart whatever line they are on."""

    path: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"`{self.path}` line {self.line}: {self.message}"


def problems_of(path: str, *, index: SymbolIndex, base: SymbolIndex, checkout: Path) -> list[Problem]:
    """Return the faults of one source file of `index`.

    `base` is the repository before the change: what its files load or call as global is taken to be there.
    `checkout` holds the folders that an index leaves out.
    """
    symbols = index.files[path]
    if symbols.syntax_error_line is not None:
        return [Problem(path, symbols.syntax_error_line, "syntax", "this does not parse; mend the syntax.")]
    check = _WrittenFile(symbols, index, base, checkout)
    return [*check.imports(), *check.calls(), *check.member_calls()]


class _WrittenFile:
    def __init__(self, symbols: FileSymbols, index: SymbolIndex, base: SymbolIndex, checkout: Path) -> None:
        self._symbols, self._index, self._base, self._checkout = symbols, index, base, checkout
        self._is_javascript = symbols.language == "javascript"
        self._runtime = runtime_of(symbols.language)
        self._replaced = {self._target(item) for item in symbols.imports if item.is_replaced}

    def _target(self, item: Import) -> str | None:
        return self._index.resolve(item, importer=self._symbols.path)

    def _problem(self, line: int, key: str, message: str) -> Problem:
        return Problem(self._symbols.path, line, key, message)

    def imports(self) -> Iterator[Problem]:
        for item in self._symbols.imports:
            if item.is_optional:
                continue
            target = self._target(item)
            if target is not None:
                yield from self._names(item, target)
            elif self._is_left_out(item.module):
                continue
            elif self._is_own(item.module):
                message = f"the import `{item.module}` resolves to no file{self._near_module(item)}"
                yield self._problem(item.line, f"module {item.module}", message)
            elif not self._is_available(item.module):
                yield self._problem(
                    item.line,
                    f"package {item.module}",
                    f"the package `{item.module}` is neither part of the runtime nor a declared dependency; "
                    "use one that is.",
                )

    def _is_left_out(self, module: str) -> bool:
        """True for a file in a folder that the index skips, such as `./dist/server.js`."""
        if not (self._is_javascript and is_relative(module)):
            return False
        target = posixpath.normpath(posixpath.join(posixpath.dirname(self._symbols.path), module))
        if not SKIPPED_FOLDERS.intersection(target.split("/")):
            return False
        return any(
            (self._checkout / f"{target}{suffix}").exists() for suffix in ("", ".js", ".cjs", ".mjs", ".json")
        )

    def _is_own(self, module: str) -> bool:
        if self._is_javascript:
            return is_relative(module) and "!" not in module
        top = module.split(".")[0]
        is_foreign = top in self._runtime.modules or top.lower() in self._base.python_packages
        return module.startswith(".") or (self._index.modules.has_python_package(top) and not is_foreign)

    def _is_available(self, module: str) -> bool:
        if not self._is_javascript:
            top = module.split(".")[0]
            return top in self._runtime.modules or top.lower() in self._base.python_packages
        is_local_form = module.startswith(("node:", "#", "http://", "https://", "data:")) or "!" in module
        return is_local_form or (
            module in self._runtime.modules
            or package_of(module) in self._runtime.modules
            or package_of(module) in self._base.npm_packages
        )

    def _near_module(self, item: Import) -> str:
        wanted = item.module if self._is_javascript else item.module.lstrip(".").replace(".", "/")
        near = self._index.near_files(wanted)
        return f"; near: {', '.join(f'`{path}`' for path in near)}." if near else "."

    def _names(self, item: Import, target: str) -> Iterator[Problem]:
        exported = self._exported(target)
        if exported is None:
            return
        wanted = [name.imported for name in item.names if name.imported]
        if item.default and not self._is_commonjs(target):
            wanted.append("default")
        for name in wanted:
            if name not in exported and not self._is_given_anyway(name, target):
                yield self._problem(
                    item.line,
                    f"name {item.module} {name}",
                    f"`{target}` does not export `{name}`; it exports {_listed(exported)}.",
                )

    def _is_given_anyway(self, name: str, target: str) -> bool:
        if self._is_javascript:
            return name == "default" and self._is_commonjs(target)
        folder = target.removesuffix("/__init__.py").removesuffix("__init__.py")
        is_submodule = self._index.modules.python(f".{name}", importer=f"{folder}/_") if folder != target else None
        return is_submodule is not None or (name.startswith("__") and name.endswith("__"))

    def _exported(self, target: str) -> frozenset[str] | None:
        return None if target in self._replaced else self._index.exported_names(target)

    def _is_commonjs(self, target: str) -> bool:
        return target in self._index.files and self._index.files[target].exports.is_commonjs

    def calls(self) -> Iterator[Problem]:
        stars = self._star_names()
        if stars is None:
            return
        path = self._symbols.path
        known = self._runtime.globals | stars | self._base.global_names
        if self._is_javascript and _TEST_FILE.search(path):
            known |= test_globals()
        for call in self._symbols.free_calls:
            if call.name not in known:
                near = self._index.near(call.name, path=path)
                hint = f"; near: {', '.join(f'`{name}`' for name in near)}." if near else "."
                message = f"`{call.name}` is called but not defined, imported or global here{hint}"
                yield self._problem(call.line, f"call {call.name}", message)

    def _star_names(self) -> frozenset[str] | None:
        """Return what star imports bring into a Python file; None if that cannot be read."""
        names: set[str] = set()
        for item in self._symbols.imports if not self._is_javascript else ():
            if not item.is_star:
                continue
            target = self._target(item)
            more = self._exported(target) if target is not None else None
            if more is None:
                return None
            names |= more
        return frozenset(names)

    def member_calls(self) -> Iterator[Problem]:
        modules = {local: exported for local, exported in self._module_objects() if exported is not None}
        for call in self._symbols.calls:
            exported = modules.get(call.owner)
            is_set_here = f"{call.owner}.{call.name}" in self._symbols.assigned_pairs
            if exported is None or call.name in exported or call.name in _OBJECT_MEMBERS or is_set_here:
                continue
            yield self._problem(
                call.line,
                f"member {call.owner}.{call.name}",
                f"`{call.owner}.{call.name}` is called, but the module exports {_listed(exported)}.",
            )

    def _module_objects(self) -> Iterator[tuple[str, frozenset[str] | None]]:
        """Yield the local names that stand for a module of the repository, with what it exports."""
        for item in self._symbols.imports:
            target = self._target(item)
            if target is None:
                continue
            local = item.whole or (item.default if self._is_commonjs(target) else "")
            if local and local not in self._symbols.rebound:
                yield local, self._exported(target)
            for name in item.names if not self._is_javascript else ():
                module = self._submodule(item.module, name.imported)
                if module is not None and name.local not in self._symbols.rebound:
                    yield name.local, self._exported(module)

    def _submodule(self, package: str, name: str) -> str | None:
        """Return the file of `name` where `from package import name` brings a module."""
        dotted = f"{package}{name}" if package.endswith(".") else f"{package}.{name}"
        return self._index.modules.python(dotted, importer=self._symbols.path) if name else None


def _listed(names: frozenset[str]) -> str:
    shown = sorted(names)[:12]
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return (", ".join(f"`{name}`" for name in shown) + more) if shown else "nothing"
