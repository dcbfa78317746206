"""Incidents sent through a running installation, and runs of the bare canvas beside them, with what they cost."""

import json
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import LiteralString, Self

import httpx
import psutil
import psycopg
import redis
from celery import Celery

from config import embedded
from config.benches.null_names import DONE
from config.benches.scratch import Scratch
from config.processes import Processes

POLL_SECONDS = 0.02
GIVE_UP_SECONDS = 120
HEADERS = {"Content-Type": "text/plain; charset=UTF-8"}


@dataclass(frozen=True)
class Spent:
    """Seconds from the first of some incidents to the end of the last one, and CPU seconds of all processes."""

    seconds: float
    cpu_seconds: float


class Installation:
    """A running scratch installation whose workers know nothing outside."""

    def __init__(self, place: Scratch, processes: Processes) -> None:
        self._place = place
        self._processes = processes
        self._open = ExitStack()

    def __enter__(self) -> Self:
        directory = self._place.directory
        self._database = self._open.enter_context(
            psycopg.connect(embedded.database_url(directory), autocommit=True)
        )
        self._redis = self._open.enter_context(redis.Redis.from_url(embedded.redis_url(directory)))
        self._web = self._open.enter_context(
            httpx.Client(base_url=self._place.env.address, timeout=GIVE_UP_SECONDS)
        )
        self._celery = Celery(broker=embedded.redis_url(directory).replace("unix://", "redis+socket://", 1))
        return self

    def __exit__(self, *_raised: object) -> None:
        self._celery.close()
        self._open.close()

    def incidents(self, count: int) -> Spent:
        """Deliver `count` signed alarms and wait until each incident is resolved. Raises RuntimeError."""
        bodies = self._place.notifications(count, alarms=count, prefix=f"bench-{uuid.uuid4().hex[:8]}")
        lines = bodies.read_bytes().splitlines()
        newest = self._newest()

        def send() -> None:
            for line in lines:
                self._web.post("/webhooks/sns/", content=line, headers=HEADERS).raise_for_status()

        return self._timed(send, lambda: self._resolved_after(newest), count)

    def arriving(self, gaps: Sequence[float]) -> list[float]:
        """Deliver an alarm after each gap; return the seconds from each incident's opening to its end."""
        prefix = f"bench-{uuid.uuid4().hex[:8]}"
        lines = self._place.notifications(len(gaps), alarms=len(gaps), prefix=prefix).read_bytes().splitlines()

        def send() -> None:
            at = time.monotonic()
            for gap, line in zip(gaps, lines, strict=True):
                at += gap
                time.sleep(max(0.0, at - time.monotonic()))
                self._web.post("/webhooks/sns/", content=line, headers=HEADERS).raise_for_status()

        newest = self._newest()
        self._timed(send, lambda: self._resolved_after(newest), len(gaps))
        return [seconds for (seconds,) in self._database.execute(SECONDS, [f"{prefix}-%"]).fetchall()]

    def stage_times(self) -> dict[str, list[float]]:
        """Return the seconds that each stage took, of every incident until now."""
        return dict(self._database.execute(STAGE_TIMES).fetchall())

    def bare(self, count: int) -> Spent:
        """Run the bare canvas `count` times at once."""
        self._redis.delete(DONE)

        def send() -> None:
            for number in range(count):
                self._celery.send_task("bench.drain", args=(number,), queue="intake")

        return self._timed(send, lambda: int(self._redis.hlen(DONE)), count)

    def stages(self) -> list[tuple[str, float]]:
        """Return each stage with the median milliseconds of its work."""
        return self._database.execute(STAGES).fetchall()

    def _timed(self, send: Callable[[], None], done: Callable[[], int], count: int) -> Spent:
        cpu, began = self._cpu_seconds(), time.monotonic()
        send()
        sent = time.monotonic()
        while done() < count:
            if time.monotonic() - sent > GIVE_UP_SECONDS:
                raise RuntimeError(f"{done()} of {count} ended within {GIVE_UP_SECONDS} s: {self._where()}")
            time.sleep(POLL_SECONDS)
        return Spent(time.monotonic() - began, self._cpu_seconds() - cpu)

    def _newest(self) -> int:
        return self._number("SELECT coalesce(max(id), 0) FROM incidents_incident")

    def _resolved_after(self, newest: int) -> int:
        # By its id: what is asked fifty times a second must not cost more the more incidents there are.
        return self._number(
            "SELECT count(*) FROM incidents_incident WHERE status = 'resolved' AND id > %s", newest
        )

    def _number(self, query: LiteralString, *values: int) -> int:
        row = self._database.execute(query, values).fetchone()
        return int(row[0]) if row else 0

    def _where(self) -> str:
        rows = self._database.execute(
            "SELECT status, status_reason, count(*) FROM incidents_incident GROUP BY 1, 2"
        ).fetchall()
        return json.dumps(rows)

    def _cpu_seconds(self) -> float:
        """Return what the product's processes and their children have used of the CPU since they began."""
        total = 0.0
        for name, (_, pid) in self._processes.states().items():
            if name in ("web", "worker", "sandbox"):
                for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
                    times = process.cpu_times()
                    total += times.user + times.system + times.children_user + times.children_system
        return total + self._postgres_cpu_seconds()

    def _postgres_cpu_seconds(self) -> float:
        pid = int((self._place.directory / "postgres" / "postmaster.pid").read_text().split()[0])
        total = 0.0
        for process in [psutil.Process(pid), *psutil.Process(pid).children()]:
            times = process.cpu_times()
            total += times.user + times.system
        return total


SECONDS = """
    SELECT extract(epoch FROM max(at) - min(at))::float
    FROM incidents_transition JOIN incidents_incident ON incidents_incident.id = incident_id
    WHERE title LIKE %s GROUP BY incident_id ORDER BY incident_id
"""
STAGE_TIMES = """
    SELECT stage, array_agg(extract(epoch FROM finished_at - started_at)::float)
    FROM incidents_stagerun WHERE status = 'succeeded' GROUP BY stage
"""
STAGES = """
    SELECT stage,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - started_at) * 1000)::float
    FROM incidents_stagerun WHERE status = 'succeeded' AND started_at > now() - interval '1 day'
    GROUP BY stage ORDER BY min(id)
"""
