"""The index of a commit, kept beside its checkout: built once on a machine, then read by every process."""

import hashlib
import marshal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import structlog

from agents.grounding.index import Summary, SymbolIndex
from agents.grounding.symbols import Call, Definition, Exports, FileSymbols, Import, ImportedName
from integrations.codehost import Checkout

logger = structlog.get_logger(__name__)

_DIGEST_BYTES = 32


@lru_cache(maxsize=16)
def index_for(checkout: Checkout) -> SymbolIndex:
    """Return the index of a checkout: from this process, from beside the checkout, or built and kept there."""
    file = kept_at(checkout)
    kept = index_read(file, root=checkout.path)
    if kept is not None:
        return kept
    index = SymbolIndex.build(checkout.path)
    try:
        index_write(index, file)
    except OSError as error:
        # A full or read-only disk costs the next process a build, nothing else.
        logger.warning("grounding.index_not_kept", file=str(file), error=str(error))
    return index


def kept_at(checkout: Checkout) -> Path:
    """Return where the index of this commit is kept; another release of the readers has another place."""
    return checkout.path.with_name(f"{checkout.path.name}.{_version()}.symbols")


@cache
def _version() -> str:
    """Return a name for what makes an index: the readers and queries in this folder, and Python's own format."""
    digest = hashlib.blake2b(sys.version.encode(), digest_size=6)
    for file in sorted(Path(__file__).parent.glob("*.*")):
        if file.suffix in (".py", ".scm"):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def index_write(index: SymbolIndex, file: Path) -> None:
    """Write the index so that a reader finds all of it or nothing. Raises OSError."""
    payload = marshal.dumps(
        (
            {path: marshal.dumps(_plain(symbols)) for path, symbols in index.files.items()},
            *(dict(index.line_counts), dict(index.manifests), dict(index.data_words)),
            {name: tuple(map(tuple, found)) for name, found in index.summary.by_name.items()},
            index.summary.words,
        )
    )
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=file.name, delete=False) as partial:
        partial.write(hashlib.blake2b(payload, digest_size=_DIGEST_BYTES).digest() + payload)
    Path(partial.name).replace(file)


def index_read(file: Path, *, root: Path) -> SymbolIndex | None:
    """Return the kept index of the sources in `root`, or None if there is none that is whole."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    digest, payload = content[:_DIGEST_BYTES], memoryview(content)[_DIGEST_BYTES:]
    if hashlib.blake2b(payload, digest_size=_DIGEST_BYTES).digest() != digest:
        # marshal must not see damaged bytes
        logger.warning("grounding.index_damaged", file=str(file))
        return None
    files, line_counts, manifests, data_words, by_name, all_words = marshal.loads(payload)  # noqa: S302  # our own
    return SymbolIndex(
        files=_KeptFiles(files),
        line_counts=line_counts,
        manifests=manifests,
        data_words=data_words,
        root=root,
        summary=Summary(by_name, all_words),
    )


class _KeptFiles(Mapping[str, FileSymbols]):
    """Files whose symbols are read when they are asked for: most questions ask for none or a few."""

    def __init__(self, packed: dict[str, bytes]) -> None:
        self._packed = packed
        self._read: dict[str, FileSymbols] = {}

    def __getitem__(self, path: str) -> FileSymbols:
        if path not in self._read:
            self._read[path] = _symbols(path, marshal.loads(self._packed[path]))  # noqa: S302  # our own
        return self._read[path]

    def __contains__(self, path: object) -> bool:
        return path in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


def _plain(symbols: FileSymbols) -> tuple[Any, ...]:
    """Return the file's symbols as tuples that marshal knows, in the order that `_symbols` reads."""
    return (
        *(symbols.language, symbols.line_count, symbols.syntax_error_line),
        tuple(map(tuple, symbols.definitions)),
        tuple((*item[:2], tuple(map(tuple, item.names)), *item[3:]) for item in symbols.imports),
        tuple(symbols.exports),
        tuple(map(tuple, symbols.calls)),
        *(symbols.bound, symbols.rebound, symbols.members, symbols.own_members, symbols.member_pairs),
        *(symbols.assigned_pairs, symbols.keys, symbols.global_names, symbols.words),
        *(symbols.asked_pairs, symbols.free_reads, symbols.types, symbols.field_types, symbols.objects),
    )


def _symbols(path: str, plain: tuple[Any, ...]) -> FileSymbols:
    language, line_count, syntax_error_line, definitions, imports, exports, calls, *rest = plain
    return FileSymbols(
        path,
        language,
        line_count,
        syntax_error_line,
        tuple(map(Definition._make, definitions)),
        tuple(Import._make((*item[:2], tuple(map(ImportedName._make, item[2])), *item[3:])) for item in imports),
        Exports._make(exports),
        tuple(map(Call._make, calls)),
        *rest,
    )
