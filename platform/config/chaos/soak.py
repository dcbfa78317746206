"""The soak: mixed alarms and faults for minutes on end, and whether memory and connections stay where they are.

Processes are killed in the first minutes only: one that began anew would hide what the one before it kept.
"""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from statistics import median

import psutil
from django.db import close_old_connections, connection

from config.chaos.cells import matrix
from config.chaos.invariants import broken_of, lost_of, miscounted_of
from config.chaos.matrix import AT_REST, CELL_SECONDS, POLL_SECONDS, left_behind
from config.chaos.rig import SYSTEMS, Rig
from core.shared_store import shared_store
from incidents.choices import Status
from incidents.models import Incident

PROGRAMS = ("web", "live", "worker", "sandbox", "beat")
COUNTS = ("postgres connections", "redis connections", "redis lasting keys")
SAMPLE_SECONDS, ROUND_SECONDS, FAULT_SECONDS, SAY_SECONDS = 3.0, 1.0, 6.0, 60.0
# Alarms wait while so many incidents move: more would measure how long a queue gets on this machine.
IN_FLIGHT = 6
# Each fifth round is a storm; every alarm is repeated, as CloudWatch does where an alarm flaps.
STORM_EVERY, STORM, REPEATED = 5, 40, 2
# Of the whole time: until then processes are killed, and from WARM on it is measured.
KILLS, WARM = 1 / 6, 1 / 3
GROWTH = 0.05
MIB = 2**20

Sample = dict[str, float]


@dataclass(frozen=True)
class Row:
    """What one process or server took: the medians of the second and of the last third."""

    name: str
    second: float
    last: float

    @property
    def growth(self) -> float:
        return self.last / self.second - 1 if self.second else 0.0

    @property
    def is_flat(self) -> bool:
        """Return whether it is there and within the limit; where things are counted one more is, too."""
        allowed = self.second * (1 + GROWTH)
        return 0 < self.last <= (max(allowed, self.second + 1) if self.name in COUNTS else allowed)


@dataclass
class Soaked:
    """What was sent and done, what became of it, and what each took."""

    seconds: float
    alarms: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    rows: Sequence[Row] = ()
    problems: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        return bool(self.rows) and not self.problems and all(row.is_flat for row in self.rows)


@dataclass
class _Sent:
    """How many notifications of each alarm were sent, by how its incident should end."""

    real: Counter[str] = field(default_factory=Counter)
    noise: Counter[str] = field(default_factory=Counter)

    def names(self) -> list[str]:
        return [*self.real, *self.noise]


def soak(rig: Rig, *, seconds: float, seed: int, say: Callable[[str], None]) -> Soaked:
    """Keep alarms and faults coming for `seconds`, say each minute how it goes, then let all end and judge it."""
    soaked, sent, samples = Soaked(seconds), _Sent(), list[tuple[float, Sample]]()
    began = time.monotonic()
    with _faults(rig, soaked, sent, kills_until=began + seconds * KILLS, seed=seed):
        rounds, next_round, next_sample, next_word = itertools.count(1), began, began, began + SAY_SECONDS
        while (now := time.monotonic()) < began + seconds:
            if now >= next_round and _in_flight(sent) < IN_FLIGHT:
                _send(next(rounds), rig, soaked, sent)
                next_round = now + ROUND_SECONDS
            if now >= next_sample:
                samples.append((now - began, sample(rig)))
                next_sample = now + SAMPLE_SECONDS
            if now >= next_word:
                say(_progress(now - began, soaked, samples[-1][1]))
                next_word = now + SAY_SECONDS
            time.sleep(POLL_SECONDS)
    say(f"{_in_flight(sent)} incidents still move; waiting for their end ...")
    soaked.rows = rows_of(samples, seconds)
    soaked.problems += _problems(rig, sent)
    return soaked


def _progress(seconds: float, soaked: Soaked, newest: Sample) -> str:
    took = ", ".join(f"{name} {newest[name]:.0f} MiB" for name in PROGRAMS if name in newest)
    alarms = f"{soaked.alarms['real']} real and {soaked.alarms['noise']} noisy alarms"
    return f"{seconds / 60:.0f} of {soaked.seconds / 60:.0f} min: {alarms}, {soaked.faults['met']} faults; {took}"


def sample(rig: Rig) -> Sample:
    """Return MiB of each program, of shared pages its share (PSS), and what is counted of the servers."""
    found: Sample = {}
    for name, (_, pid) in rig.processes.states().items():
        if name in PROGRAMS:
            # One that was just killed has no figure.
            with suppress(psutil.NoSuchProcess):
                found[name] = _mib(pid)
    server = shared_store().info()
    found["redis connections"] = server["connected_clients"]
    # Not its memory: results of tasks are kept for an hour (CELERY_RESULT_EXPIRES), and it grows until then.
    keys = server.get("db0", {"keys": 0, "expires": 0})
    found["redis lasting keys"] = keys["keys"] - keys["expires"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        found["postgres connections"] = cursor.fetchone()[0]
    return found


def _mib(pid: int) -> float:
    """Return what a process and those that it forked take; not git or a test run, which these begin."""
    process = psutil.Process(pid)
    return sum(each.memory_full_info().pss for each in (process, *process.children())) / MIB


def rows_of(samples: Sequence[tuple[float, Sample]], seconds: float) -> list[Row]:
    """Compare the medians of the second and of the last third."""
    second = [each for at, each in samples if seconds * WARM <= at < seconds * 2 * WARM]
    last = [each for at, each in samples if at >= seconds * 2 * WARM]
    names = dict.fromkeys(name for each in second + last for name in each)
    return [Row(name, _median(second, name), _median(last, name)) for name in names]


def _median(samples: Sequence[Sample], name: str) -> float:
    return median([each[name] for each in samples if name in each] or [0.0])


def _send(number: int, rig: Rig, soaked: Soaked, sent: _Sent) -> None:
    """Let a real alarm and a noisy one go off, each repeatedly, and sometimes one of them as a storm."""
    times = STORM if number % STORM_EVERY == 0 else REPEATED
    soaked.alarms["storms"] += times == STORM
    for kind, counts, count in (("real", sent.real, times), ("noise", sent.noise, REPEATED)):
        alarm = f"chaos-{kind}-{number}"
        counts[alarm] = count
        soaked.alarms[kind] += 1
        soaked.alarms["repeated"] += count - 1
        for _ in range(count):
            rig.deliver(alarm)


@contextmanager
def _faults(rig: Rig, soaked: Soaked, sent: _Sent, *, kills_until: float, seed: int) -> Iterator[None]:
    """Play one cheap cell of the matrix after the other until the block is left."""
    draw, is_over = random.Random(seed), threading.Event()  # noqa: S311  # repeatable, not secret
    lasting = [cell for cell in matrix() if cell.what in SYSTEMS]
    killing = [cell for cell in matrix() if cell.what in PROGRAMS]

    def play() -> None:
        while not is_over.wait(FAULT_SECONDS):
            cell = draw.choice(killing if time.monotonic() < kills_until else lasting)
            cell.arm(rig)
            was_met = cell.meet(rig, sent.names()[-2 * IN_FLIGHT :])
            soaked.faults["met" if was_met else "never met"] += 1
        close_old_connections()

    thread = threading.Thread(target=play)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _in_flight(sent: _Sent) -> int:
    """Return how many of the alarms have no incident yet, or one that moves."""
    names = sent.names()
    return len(names) - Incident.objects.filter(title__in=names, status__in=AT_REST).count()


def _problems(rig: Rig, sent: _Sent) -> list[str]:
    """Wait until all is at rest and return what did not hold of the alarms."""
    deadline = time.monotonic() + CELL_SECONDS
    # What was queued twice is looked at and left by whoever takes it, which takes its time, too.
    while time.monotonic() < deadline and (_in_flight(sent) > 0 or left_behind(rig)):
        time.sleep(POLL_SECONDS)
    problems = lost_of(sent.names(), rig.answers)
    for alarm, count in sent.real.items():
        problems += broken_of(alarm, rig.github, sent=count)
    for alarm, count in sent.noise.items():
        problems += miscounted_of(alarm, count, ends_as=Status.NOISE)
    return problems + left_behind(rig)
