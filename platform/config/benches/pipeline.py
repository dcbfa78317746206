"""What the platform itself adds to an incident, from its alarm to its end, against a bare Celery canvas.

Model, tests and CloudWatch answer at once (`null_outside.py`), everything else is the product: web server,
intake, workers, PostgreSQL, git, the guard. The bare canvas has the same shape and queues on the same workers,
and its tasks do nothing. Both are measured by turns in one run, so that another program on the machine slows
both; the floor has no rows, so that what it grows by is the machine's doing.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from config.benches import Measured
from config.benches.incidents_run import Installation, Spent
from config.benches.scratch import say, scratch
from config.processes import Program, product, running
from config.readiness import wait_until_ready

SEED = """
from config.rehearsal.parcels import repository_import, service_create
service_create(alarm_pattern="bench-*", deployed=repository_import())
"""
COPY = "from config.benches.finished import incidents_copy; incidents_copy(count={count})"


@dataclass(frozen=True)
class Plan:
    """How many incidents each round sends, one by one and all at once, and how many have ended before."""

    rounds: int
    alone: int
    together: int
    few: int
    many: int


FULL = Plan(rounds=3, alone=10, together=40, few=100, many=10_000)
# A minute: for whoever looks for what an incident costs, not for how that grows.
QUICK = Plan(rounds=2, alone=5, together=20, few=100, many=1_000)


@dataclass(frozen=True)
class Cost:
    """Medians for one incident: seconds alone, and its part of the seconds and CPU seconds of many at once."""

    alone: float
    together: float
    cpu: float


def measure() -> Measured:
    """Measure platform and floor by turns with few finished incidents, then both again with many."""
    return _measure(FULL)


def measure_quick() -> Measured:
    """Measure the same with fewer incidents."""
    return _measure(QUICK)


def _measure(plan: Plan) -> Measured:
    with scratch() as place:
        place.shell(SEED)
        programs = [with_nothing_outside(program) for program in product(place.env)]
        with (
            running(programs, place.env, place.environment()) as processes,
            Installation(place, processes) as installation,
        ):
            wait_until_ready(place.env.health_addresses, processes)
            say("Warming up ...")
            installation.incidents(plan.together)
            installation.bare(plan.together)
            place.shell(COPY.format(count=plan.few - plan.together))
            say(f"{plan.rounds} rounds with about {plan.few} finished incidents, each after one of the floor ...")
            bare, ours = _costs(plan, installation.bare, installation.incidents)
            stages = installation.stages()
            say(f"Adding finished incidents up to {plan.many} ...")
            place.shell(COPY.format(count=plan.many))
            say(f"{plan.rounds} rounds with about {plan.many} finished incidents ...")
            bare_later, grown = _costs(plan, installation.bare, installation.incidents)
    return _measured(plan, bare, ours, bare_later, grown, stages)


def with_nothing_outside(program: Program) -> Program:
    """Return the program, a worker with nothing behind it."""
    words = ["config.benches.null_outside" if word == "config" else word for word in program.command]
    return replace(program, command=words) if program.name in ("worker", "sandbox") else program


def _costs(plan: Plan, *runs: Callable[[int], Spent]) -> list[Cost]:
    """Return the cost of each kind of run, measured by turns."""
    alone: list[list[float]] = [[] for _ in runs]
    together: list[list[Spent]] = [[] for _ in runs]
    for _ in range(plan.rounds):
        for number, run in enumerate(runs):
            alone[number].extend(run(1).seconds for _ in range(plan.alone))
            together[number].append(run(plan.together))
    return [
        Cost(
            alone=statistics.median(alone[number]),
            together=statistics.median(spent.seconds for spent in together[number]) / plan.together,
            cpu=statistics.median(spent.cpu_seconds for spent in together[number]) / plan.together,
        )
        for number in range(len(runs))
    ]


def _measured(
    plan: Plan, bare: Cost, ours: Cost, bare_later: Cost, grown: Cost, stages: Sequence[tuple[str, float]]
) -> Measured:
    def row(name: str, cost: Cost) -> list[str]:
        return [name, f"{cost.alone * 1000:.0f}", f"{cost.together * 1000:.1f}", f"{cost.cpu * 1000:.1f}"]

    to_floor = (grown.together / bare_later.together) / (ours.together / bare.together)
    return Measured(
        columns=["", "one alone, ms", f"each of {plan.together} at once, ms", "CPU for each, ms"],
        rows=[
            row("bare canvas (the floor)", bare),
            row(f"an incident, {plan.few} finished before it", ours),
            [
                "ratio to the floor",
                f"{ours.alone / bare.alone:.2f}",
                f"{ours.together / bare.together:.2f}",
                f"{ours.cpu / bare.cpu:.2f}",
            ],
            row("bare canvas, later", bare_later),
            row(f"an incident, {plan.many} finished before it", grown),
            [
                "growth",
                f"{grown.alone / ours.alone:.2f}",
                f"{grown.together / ours.together:.2f}",
                f"{grown.cpu / ours.cpu:.2f}",
            ],
            [
                "ratio to the floor, later",
                f"{grown.alone / bare_later.alone:.2f}",
                f"{grown.together / bare_later.together:.2f}",
                f"{grown.cpu / bare_later.cpu:.2f}",
            ],
            *([f"stage {stage}, work in it", f"{milliseconds:.1f}", "", ""] for stage, milliseconds in stages),
        ],
        figures={
            "canvas_ratio": round(ours.together / bare.together, 3),
            "overhead_ms": round(ours.alone * 1000, 1),
            "incidents_per_second": round(1 / ours.together, 2),
            "growth_ratio": round(grown.together / ours.together, 3),
            "canvas_ratio_alone": round(ours.alone / bare.alone, 3),
            "canvas_ratio_cpu": round(ours.cpu / bare.cpu, 3),
            "growth_ratio_cpu": round(grown.cpu / ours.cpu, 3),
            "growth_ratio_to_floor": round(to_floor, 3),
            "bare_incidents_per_second": round(1 / bare.together, 2),
            "bare_ms": round(bare.alone * 1000, 1),
            "cpu_ms": round(ours.cpu * 1000, 1),
        },
    )
