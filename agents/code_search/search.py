"""Candidates for what an incident is about: by words, by vector, and both merged by reciprocal rank."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.db import connection
from pgvector.django import CosineDistance

from agents.code_search.chunks import terms
from agents.code_search.models import CodeChunk
from core.test_paths import is_test_path
from integrations.embeddings import embedder

# Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion outperforms Condorcet", 2009: the sum of 1 / (60 + rank).
RANK_CONSTANT = 60
RANKED = 50
MAX_TERMS = 60

Way = Literal["vector", "text", "hybrid"]

# Each term counts by how rare it is among the chunks, so that a log line's common words do not drown its names.
_BY_TEXT = """
with terms as (
    select distinct plainto_tsquery('english', term) as query from unnest(%(terms)s::text[]) as term
), files as (
    select path, blob from unnest(%(paths)s::text[], %(blobs)s::text[]) as file(path, blob)
), chunks as (
    select chunk.id, chunk.search from code_search_codechunk as chunk
    join files on files.path = chunk.path and files.blob = chunk.blob_hash
    where chunk.repository = %(repository)s
), hits as (
    select chunks.id, terms.query, ts_rank(chunks.search, terms.query, 1) as rank
    from terms join chunks on chunks.search @@ terms.query
    where numnode(terms.query) > 0
), weights as (
    select query, ln(1 + (select count(*) from chunks)::float / count(*)) as weight from hits group by query
)
select hits.id, sum(hits.rank * weights.weight * weights.weight) as score
from hits join weights using (query) group by hits.id order by score desc, hits.id limit %(limit)s
"""


@dataclass(frozen=True)
class Candidate:
    """A place that reads like the query. It is a hint: read the file at the commit before you believe it."""

    path: str
    line_start: int
    line_end: int
    symbol: str


def candidates(
    query: str, *, repository: str, blobs: Mapping[str, str], way: Way = "hybrid", limit: int = 8
) -> list[Candidate]:
    """Return the best place of each of at most `limit` files, tests last; `blobs` are the files of the commit."""
    rankings = []
    if way in ("text", "hybrid"):
        rankings.append(_by_text(query, repository=repository, blobs=blobs))
    if way in ("vector", "hybrid"):
        rankings.append(_by_vector(query, repository=repository, blobs=blobs))
    best = _fused([_first_of_each_file(ranking) for ranking in rankings])
    return sorted(best, key=lambda found: is_test_path(found.path))[:limit]


def _by_text(query: str, *, repository: str, blobs: Mapping[str, str]) -> list[Candidate]:
    words = list(dict.fromkeys(terms(query).split()))[:MAX_TERMS]
    with connection.cursor() as cursor:
        cursor.execute(
            _BY_TEXT,
            {
                "terms": words,
                "paths": list(blobs),
                "blobs": list(blobs.values()),
                "repository": repository,
                "limit": RANKED,
            },
        )
        ranked = [pk for pk, _ in cursor.fetchall()]
    chunks = CodeChunk.objects.in_bulk(ranked)
    return [_candidate(chunks[pk]) for pk in ranked]


def _by_vector(query: str, *, repository: str, blobs: Mapping[str, str]) -> list[Candidate]:
    [vector] = embedder().embed([terms(query)])
    # An old content of a path, or another path's same content, may come along: the commit's files decide.
    rows = (
        CodeChunk.objects.filter(repository=repository, blob_hash__in=set(blobs.values()))
        .order_by(CosineDistance("embedding", vector), "pk")
        .defer("embedding", "search", "text_terms", "name_terms")[: 2 * RANKED]
    )
    return [_candidate(row) for row in rows if blobs.get(row.path) == row.blob_hash][:RANKED]


def _candidate(chunk: CodeChunk) -> Candidate:
    return Candidate(chunk.path, chunk.line_start, chunk.line_end, chunk.symbol)


def _first_of_each_file(ranking: Sequence[Candidate]) -> list[Candidate]:
    best: dict[str, Candidate] = {}
    for found in ranking:
        best.setdefault(found.path, found)
    return list(best.values())


def _fused(rankings: Sequence[Sequence[Candidate]]) -> list[Candidate]:
    """Return each file's place from the ranking that puts it highest, files by their fused score, best first."""
    scores: dict[str, float] = defaultdict(float)
    places: dict[str, tuple[int, Candidate]] = {}
    for ranking in rankings:
        for rank, found in enumerate(ranking, start=1):
            scores[found.path] += 1 / (RANK_CONSTANT + rank)
            places[found.path] = min(
                places.get(found.path, (rank, found)), (rank, found), key=lambda each: each[0]
            )
    return [places[path][1] for path in sorted(scores, key=lambda path: (-scores[path], path))]
