"""Whose time it was: every microsecond of a span belongs to exactly one part, so the parts add up to the total.

Pure functions over what `Transition` and `StageRun` rows say; `incidents/mttr.py` reads the rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import pairwise

from incidents.choices import Stage, StageStatus, Status

# While an incident stands in one of these, it waits for a person.
HUMAN = frozenset({Status.AWAITING_APPROVAL, Status.NEEDS_HUMAN, Status.REJECTED})
AGENTS = frozenset({Stage.TRIAGE, Stage.DIAGNOSIS, Stage.FIX, Stage.REVIEW, Stage.MONITOR})
SANDBOX = frozenset({Stage.PREPARE, Stage.TRIAL})
# A run that ended so was stopped by a purse, and what follows waits for money and not for judgement.
OUT_OF_BUDGET = "BudgetExceeded"
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Move:
    """One transition; `source` is empty for the opening."""

    source: str
    target: str
    at: datetime
    is_by_person: bool = False


@dataclass(frozen=True)
class Work:
    """One stage run. `ended_at` is None while it goes on."""

    stage: str
    status: str
    started_at: datetime
    ended_at: datetime | None
    model_seconds: float = 0.0
    tool_seconds: float = 0.0
    exit_reason: str = ""


@dataclass(frozen=True)
class Hold:
    """A time in which the platform let the incident not begin anything: a pause, or its service's hourly limit."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Parts:
    """A span, split.

    `model` waited for a model's answers, `tools` for agents' tools, evidence and the code host, `sandbox` for
    tests, `people` for a decision, `parked` for an outside system to come back, a budget, the end of a pause or a
    service's hourly limit; `queue` is the rest: waiting for a worker, and the platform's own work. Where stages
    run side by side, an agent's time counts first, then the sandbox's, then the tools'.
    """

    queue: timedelta = timedelta(0)
    model: timedelta = timedelta(0)
    tools: timedelta = timedelta(0)
    sandbox: timedelta = timedelta(0)
    people: timedelta = timedelta(0)
    parked: timedelta = timedelta(0)

    @property
    def total(self) -> timedelta:
        return sum((getattr(self, name) for name in PART_NAMES), timedelta(0))


PART_NAMES = tuple(field.name for field in fields(Parts))


def ordered(moves: Sequence[Move]) -> list[Move]:
    """Return the moves in their order with times that never go back: hosts' clocks differ."""
    found: list[Move] = []
    for move in moves:
        at = max(move.at, found[-1].at) if found else move.at
        found.append(replace(move, at=at))
    return found


def split(
    moves: Sequence[Move], works: Sequence[Work], *, start: datetime, end: datetime, holds: Sequence[Hold] = ()
) -> Parts:
    """Return the parts of the time from `start` to `end`; both lie within what `moves` (as `ordered`) cover."""
    if end <= start:
        return Parts()
    sums = dict.fromkeys(PART_NAMES, 0)
    agents: dict[int, int] = {}
    edges = _edges(moves, works, holds, start, end)
    for begin, finish in pairwise(edges):
        microseconds = (finish - begin) // MICROSECOND
        waiting = _waiting(moves, works, begin)
        if waiting:
            sums[waiting] += microseconds
            continue
        index = _foremost(works, begin)
        if index is None:
            # What was begun before a pause goes on in it; only standing still is the pause's.
            is_held = any(hold.start <= begin < hold.end for hold in holds)
            sums["parked" if is_held else "queue"] += microseconds
        elif works[index].stage in AGENTS:
            agents[index] = agents.get(index, 0) + microseconds
        else:
            sums["sandbox" if works[index].stage in SANDBOX else "tools"] += microseconds
    for index, microseconds in agents.items():
        model, tools = _agent_share(works[index], microseconds)
        sums["model"] += model
        sums["tools"] += tools
        sums["queue"] += microseconds - model - tools
    return Parts(**{name: count * MICROSECOND for name, count in sums.items()})


def _edges(
    moves: Sequence[Move], works: Sequence[Work], holds: Sequence[Hold], start: datetime, end: datetime
) -> list[datetime]:
    times = {start, end, *(move.at for move in moves)}
    for hold in holds:
        times |= {hold.start, hold.end}
    for work in works:
        times.add(work.started_at)
        if work.ended_at is not None:
            times.add(work.ended_at)
    return sorted(time for time in times if start <= time <= end)


def _waiting(moves: Sequence[Move], works: Sequence[Work], at: datetime) -> str:
    """Return `people` or `parked` if the incident stood still at this moment for a reason, or an empty text."""
    standing = [move for move in moves if move.at <= at]
    if not standing:
        return ""
    move = standing[-1]
    if move.target == Status.OPEN and move.source not in ("", Status.NEEDS_HUMAN, Status.NOISE, Status.DUPLICATE):
        # The pipeline puts an incident back only when an outside system is unavailable; what runs now ended that.
        return "" if _foremost(works, at) is not None else "parked"
    if move.target not in HUMAN:
        return ""
    return "parked" if _is_out_of_budget(works, move) else "people"


def _is_out_of_budget(works: Sequence[Work], move: Move) -> bool:
    """Return whether the last run that had failed when a person was called had met a budget."""
    if move.target != Status.NEEDS_HUMAN:
        return False
    failed = [
        work
        for work in works
        if work.status == StageStatus.FAILED and work.ended_at is not None and work.ended_at <= move.at
    ]
    last = max(failed, key=lambda work: work.ended_at or move.at, default=None)
    return last is not None and last.exit_reason == OUT_OF_BUDGET


def _foremost(works: Sequence[Work], at: datetime) -> int | None:
    """Return the run that the moment belongs to: an agent's, else the sandbox's, else any; ties by order."""
    running = [
        index
        for index, work in enumerate(works)
        if work.started_at <= at and (at < work.ended_at if work.ended_at else work.status == StageStatus.RUNNING)
    ]
    return min(running, key=lambda index: (_rank(works[index].stage), index), default=None)


def _rank(stage: str) -> int:
    return 0 if stage in AGENTS else 1 if stage in SANDBOX else 2


def _agent_share(work: Work, microseconds: int) -> tuple[int, int]:
    """Return how much of an agent's time its model and its tools took; all the model's where unmeasured."""
    measured = work.model_seconds + work.tool_seconds
    if measured <= 0:
        return microseconds, 0
    scale = min(1.0, microseconds / (measured * 1_000_000))
    model = min(microseconds, int(work.model_seconds * 1_000_000 * scale))
    return model, min(microseconds - model, int(work.tool_seconds * 1_000_000 * scale))


def milliseconds(parts: Parts) -> dict[str, int]:
    """Return the parts as whole milliseconds that add up to the total's: by largest remainder."""
    exact = {name: getattr(parts, name) // MICROSECOND for name in PART_NAMES}
    whole = {name: count // 1000 for name, count in exact.items()}
    left = sum(exact.values()) // 1000 - sum(whole.values())
    for name in _by_remainder(exact)[:left]:
        whole[name] += 1
    return whole


def _by_remainder(exact: dict[str, int]) -> list[str]:
    return sorted(exact, key=lambda name: -(exact[name] % 1000))


def first_at(moves: Sequence[Move], target: str, *, source: str | None = None) -> datetime | None:
    """Return when the incident first came to `target` (from `source`), or None."""
    return next(_arrivals(moves, target, source), None)


def _arrivals(moves: Sequence[Move], target: str, source: str | None) -> Iterator[datetime]:
    for move in moves:
        if move.target == target and source in (None, move.source):
            yield move.at
