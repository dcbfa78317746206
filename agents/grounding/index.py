"""The symbols of a repository at one commit: what exists, and where."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import Literal, TypeVar

from agents.grounding import dependencies, javascript, python
from agents.grounding.modules import Modules, is_relative, package_of
from agents.grounding.names import words
from agents.grounding.parsing import GRAMMAR_BY_SUFFIX
from agents.grounding.runtime import runtime_of, test_globals
from agents.grounding.symbols import Definition, FileSymbols, Import
from core.patch import Patch
from integrations.codehost import Checkout

LARGEST_FILE_BYTES = 1_000_000
SKIPPED_FOLDERS = frozenset(
    {".git", "node_modules", "dist", "coverage", "__pycache__", ".venv", "venv", ".tox", ".next"}
)
# Names in data and configuration are true names too: columns, settings, keys of messages.
_DATA_SUFFIXES = frozenset(
    {".json", ".yml", ".yaml", ".toml", ".sql", ".env", ".ini", ".cfg", ".tf", ".sh", ".html", ".vue", ".svelte"}
    | {".graphql", ".prisma", ".proto"}
)
_NEAR = 0.6


Value = TypeVar("Value")


class SymbolIndex:
    """Built once for a commit and never changed; `with_patch` returns another."""

    def __init__(
        self,
        *,
        files: Mapping[str, FileSymbols],
        line_counts: Mapping[str, int | None],
        manifests: Mapping[str, str],
        data_words: Mapping[str, frozenset[str]],
    ) -> None:
        self.files = files
        self._line_counts = line_counts
        self._manifests = manifests
        self._data_words = data_words

    @classmethod
    def build(cls, checkout: Path) -> "SymbolIndex":
        """Read all sources below `checkout`; folders of dependencies and builds are left out."""
        draft = _Draft()
        for path in _paths(checkout):
            source = checkout / path
            is_readable = not source.is_symlink() and source.stat().st_size <= LARGEST_FILE_BYTES
            draft.add(path, source.read_bytes() if is_readable else None)
        return draft.index()

    def with_patch(self, patch: Patch) -> "SymbolIndex":
        """Return the index of the repository with `patch` applied."""
        draft = _Draft()
        for path, content in patch.files.items():
            if content is not None:
                draft.add(path, content.encode())

        return SymbolIndex(
            files={**_without(patch, self.files), **draft.files},
            line_counts={**_without(patch, self._line_counts), **draft.line_counts},
            manifests={**_without(patch, self._manifests), **draft.manifests},
            data_words={**_without(patch, self._data_words), **draft.data_words},
        )

    def has_file(self, path: str) -> bool:
        return path in self._line_counts

    def paths_ending_in(self, path: str) -> list[str]:
        """Return the files meant by a path that may be shortened (`cart.js`) or a container's (`/app/cart.js`)."""
        plain = path.removeprefix("./")
        if self.has_file(plain):
            return [plain]
        shortened = [known for known in self._line_counts if known.endswith(f"/{plain.lstrip('/')}")]
        return shortened or [known for known in self._line_counts if plain.endswith(f"/{known}")]

    def line_count(self, path: str) -> int | None:
        """Return the number of lines, or None for a file that is too large or not of the repository."""
        return self._line_counts.get(path)

    def lookup(self, name: str) -> list[Definition]:
        """Return the definitions whose name or qualified name is `name`, callbacks left out."""
        return self._by_name.get(name, [])

    def definitions_in(self, path: str) -> tuple[Definition, ...]:
        return self.files[path].definitions if path in self.files else ()

    def near(self, name: str, *, path: str | None = None, limit: int = 3) -> list[str]:
        """Return the known names most like `name`, those of the file `path` first, then of the repository."""
        local = {found.qualified_name for found in self.definitions_in(path or "") if found.kind != "callback"}
        best = _nearest(name, local, limit) or _nearest(name, set(self._by_name), limit)
        return best or _nearest(name, self._members, limit)

    def near_files(self, path: str, *, limit: int = 3) -> list[str]:
        return _nearest(path, set(self._line_counts), limit)

    def knows(self, word: str) -> bool:
        """True if `word` is a name of the repository: defined, a member, a key, or an identifier that occurs."""
        return word in self._words

    def is_runtime_name(self, word: str) -> bool:
        return any(word in runtime_of(language).names for language in self.languages)

    def is_dependency_name(self, word: str) -> bool:
        """True for a declared dependency, a word of its name, or the local name of an import of one."""
        return word in self._dependency_words

    def class_lacks(self, owner: str, member: str) -> bool:
        """True if `owner` names a class of the repository without bases, and nothing gives it `member`."""
        classes = [found for found in self.lookup(owner) if found.kind == "class"]
        if not classes or len(classes) != len(self.lookup(owner)) or not all(found.is_closed for found in classes):
            return False
        is_written = any(found.qualified_name == f"{owner}.{member}" for found in self.lookup(member)) or any(
            member in self.files[found.path].own_members for found in classes
        )
        is_used = any(f"{owner}.{member}" in symbols.member_pairs for symbols in self.files.values())
        return not is_written and not is_used and not self._is_common_member(member)

    def _is_common_member(self, member: str) -> bool:
        return member in dir(type) or member in ("constructor", "prototype", "name", "length", "toString", "call")

    @cached_property
    def languages(self) -> frozenset[Literal["javascript", "python"]]:
        return frozenset(symbols.language for symbols in self.files.values())

    @cached_property
    def modules(self) -> Modules:
        return Modules(self._line_counts, self._manifests)

    def resolve(self, item: Import, *, importer: str) -> str | None:
        """Return the repository path that an import means, or None for a dependency or nothing."""
        symbols = self.files[importer]
        resolve = self.modules.javascript if symbols.language == "javascript" else self.modules.python
        return resolve(item.module, importer=importer)

    def exported_names(self, path: str) -> frozenset[str] | None:
        """Return all names that a module exports, or None if they cannot be read from the text."""
        return self._exported(path, set())

    def _exported(self, path: str, seen: set[str]) -> frozenset[str] | None:
        symbols = self.files.get(path)
        if symbols is None or not symbols.exports.is_closed or symbols.syntax_error_line is not None:
            return None
        seen.add(path)
        names = set(symbols.exports.names)
        for module in symbols.exports.star_from:
            target = self.resolve(Import(module, 0), importer=path)
            if target in seen:
                continue
            more = self._exported(target, seen) if target is not None else None
            if more is None:
                return None
            names |= more
        return frozenset(names)

    @cached_property
    def npm_packages(self) -> frozenset[str]:
        """Packages that a manifest declares or that a file of the repository already loads."""
        return self._declared[0] | {
            package_of(item.module)
            for item in self._unresolved_imports("javascript")
            if not is_relative(item.module)
        }

    @cached_property
    def python_packages(self) -> frozenset[str]:
        """Top-level import names (lower case) that a manifest declares or that a file already imports."""
        return self._declared[1] | {
            top.lower()
            for item in self._unresolved_imports("python")
            if not self.modules.has_python_package(top := item.module.split(".")[0])
        }

    def _unresolved_imports(self, language: Literal["javascript", "python"]) -> Iterator[Import]:
        for symbols in self.files.values():
            for item in symbols.imports if symbols.language == language else ():
                if self.resolve(item, importer=symbols.path) is None:
                    yield item

    @cached_property
    def _declared(self) -> tuple[frozenset[str], frozenset[str]]:
        return dependencies.declared(
            {path: content for path, content in self._manifests.items() if dependencies.is_manifest(path)}
        )

    @cached_property
    def global_names(self) -> frozenset[str]:
        """Names that files of the repository call, or declare, as global: set up outside what is indexed."""
        called = {call.name for symbols in self.files.values() for call in symbols.free_calls}
        declared = {name for symbols in self.files.values() for name in symbols.global_names}
        return frozenset(called - test_globals() | declared)

    @cached_property
    def _by_name(self) -> dict[str, list[Definition]]:
        by_name: dict[str, list[Definition]] = defaultdict(list)
        for symbols in self.files.values():
            for found in symbols.definitions:
                if found.kind != "callback":
                    for name in {found.name, found.qualified_name}:
                        by_name[name].append(found)
        return dict(by_name)

    @cached_property
    def _members(self) -> set[str]:
        return {name for symbols in self.files.values() for name in (*symbols.members, *symbols.keys)}

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset().union(
            *(symbols.words for symbols in self.files.values()),
            *self._data_words.values(),
            *(words(path) for path in self._line_counts),
        )

    @cached_property
    def _dependency_words(self) -> frozenset[str]:
        declared = self._declared[0] | self._declared[1]
        local = {
            name
            for symbols in self.files.values()
            for item in symbols.imports
            if item.module.removeprefix("node:") not in runtime_of(symbols.language).modules
            and self.resolve(item, importer=symbols.path) is None
            for name in (item.whole, item.default, *(imported.local for imported in item.names))
        }
        return frozenset(declared | {word for name in declared for word in words(name)} | local) - {""}


class _Draft:
    """An index in the making."""

    def __init__(self) -> None:
        self.files: dict[str, FileSymbols] = {}
        self.line_counts: dict[str, int | None] = {}
        self.manifests: dict[str, str] = {}
        self.data_words: dict[str, frozenset[str]] = {}

    def add(self, path: str, source: bytes | None) -> None:
        self.line_counts[path] = None if source is None else len(source.splitlines())
        if source is None:
            return
        suffix, name = PurePosixPath(path).suffix.lower(), PurePosixPath(path).name
        grammar = GRAMMAR_BY_SUFFIX.get(suffix)
        if grammar is not None and ".min." not in name:
            read = python.read if grammar == "python" else javascript.read
            self.files[path] = read(source, path=path, grammar=grammar)
        elif suffix in _DATA_SUFFIXES or name.startswith((".env", "Dockerfile", "Makefile")):
            self.data_words[path] = words(source.decode("utf-8", "replace"))
        if dependencies.is_manifest(path) or name.startswith(("tsconfig", "jsconfig")):
            self.manifests[path] = source.decode("utf-8", "replace")

    def index(self) -> SymbolIndex:
        return SymbolIndex(
            files=self.files,
            line_counts=self.line_counts,
            manifests=self.manifests,
            data_words=self.data_words,
        )


def _paths(checkout: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(checkout):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            yield (Path(folder) / name).relative_to(checkout).as_posix()


def _without(patch: Patch, mapping: Mapping[str, Value]) -> dict[str, Value]:
    return {path: value for path, value in mapping.items() if path not in patch.files}


def _nearest(name: str, known: set[str], limit: int) -> list[str]:
    """Return at most `limit` of `known` by likeness of the letters, case aside; ties by name."""
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(name.lower())
    scored = []
    for candidate in known:
        matcher.set_seq1(candidate.lower())
        if matcher.real_quick_ratio() >= _NEAR and matcher.quick_ratio() >= _NEAR and matcher.ratio() >= _NEAR:
            scored.append((-matcher.ratio(), candidate))
    return [candidate for _, candidate in sorted(scored)[:limit]]


@lru_cache(maxsize=16)
def index_for(checkout: Checkout) -> SymbolIndex:
    """Return the index of a checkout, built once for each repository and commit in this process."""
    return SymbolIndex.build(checkout.path)
