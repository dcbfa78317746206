"""Bring a commit's files into the search: only contents that no earlier commit had are read."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import transaction
from django.utils import timezone

from agents.code_search.chunks import chunks_of, terms
from agents.code_search.models import CodeChunk
from agents.grounding.draft import SKIPPED_FOLDERS
from agents.grounding.parsing import GRAMMAR_BY_SUFFIX
from agents.runtime.contract import ToolFailed
from agents.tools.repository import MAX_LISTING_BYTES, git_read
from agents.tools.secret_paths import is_secret_path
from agents.tools.sources import UnreadableSource, read_source
from integrations.codehost import Checkout
from integrations.embeddings import embedder

MAX_FILES = 20_000
BATCH = 200
# Contents that no indexed commit has had for so long are forgotten.
KEPT = timedelta(days=90)
_OTHER_SUFFIXES = (".sql", ".graphql", ".prisma", ".vue", ".svelte", ".yml", ".yaml")


def commit_index(checkout: Checkout) -> Mapping[str, str]:
    """Index what is new in the commit and return its searched files as blob hash by path. Raises ToolFailed."""
    blobs = searched_files(checkout)
    known = set(
        CodeChunk.objects.filter(repository=checkout.repository, path__in=blobs)
        .values_list("path", "blob_hash")
        .distinct()
    )
    now = timezone.now()
    missing = [path for path, blob in blobs.items() if (path, blob) not in known]
    for paths in _batches(missing):
        rows = [row for path in paths for row in _rows(checkout, path, blobs[path], now)]
        _embed(rows)
        # Two workers may index one commit at once: whoever is second adds nothing.
        CodeChunk.objects.bulk_create(rows, ignore_conflicts=True)
    with transaction.atomic():
        mine = CodeChunk.objects.filter(repository=checkout.repository)
        mine.filter(path__in=blobs, blob_hash__in=set(blobs.values())).update(used_at=now)
        mine.filter(used_at__lt=now - KEPT).delete()
    return blobs


@lru_cache(maxsize=16)
def searched_files(checkout: Checkout) -> Mapping[str, str]:
    """Return blob hash by path of the commit's sources, without dependencies, builds and files with secrets."""
    answer = git_read(checkout, ["ls-tree", "-r", "-z", checkout.commit], max_bytes=MAX_LISTING_BYTES)
    if answer.exit_code != 0:
        raise ToolFailed(f"cannot list the files of {checkout.repository} at {checkout.commit}: {answer.error}")
    blobs: dict[str, str] = {}
    for entry in answer.text.split("\0"):
        kind, _, path = entry.partition("\t")
        if kind.startswith("100") and _is_searched(path):
            blobs[path] = kind.split()[2]
        if len(blobs) == MAX_FILES:
            break
    return blobs


def _is_searched(path: str) -> bool:
    is_source = path.endswith((*GRAMMAR_BY_SUFFIX, *_OTHER_SUFFIXES)) and ".min." not in path
    return is_source and not SKIPPED_FOLDERS.intersection(path.split("/")) and not is_secret_path(path)


def _rows(checkout: Checkout, path: str, blob_hash: str, now: datetime) -> Iterator[CodeChunk]:
    try:
        source = read_source(checkout.path, path)
    except UnreadableSource:
        return  # a binary or huge file has nothing to find by words
    for chunk in chunks_of(path, source):
        yield CodeChunk(
            repository=checkout.repository,
            path=path,
            blob_hash=blob_hash,
            symbol=chunk.symbol[:300],
            line_start=chunk.line_start,
            line_end=chunk.line_end,
            name_terms=terms(f"{path} {chunk.symbol}"),
            text_terms=terms(chunk.text),
            used_at=now,
        )


def _embed(rows: Sequence[CodeChunk]) -> None:
    vectors = embedder().embed([f"{row.name_terms} {row.text_terms}" for row in rows])
    for row, vector in zip(rows, vectors, strict=True):
        row.embedding = vector


def _batches(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(paths), BATCH):
        yield paths[start : start + BATCH]
