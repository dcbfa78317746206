"""What cannot work in a written file: syntax, imports that lead nowhere, calls of functions that do not exist."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agents.grounding.draft import SKIPPED_FOLDERS
from agents.grounding.index import SymbolIndex
from agents.grounding.modules import is_relative, package_of
from agents.grounding.receivers import Receivers
from agents.grounding.runtime import module_members, runtime_of, test_globals
from agents.grounding.shapes import OPEN, UNIVERSAL_MEMBERS, Shape, Shapes
from agents.grounding.symbols import Call, FileSymbols, Import, ImportedName
from core.test_paths import is_test_path

_TEST_FILE = re.compile(
    r"(?:^|/)(?:__tests__|tests?|spec)/|[.\-_](?:test|spec)\.[cm]?[jt]sx?$|jest[.-]?setup|setupTests"
)
# Names of every function or module that no declaration binds.
_IMPLIED = frozenset({"arguments", "undefined", "NaN", "Infinity", "__class__"})
# Of what kind a thing is whose members are all there or none: how its shape is described.
_READ_OF = ("the module `", "the class `")
_TYPESCRIPT = (".ts", ".tsx", ".mts", ".cts")
_GLOBAL_OBJECTS = frozenset({"global", "globalThis", "window"})
# Test frameworks that are there wherever a test runs, declared or not.
_TEST_PACKAGES = frozenset({"pytest", "_pytest", "@jest/globals", "vitest"})


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
    return [*check.imports(), *check.calls(), *check.reads(), *check.member_calls(), *check.member_reads()]


class _WrittenFile:
    def __init__(self, symbols: FileSymbols, index: SymbolIndex, base: SymbolIndex, checkout: Path) -> None:
        self._symbols, self._index, self._base, self._checkout = symbols, index, base, checkout
        self._is_javascript = symbols.language == "javascript"
        self._runtime = runtime_of(symbols.language)
        self._shapes = Shapes(index)
        self._receivers = Receivers(base, index)
        self._is_test = is_test_path(symbols.path) or _TEST_FILE.search(symbols.path) is not None
        self._told = symbols.assigned_pairs | symbols.asked_pairs
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
            elif (members := module_members(item.module, self._symbols.language)) is not None:
                yield from self._runtime_names(item, members)
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

    def _runtime_names(self, item: Import, members: frozenset[str]) -> Iterator[Problem]:
        for name in (given.imported for given in item.names if not self._may_be_type(given)):
            is_submodule = f"{item.module}.{name}" in self._runtime.modules
            if name and name not in members | {"*", "default", "promises", "posix", "win32"} and not is_submodule:
                message = f"the module `{item.module}` of the runtime has no `{name}`."
                yield self._problem(item.line, f"name {item.module} {name}", message)

    def _may_be_type(self, given: ImportedName) -> bool:
        """True for `AddressInfo` of `net` in TypeScript: no value of the runtime, and used as none."""
        symbols = self._symbols
        if not (symbols.path.endswith(_TYPESCRIPT) and given.imported[:1].isupper()):
            return False
        values = {call.name for call in symbols.calls if not call.via}
        values |= {pair.rpartition(".")[0] for pair in symbols.member_pairs}
        values.update(base for found in symbols.definitions for base in found.bases)
        return given.local not in values

    def _is_available(self, module: str) -> bool:
        if self._is_test and module.split(".")[0] in _TEST_PACKAGES:
            return True
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
        wanted = [name.imported for name in item.names if name.imported not in ("", "*")]
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
        importer = posixpath.join(folder, "_")
        is_submodule = self._index.modules.python(f".{name}", importer=importer) if folder != target else None
        return is_submodule is not None or (name.startswith("__") and name.endswith("__"))

    def _exported(self, target: str) -> frozenset[str] | None:
        return None if target in self._replaced else self._index.exported_names(target)

    def _is_commonjs(self, target: str) -> bool:
        return target in self._index.files and self._index.files[target].exports.is_commonjs

    def calls(self) -> Iterator[Problem]:
        known = self._global_names()
        for call in self._symbols.free_calls if known is not None else ():
            if known is not None and call.name not in known:
                message = f"`{call.name}` is called but not defined, imported or global here"
                yield self._problem(call.line, f"call {call.name}", f"{message}{self._near(call.name)}")

    def reads(self) -> Iterator[Problem]:
        known, called = self._global_names(), {call.name for call in self._symbols.free_calls}
        for name, line in self._symbols.free_reads if known is not None else ():
            if known is not None and name not in known | called | test_globals():
                message = f"`{name}` is used but not defined, imported or global here"
                yield self._problem(line, f"read {name}", f"{message}{self._near(name)}")

    def _global_names(self) -> frozenset[str] | None:
        """Return every name that this file may use without binding it; None if that cannot be read."""
        stars = self._star_names()
        if stars is None:
            return None
        set_here = {
            name
            for owner, _, name in (pair.rpartition(".") for pair in self._symbols.assigned_pairs)
            if self._is_javascript and owner in _GLOBAL_OBJECTS
        }
        known = self._runtime.globals | stars | self._base.global_names | _IMPLIED | set_here
        return known | test_globals() if self._is_javascript and self._is_test else known

    def _near(self, name: str) -> str:
        near = self._index.near(name, path=self._symbols.path)
        return f"; near: {', '.join(f'`{found}`' for found in near)}." if near else "."

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
        for call in self._symbols.calls:
            is_anyones = call.name in UNIVERSAL_MEMBERS or call.name.startswith("__")
            if not call.via or is_anyones or self._is_told(call.owner, call.name):
                continue
            shape = self._shape_of_owner(call)
            owner = {"new": f"new {call.owner}()", "super": "super"}.get(call.via, call.owner)
            key = f"member {owner}.{call.name}"
            if shape.lacks(call.name):
                has = _listed(shape.members or shape.has_runtime)
                yield self._problem(
                    call.line, key, f"`{owner}.{call.name}` is called, but {shape.what} has {has}."
                )
            elif shape.members is None and not self._is_foreign(call) and self._receivers.lack(call):
                message = f"`{owner}.{call.name}` is called, but nothing in the repository defines `{call.name}`"
                yield self._problem(call.line, key, f"{message}{self._near(call.name)}")

    def member_reads(self) -> Iterator[Problem]:
        """Yield members that are read, not called, of modules and classes; those of objects may be missing."""
        symbols, called = self._symbols, {f"{call.owner}.{call.name}" for call in self._symbols.calls}
        typed = dict(symbols.types)
        for pair in sorted(symbols.member_pairs - called):
            owner, _, name = pair.rpartition(".")
            is_typed_or_used = owner in typed or self._base.is_used_pair(owner, name)
            if name.startswith("__") or is_typed_or_used or self._is_told(owner, name):
                continue
            shape = self._shape_of_name(owner)
            if shape.what.startswith(_READ_OF) and shape.lacks(name):
                message = f"`{pair}` is used, but {shape.what} has {_listed(shape.members or frozenset())}."
                yield self._problem(self._line_of(owner, name), f"member {pair}", message)

    def _is_told(self, owner: str, name: str) -> bool:
        """True for a member that some file sets, or that this file asks for before it takes it."""
        return f"{owner}.{name}" in self._told or name in self._shapes.set_on(owner)

    def _line_of(self, owner: str, name: str) -> int:
        written = re.compile(rf"(?<![\w$.]){re.escape(owner)}\s*[?!]?\.\s*#?{re.escape(name)}(?![\w$])")
        source = "\n".join(self._index.text_lines(self._symbols.path))
        taken = re.compile(rf"(?<![\w$.]){re.escape(name)}(?![\w$])[^;]*?=\s*{re.escape(owner)}(?![\w$.])")
        match = written.search(source) or taken.search(source)
        return source.count("\n", 0, match.start()) + 1 if match else 1

    def _shape_of_owner(self, call: Call) -> Shape:
        if call.via == "own":
            return self._shapes.field(self._symbols, call.owner)
        if call.via == "new":
            return self._shapes.instance(self._symbols, call.owner)
        if call.via == "super":
            return self._shapes.bases_around(self._symbols, call.line)
        if call.via == "field":
            return OPEN
        if call.owner in ("this", "self", "cls"):
            return self._shapes.enclosing_class(self._symbols, call.line)
        return self._shape_of_name(call.owner)

    def _shape_of_name(self, name: str) -> Shape:
        shape = self._shapes.local(self._symbols, name)
        is_mocked = any(shape.what.endswith(f"`{path}`") for path in self._replaced if path)
        return OPEN if is_mocked or f"{name}.*" in self._told else shape

    def _is_foreign(self, call: Call) -> bool:
        """True if the owner comes from a dependency, of which nothing is known."""
        return any(
            call.owner in (item.whole, item.default, item.module, *(name.local for name in item.names))
            for item in self._symbols.imports
            if self._target(item) is None
        )


def _listed(names: frozenset[str]) -> str:
    shown = sorted(names)[:12]
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return (", ".join(f"`{name}`" for name in shown) + more) if shown else "nothing"
