"""The files of a repository read one after the other: what an index is made of."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from agents.grounding import dependencies, javascript, python
from agents.grounding.names import words
from agents.grounding.parsing import GRAMMAR_BY_SUFFIX
from agents.grounding.symbols import FileSymbols

LARGEST_FILE_BYTES = 1_000_000
SKIPPED_FOLDERS = frozenset(
    {".git", "node_modules", "dist", "coverage", "__pycache__", ".venv", "venv", ".tox", ".next"}
)
# Names in data and configuration are true names too: columns, settings, keys of messages.
_DATA_SUFFIXES = frozenset(
    {".json", ".yml", ".yaml", ".toml", ".sql", ".env", ".ini", ".cfg", ".tf", ".sh", ".html", ".vue", ".svelte"}
    | {".graphql", ".prisma", ".proto"}
)


class Draft:
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


def source_paths(checkout: Path) -> Iterator[str]:
    """Yield the paths of all files that are not of dependencies or builds, folder by folder."""
    for folder, folders, names in os.walk(checkout):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            yield (Path(folder) / name).relative_to(checkout).as_posix()
