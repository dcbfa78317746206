"""The crash matrix: each cell has several incidents in flight when its fault comes, and is judged by those.

The next cell begins while the last ones still recover, so that most incidents live through more than one fault.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psutil
from django.db import DatabaseError, InterfaceError, close_old_connections

from config.chaos.cells import Cell
from config.chaos.invariants import broken_of, lost_of
from config.chaos.rig import Rig
from core.shared_store import shared_store
from incidents.choices import ENDED, Status
from incidents.models import Incident
from pipeline.canaries import canary_send, canary_wait

INCIDENTS = 3
RECOVERING = 4
# Far more than a cell takes: a machine that does other things as well is no red cell.
CELL_SECONDS = 240.0
POLL_SECONDS = 0.2
# What the platform moves no further by itself.
AT_REST = ENDED | {Status.NEEDS_HUMAN, Status.AWAITING_APPROVAL}


@dataclass(frozen=True)
class Judged:
    """How a cell ended; without problems it is green."""

    what: str
    where: str
    incidents: int
    seconds: float
    problems: Sequence[str]


@dataclass(frozen=True)
class _Running:
    cell: Cell
    alarms: list[str]
    began: float
    was_met: bool


def play(cells: Sequence[Cell], rig: Rig, *, incidents: int = INCIDENTS) -> Iterator[Judged]:
    """Play the cells in order and yield each verdict, then two on what all of them left behind."""
    recovering: deque[_Running] = deque()
    for number, cell in enumerate(cells, start=1):
        while len(recovering) >= RECOVERING:
            yield _judged(recovering.popleft(), rig)
        alarms = [f"chaos-{number}-{each}" for each in range(incidents)]
        began = time.monotonic()
        cell.arm(rig)
        for alarm in alarms:
            rig.deliver(alarm)
        recovering.append(_Running(cell, alarms, began, _met(cell, rig, alarms)))
    while recovering:
        yield _judged(recovering.popleft(), rig)
    began = time.monotonic()
    problems = _canary()
    tests = "" if rig.engine is None else ", tests in containers"
    yield Judged("canary", f"sent after all of it{tests}", 1, round(time.monotonic() - began, 1), problems)
    yield Judged("everything", f"left behind{tests}", 0, 0.0, left_behind(rig))


def _canary() -> list[str]:
    """Return why the synthetic alarm does not come to its verdict on what was killed so often."""
    alarm = canary_send()
    incident = canary_wait(alarm, seconds=CELL_SECONDS)
    if incident is None:
        return [f"{alarm} was taken and opened no incident"]
    if incident.status != Status.RESOLVED:
        return [f"{alarm}: #{incident.pk} is {incident.status} ({incident.status_reason[:200]})"]
    return []


def _met(cell: Cell, rig: Rig, alarms: list[str]) -> bool:
    """Let the fault happen. Our own questions to a database that restarts may fail: then it was met, too."""
    try:
        return cell.meet(rig, alarms)
    except (DatabaseError, InterfaceError):
        close_old_connections()
        return cell.meet(rig, alarms)


def _judged(running: _Running, rig: Rig) -> Judged:
    deadline = running.began + CELL_SECONDS
    while time.monotonic() < deadline and not _are_at_rest(running.alarms):
        time.sleep(POLL_SECONDS)
    problems = [] if running.was_met else ["the fault was never met"]
    problems += lost_of(running.alarms, rig.answers)
    problems += [problem for alarm in running.alarms for problem in broken_of(alarm, rig.github)]
    seconds = time.monotonic() - running.began
    return Judged(running.cell.what, running.cell.where, len(running.alarms), round(seconds, 1), problems)


def _are_at_rest(alarms: list[str]) -> bool:
    try:
        return Incident.objects.filter(title__in=alarms, status__in=AT_REST).count() == len(alarms)
    except (DatabaseError, InterfaceError):
        close_old_connections()
        return False


def left_behind(rig: Rig) -> list[str]:
    """Return what should have ended with the incidents: test runs, queued tasks, incidents that still move."""
    moving = Incident.objects.exclude(status__in=AT_REST).values_list("title", flat=True)
    problems = [f"{title} still moves" for title in moving]
    _, pid = rig.processes.states()["sandbox"]
    ours = {pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))}
    for process in psutil.process_iter(["pid", "cmdline", "environ"]):
        environment = process.info["environ"] or {}
        is_run = "AGENT_PLATFORM_SANDBOX_RUN" in environment and str(rig.env.data_dir) in str(environment)
        if is_run and process.info["pid"] not in ours:
            problems.append(f"a test run is still there: {' '.join(process.info['cmdline'] or [])[:200]}")
    problems += [f"the container {container.name} is still there" for container in rig.test_containers()]
    lengths = {queue: int(shared_store().llen(queue)) for queue in ("intake", "default", "agents", "sandbox")}
    return problems + [
        f"{length} tasks are still queued on {queue}" for queue, length in lengths.items() if length
    ]
