"""The symbols of a repository at one commit: what exists, and where."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple, TypeVar

from agents.grounding import dependencies
from agents.grounding.draft import LARGEST_FILE_BYTES, Draft, source_paths
from agents.grounding.modules import Modules, is_relative, package_of
from agents.grounding.names import words
from agents.grounding.origins import Origins
from agents.grounding.runtime import runtime_of, test_globals
from agents.grounding.symbols import Definition, FileSymbols, Import
from core.patch import Patch

_NEAR = 0.6


Value = TypeVar("Value")


class Summary(NamedTuple):
    """What most questions need of all files together: definitions by name and qualified name, and every word."""

    by_name: Mapping[str, Sequence[tuple[Any, ...]]]
    words: frozenset[str]


class SymbolIndex:
    """Built once for a commit and never changed; `with_patch` returns another."""

    def __init__(
        self,
        *,
        files: Mapping[str, FileSymbols],
        line_counts: Mapping[str, int | None],
        manifests: Mapping[str, str],
        data_words: Mapping[str, frozenset[str]],
        root: Path,
        texts: Mapping[str, str] | None = None,
        summary: Summary | None = None,
    ) -> None:
        """`root` holds the texts of the files, apart from those in `texts`; a known `summary` saves work."""
        self._given_summary = summary
        self.files = files
        self._root = root
        self._texts = texts or {}
        self.line_counts = line_counts
        self.manifests = manifests
        self.data_words = data_words

    @classmethod
    def build(cls, checkout: Path) -> "SymbolIndex":
        """Read all sources below `checkout`; folders of dependencies and builds are left out."""
        draft = Draft()
        for path in source_paths(checkout):
            source = checkout / path
            is_readable = not source.is_symlink() and source.stat().st_size <= LARGEST_FILE_BYTES
            draft.add(path, source.read_bytes() if is_readable else None)
        return cls(
            files=draft.files,
            line_counts=draft.line_counts,
            manifests=draft.manifests,
            data_words=draft.data_words,
            root=checkout,
        )

    def with_patch(self, patch: Patch) -> "SymbolIndex":
        """Return the index of the repository with `patch` applied."""
        draft = Draft()
        for path, content in patch.files.items():
            if content is not None:
                draft.add(path, content.encode())

        return SymbolIndex(
            files={**_without(patch, self.files), **draft.files},
            line_counts={**_without(patch, self.line_counts), **draft.line_counts},
            manifests={**_without(patch, self.manifests), **draft.manifests},
            data_words={**_without(patch, self.data_words), **draft.data_words},
            root=self._root,
            texts={
                **_without(patch, self._texts),
                **{path: content for path, content in patch.files.items() if content is not None},
            },
        )

    def has_file(self, path: str) -> bool:
        return path in self.line_counts

    def paths_ending_in(self, path: str) -> list[str]:
        """Return the files meant by a path that may be shortened (`cart.js`) or a container's (`/app/cart.js`)."""
        plain = path.removeprefix("./")
        if self.has_file(plain):
            return [plain]
        shortened = [known for known in self.line_counts if known.endswith(f"/{plain.lstrip('/')}")]
        return shortened or [known for known in self.line_counts if plain.endswith(f"/{known}")]

    def line_count(self, path: str) -> int | None:
        """Return the number of lines, or None for a file that is too large or not of the repository."""
        return self.line_counts.get(path)

    def lookup(self, name: str) -> list[Definition]:
        """Return the definitions whose name or qualified name is `name`, callbacks left out."""
        return [Definition._make(found) for found in self.summary.by_name.get(name, ())]

    def definitions_in(self, path: str) -> tuple[Definition, ...]:
        return self.files[path].definitions if path in self.files else ()

    def near(self, name: str, *, path: str | None = None, limit: int = 3) -> list[str]:
        """Return the known names most like `name`, those of the file `path` first, then of the repository."""
        local = {found.qualified_name for found in self.definitions_in(path or "") if found.kind != "callback"}
        best = _nearest(name, local, limit) or _nearest(name, set(self.summary.by_name), limit)
        return best or _nearest(name, self._members, limit)

    def near_files(self, path: str, *, limit: int = 3) -> list[str]:
        return _nearest(path, set(self.line_counts), limit)

    def knows(self, word: str) -> bool:
        """True if `word` is a name of the repository: defined, a member, a key, or an identifier that occurs."""
        return word in self.summary.words

    def is_runtime_name(self, word: str) -> bool:
        return any(word in runtime_of(language).names for language in self.languages)

    def is_dependency_name(self, word: str) -> bool:
        """True for a declared dependency, a word of its name, or the local name of an import of one."""
        return word in self._dependency_words or word.lower() in self._folded_dependencies

    def is_used_pair(self, owner: str, member: str) -> bool:
        """True if the code itself says `owner.member` somewhere."""
        return f"{owner}.{member}" in self._member_pairs

    def is_member_name(self, name: str) -> bool:
        """True if `name` is a member, key, method or property of anything in the repository."""
        return name in self._members

    def is_set_as_global(self, name: str) -> bool:
        """True if a file of the repository puts `name` on the global object or declares it ambient."""
        return any(name in symbols.global_names for symbols in self.files.values())

    def origin(self, path: str, name: str) -> Definition | str | None:
        """Follow a name of a file through imports and re-exports to its definition, or to a module's path.

        "default" is what the file exports by default. None where the text does not lead to one of the repository.
        """
        return self._origins.of(path, name)

    @cached_property
    def _origins(self) -> Origins:
        return Origins(self.files, self.modules)

    def submodules(self, path: str) -> frozenset[str]:
        """Return the modules and packages beside a Python package's `__init__`, which are its attributes."""
        if PurePosixPath(path).name != "__init__.py":
            return frozenset()
        folder = PurePosixPath(path).parent
        inside = [
            PurePosixPath(other).relative_to(folder)
            for other in self.files
            if folder in PurePosixPath(other).parents
        ]
        return frozenset(other.parts[0].removesuffix(".py") for other in inside)

    def text_lines(self, path: str) -> list[str]:
        """Return the lines of a file of the repository, none for one that is too large to be indexed."""
        if path in self._texts:
            return self._texts[path].split("\n")
        is_indexed = self.line_counts.get(path) is not None
        return (self._root / path).read_text("utf-8", "replace").split("\n") if is_indexed else []

    @cached_property
    def languages(self) -> frozenset[Literal["javascript", "python"]]:
        return frozenset(symbols.language for symbols in self.files.values())

    @cached_property
    def modules(self) -> Modules:
        return Modules(self.line_counts, self.manifests)

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
            {path: content for path, content in self.manifests.items() if dependencies.is_manifest(path)}
        )

    @cached_property
    def global_names(self) -> frozenset[str]:
        """Names that files of the repository call, or declare, as global: set up outside what is indexed."""
        called = {call.name for symbols in self.files.values() for call in symbols.free_calls}
        called |= {name for symbols in self.files.values() for name, _ in symbols.free_reads}
        declared = {name for symbols in self.files.values() for name in symbols.global_names}
        return frozenset(called - test_globals() | declared)

    @cached_property
    def summary(self) -> Summary:
        return self._given_summary or Summary(self._by_name(), self._words())

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
        found = {
            definition.name
            for symbols in self.files.values()
            for definition in symbols.definitions
            if definition.kind in ("method", "property") or "." in definition.qualified_name
        }
        for symbols in self.files.values():
            found |= symbols.members | symbols.keys | symbols.own_members
        return found

    @cached_property
    def _member_pairs(self) -> frozenset[str]:
        return frozenset().union(*(symbols.member_pairs for symbols in self.files.values()))

    def _words(self) -> frozenset[str]:
        return frozenset().union(
            *(symbols.words for symbols in self.files.values()),
            *self.data_words.values(),
            *(words(path) for path in self.line_counts),
        )

    @cached_property
    def _folded_dependencies(self) -> frozenset[str]:
        """Whole names as people write them: TypeORM is typeorm, React is react."""
        return frozenset(
            name.replace("-", "").replace("_", "").lower() for name in self._declared[0] | self._declared[1]
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
