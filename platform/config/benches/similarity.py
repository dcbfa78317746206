"""How well and how fast past incidents are found, against an exact search over the same rows."""

import random
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, transaction

from config.benches import Measured
from config.benches.scratch import say
from incidents.models import Incident, Service
from incidents.similarity import similar_candidates
from integrations.embeddings.hashing import HashingEmbedder

SIZES = (10_000, 100_000)
LARGE_SIZES = (*SIZES, 1_000_000)
QUERIES = 200
NEAREST = 10
BATCH = 2000
SCHEMA = "bench_similarity"
# What errors are made of; each incident is one error of one place, told in a few words of its own.
TYPES = ("TypeError", "RangeError", "KeyError", "TimeoutError", "ValueError", "ConnectionError", "IntegrityError")
WORDS = tuple(
    word
    for line in (
        "order cart payment refund invoice shipment parcel customer address voucher stock price tax currency",
        "session token webhook queue worker cache index search report export upload image mail locale schedule",
        "retry empty missing undefined negative expired duplicate invalid locked refused unknown broken partial",
        "late checkout catalogue gateway ledger profile basket coupon courier depot tariff quota tenant archive",
    )
    for word in line.split()
)


def measure() -> Measured:
    """Measure recall@10 and the time of one search at each size."""
    return _measure(SIZES)


def measure_large() -> Measured:
    """The same with a million incidents; takes tens of minutes and some GB."""
    return _measure(LARGE_SIZES)


def _measure(sizes: Sequence[int]) -> Measured:
    found = {}
    with _own_tables():
        for size in sizes:
            say(f"{size} incidents: embedding and storing ...")
            _fill(size)
            say(f"{size} incidents: {QUERIES} searches, each also exact ...")
            found[size] = _searched(size)
    at = found[100_000]
    return Measured(
        columns=["incidents", "recall@10", "p50, ms", "p95, ms", "exact p50, ms", "exact / index"],
        rows=[
            [
                f"{size:,}",
                f"{row['recall_at_10']:.3f}",
                f"{row['p50_ms']:.2f}",
                f"{row['p95_ms']:.2f}",
                f"{row['exact_p50_ms']:.2f}",
                f"{row['exact_p50_ms'] / row['p50_ms']:.1f}",
            ]
            for size, row in found.items()
        ],
        figures={
            "recall_at_10": at["recall_at_10"],
            "p95_ms": at["p95_ms"],
            "sizes": {str(size): row for size, row in found.items()},
        },
    )


@contextmanager
def _own_tables() -> Iterator[None]:
    """Put empty tables of the same shape and indexes before the real ones, for this connection only."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        for model in (Service, Incident):
            table = model._meta.db_table
            cursor.execute(f"CREATE UNLOGGED TABLE {SCHEMA}.{table} (LIKE public.{table} INCLUDING ALL)")
        cursor.execute(f"SET search_path TO {SCHEMA}, public")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET search_path TO DEFAULT")
            cursor.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def _fill(size: int) -> None:
    """Add incidents until there are `size`; the index is built anew over all, as a restored database does it."""
    service, _ = Service.objects.get_or_create(name="bench", repository="bench/none", alarm_patterns=["bench-*"])
    model, at = HashingEmbedder(), "2026-01-01T00:00Z"
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem TO '2GB'")
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = %s AND indexdef LIKE '%%hnsw%%'", [SCHEMA]
        )
        [definition] = cursor.fetchone()
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexdef = %s", [definition])
        cursor.execute(f"DROP INDEX {SCHEMA}.{cursor.fetchone()[0]}")
    for start in range(Incident.objects.count(), size, BATCH):
        numbers = range(start, start + BATCH)
        vectors = model.embed([_error(number) for number in numbers])
        Incident.objects.bulk_create(
            Incident(
                service=service,
                fingerprint=f"{number:064d}",
                title="bench",
                first_seen_at=at,
                last_seen_at=at,
                embedding=vector,
                embedding_model=model.name,
            )
            for number, vector in zip(numbers, vectors, strict=True)
        )
    with connection.cursor() as cursor:
        cursor.execute(definition)
        cursor.execute(f"ANALYZE {SCHEMA}.{Incident._meta.db_table}")


def _error(number: int) -> str:
    """Return the text of one incident: the same for a number in every run."""
    chosen = random.Random(number)  # noqa: S311  # no secret
    words = chosen.choices(WORDS, k=12)
    place = f"{words[0]}{words[1].capitalize()} {words[2]}s {words[0]}"
    return f"{words[3]}-errors {chosen.choice(TYPES)} in {place}: {' '.join(words[4:])}"


def _searched(size: int) -> dict[str, float]:
    service = Service.objects.get(name="bench")
    model = HashingEmbedder()
    vectors = model.embed([_error(-number - 1) for number in range(QUERIES)])
    hits, taken, exact_taken = 0, [], []
    similar_candidates(vector=vectors[0], embedding_model=model.name, service=service, limit=NEAREST)
    for vector in vectors:
        began = time.perf_counter()
        found = similar_candidates(vector=vector, embedding_model=model.name, service=service, limit=NEAREST)
        taken.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_indexscan TO off")
            exact = similar_candidates(vector=vector, embedding_model=model.name, service=service, limit=NEAREST)
        exact_taken.append((time.perf_counter() - began) * 1000)
        # Of equal distances any may be shown: what counts is how near the found ones are.
        furthest = exact[-1].distance + 1e-6
        hits += sum(candidate.distance <= furthest for candidate in found)
    return {
        "recall_at_10": round(hits / (QUERIES * NEAREST), 4),
        "p50_ms": round(statistics.median(taken), 3),
        "p95_ms": round(sorted(taken)[len(taken) * 95 // 100], 3),
        "exact_p50_ms": round(statistics.median(exact_taken), 3),
    }
