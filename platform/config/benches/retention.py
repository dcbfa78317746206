"""How fast what is old is deleted, how long an insert waits meanwhile, and whether the tables keep their size."""

import json
import random
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from config import embedded
from config.benches import Measured
from config.benches.scratch import Scratch, alarm_document, say, scratch
from config.env import BASE_DIR

# Of each kind, in each round.
ROWS = 300_000
ROUNDS = 3
DAYS_BETWEEN_ROUNDS = 100
STEPS_A_RUN = 20
DIFFERENT_TEXTS = 500
TABLES = ("incidents_agentstep", "incidents_event")
EVERY_SECONDS = 0.01
QUIET_SECONDS = 5

_INCIDENTS = """
from django.utils import timezone
from incidents.choices import Stage, Status
from incidents.models import Incident, Service, StageRun
now = timezone.now()
service = Service.objects.create(name="bench", repository="bench/none", alarm_patterns=["bench-*"])
incidents = Incident.objects.bulk_create(
    Incident(service=service, fingerprint=str(n), title="bench", status=Status.RESOLVED,
             first_seen_at=now, last_seen_at=now)
    for n in range({incidents})
)
StageRun.objects.bulk_create(
    StageRun(incident=incident, stage=stage, attempt=attempt, started_at=now)
    for incident in incidents
    for stage in (Stage.TRIAGE, Stage.DIAGNOSIS, Stage.FIX, Stage.REVIEW, Stage.MONITOR)
    for attempt in range({rounds})
)
"""

_DELETE = """
import json, time
from pathlib import Path
from django.db import connection
from incidents.retention import rows_delete_old
batches = []
def timed(execute, sql, *rest):
    began = time.perf_counter()
    try:
        return execute(sql, *rest)
    finally:
        if sql.startswith("DELETE"):
            batches.append(time.perf_counter() - began)
began = time.perf_counter()
with connection.execute_wrapper(timed):
    deleted = rows_delete_old()
seconds = time.perf_counter() - began
began = time.perf_counter()
rows_delete_old()
Path({told!r}).write_text(json.dumps({{
    "rows": deleted.steps + deleted.events, "seconds": seconds, "batches": batches,
    "nothing_old_seconds": round(time.perf_counter() - began, 3),
}}))
"""

_STEPS = """
    INSERT INTO incidents_agentstep (stage_run_id, number, role, content, stop_reason, usage, cost_usd, created_at)
    SELECT run.id, number, 'user', (%(texts)s::jsonb[])[1 + (random() * %(last)s)::int], '', '{}', 0, %(at)s
    FROM (SELECT id FROM incidents_stagerun WHERE attempt = %(round)s ORDER BY id) AS run,
        generate_series(1, %(steps)s) AS number
"""
_EVENTS = """
    INSERT INTO incidents_event (
        message_id, topic_arn, raw, subject, alarm, alarm_arn, alarm_name, alarm_state, state_changed_at,
        received_at, drained_at, disposition, disposition_reason, service_id, incident_id
    )
    SELECT gen_random_uuid()::text, 'arn:aws:sns:us-east-1:123456789012:bench', body::text, 'ALARM', body,
        'arn:aws:cloudwatch:us-east-1:123456789012:alarm:bench-' || number, 'bench-' || number, 'ALARM', %(at)s,
        %(at)s, %(at)s, 'attached', '', service_id, incident_id
    FROM (
        SELECT number, service_id, incident.id AS incident_id,
            (%(texts)s::jsonb[])[1 + (random() * %(last)s)::int] AS body
        FROM generate_series(1, %(rows)s) AS number
        JOIN incidents_incident AS incident ON incident.fingerprint = (number %% %(incidents)s)::text
    ) AS made
"""
_ONE_EVENT = """
    INSERT INTO incidents_event (
        message_id, topic_arn, raw, subject, alarm_arn, alarm_name, alarm_state, received_at, disposition,
        disposition_reason
    )
    VALUES (gen_random_uuid()::text, '', repeat('x', 3000), '', '', '', '', now(), 'ok', '')
"""


def measure() -> Measured:
    """Fill and delete several times over, with inserts going on."""
    incidents = ROWS // STEPS_A_RUN // 5
    with scratch() as place:
        place.shell(_INCIDENTS.format(incidents=incidents, rounds=ROUNDS + 1))
        say(f"Writing {ROWS} steps and {ROWS} notifications ...")
        _fill(place, 0, incidents)
        rounds = [_round(place, number, incidents) for number in range(1, ROUNDS + 1)]
    return _measured(rounds)


def _round(place: Scratch, number: int, incidents: int) -> dict[str, Any]:
    """Write a round's rows and delete those of the round before."""
    say(f"Round {number}: writing as many again ...")
    _fill(place, number, incidents)
    full_bytes = _size(place)
    say(f"Round {number}: deleting the older half ...")
    told = place.directory / "deleted.json"
    keep_days = str(_age_days(number) + DAYS_BETWEEN_ROUNDS // 2)
    with _inserting(place) as waits:
        time.sleep(QUIET_SECONDS)
        quiet = list(waits)
        waits.clear()
        place.shell(_DELETE.format(told=str(told)), KEEP_STEPS_DAYS=keep_days, KEEP_EVENTS_DAYS=keep_days)
        meanwhile = list(waits)
    with psycopg.connect(embedded.database_url(place.directory), autocommit=True) as connection:
        # As autovacuum would.
        connection.execute(f"VACUUM ANALYZE {', '.join(TABLES)}")
    return {**json.loads(told.read_text()), "full_bytes": full_bytes, "quiet": quiet, "meanwhile": meanwhile}


def _fill(place: Scratch, number: int, incidents: int) -> None:
    at = datetime.now(UTC) - timedelta(days=_age_days(number))
    values = {"at": at, "round": number, "rows": ROWS, "steps": STEPS_A_RUN, "incidents": incidents}
    with psycopg.connect(embedded.database_url(place.directory)) as connection:
        for statement, texts in ((_STEPS, _step_texts()), (_EVENTS, _alarm_texts())):
            connection.execute(statement, {**values, "texts": texts, "last": len(texts) - 1})
    if number == 0:
        with psycopg.connect(embedded.database_url(place.directory), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


def _age_days(number: int) -> int:
    return (ROUNDS + 1 - number) * DAYS_BETWEEN_ROUNDS


def _step_texts() -> list[str]:
    """Return contents as agents read them: parts of this repository's files, of 1 to 8 KB."""
    chosen = random.Random(1)  # noqa: S311  # no secret
    whole = "".join(path.read_text() for path in sorted((BASE_DIR / "incidents").rglob("*.py")))
    parts = []
    for _ in range(DIFFERENT_TEXTS):
        start, length = chosen.randrange(len(whole) - 8000), chosen.randrange(1000, 8000)
        parts.append(json.dumps([{"type": "text", "text": whole[start : start + length]}]))
    return parts


def _alarm_texts() -> list[str]:
    now = datetime.now(UTC)
    return [json.dumps(alarm_document(f"bench-{n}", now + timedelta(seconds=n))) for n in range(DIFFERENT_TEXTS)]


def _size(place: Scratch) -> int:
    total = " + ".join(f"pg_total_relation_size('{table}')" for table in TABLES)
    return int(place.value(f"SELECT {total}"))


@contextmanager
def _inserting(place: Scratch) -> Iterator[list[float]]:
    """Store a notification every few milliseconds; yield the list of the seconds that each took."""
    waits: list[float] = []
    ended = threading.Event()

    def insert() -> None:
        with psycopg.connect(embedded.database_url(place.directory), autocommit=True) as connection:
            while not ended.wait(EVERY_SECONDS):
                began = time.perf_counter()
                connection.execute(_ONE_EVENT)
                waits.append(time.perf_counter() - began)

    thread = threading.Thread(target=insert)
    thread.start()
    try:
        yield waits
    finally:
        ended.set()
        thread.join()


def _measured(rounds: list[dict[str, Any]]) -> Measured:
    for found in rounds:
        found["rows_per_second"] = round(found["rows"] / found["seconds"])
        found["batch_p50_ms"], found["batch_max_ms"] = _middle_and_max(found.pop("batches"))
        found["insert_quiet_p99_ms"] = _p99(found.pop("quiet"))
        meanwhile = found.pop("meanwhile")
        found["insert_p99_ms"], found["insert_max_ms"] = _p99(meanwhile), _middle_and_max(meanwhile)[1]
    first, last = rounds[0], rounds[-1]
    return Measured(
        columns=[
            "round",
            "deleted",
            "rows/s",
            "batch p50, ms",
            "max",
            "insert p99, ms",
            "max",
            "quiet p99",
            "nothing old, s",
            "MB",
        ],
        rows=[
            [
                str(number),
                f"{found['rows']:,}",
                f"{found['rows_per_second']:,}",
                f"{found['batch_p50_ms']:.1f}",
                f"{found['batch_max_ms']:.1f}",
                f"{found['insert_p99_ms']:.1f}",
                f"{found['insert_max_ms']:.1f}",
                f"{found['insert_quiet_p99_ms']:.1f}",
                f"{found['nothing_old_seconds']:.2f}",
                f"{found['full_bytes'] / 1e6:,.0f}",
            ]
            for number, found in enumerate(rounds, 1)
        ],
        figures={"growth_ratio": round(last["full_bytes"] / first["full_bytes"], 3), "rounds": rounds},
    )


def _middle_and_max(seconds: list[float]) -> tuple[float, float]:
    return round(statistics.median(seconds) * 1000, 2), round(max(seconds) * 1000, 2)


def _p99(seconds: list[float]) -> float:
    return round(statistics.quantiles(seconds, n=100)[98] * 1000, 2)
