"""How long alarms wait at a given load, by a simulation of queues and workers fed with measured stage times.

    .venv/bin/python manage.py shell -c "from scripts.simulate import stages_export; stages_export('stages.json')"
    .venv/bin/python scripts/simulate.py stages.json --agents 8 --sandboxes 2 --add diagnosis=40 --add trial=60

Each incident passes the stages in the order of `pipeline/graph.py`; what one takes is drawn from what it took, and
`--add` makes a stage longer by what a measurement left out. `manage.py bench simulation` checks it against an
installation.
"""

import argparse
import json
import math
import random
import statistics
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import simpy

DAY_SECONDS = 86_400
ALARMS_A_DAY = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
# What is simulated of a day: enough for the queues to show whether they grow.
WINDOW_SECONDS = 4 * 3600
MOST_INCIDENTS = 4_000
# What a pool may be busy before waits grow long, and from where on it never catches up.
BUSY, SATURATED = 0.8, 0.98
EVIDENCE = ("logs", "commits", "similar", "owners")
ON_SANDBOX = frozenset({"prepare", "trial"})
AFTER = ("review", "gate", "pull_request", "merge", "monitor")

Times = dict[str, list[float]]
Run = Generator[Any, Any, None]


@dataclass(frozen=True)
class Load:
    """Workers of both kinds, and which share of alarms opens an incident that goes to its pull request."""

    agents: int
    sandboxes: int
    share: float


class Platform:
    """Two pools of worker threads and the incidents that pass through them."""

    def __init__(self, times: Times, load: Load, chance: random.Random) -> None:
        self.world = simpy.Environment()
        self._times = times
        self._chance = chance
        self.pools = {
            "agents": simpy.Resource(self.world, load.agents),
            "sandbox": simpy.Resource(self.world, load.sandboxes),
        }
        self.busy = dict.fromkeys(self.pools, 0.0)
        self.ended: list[float] = []

    def incident(self) -> Run:
        began = self.world.now
        yield self._do("triage")
        prepared = self._do("prepare")
        yield simpy.AllOf(self.world, [self._do(stage) for stage in EVIDENCE])
        yield self._do("diagnosis")
        yield prepared
        yield self._do("fix")
        yield self._do("trial")
        for stage in AFTER:
            yield self._do(stage)
        self.ended.append(self.world.now - began)

    def arrivals(self, gaps: Iterable[float]) -> Run:
        for gap in gaps:
            yield self.world.timeout(gap)
            self.world.process(self.incident())

    def _do(self, stage: str) -> simpy.Process:
        return self.world.process(self._stage(stage))

    def _stage(self, stage: str) -> Run:
        if stage not in self._times:
            return
        pool = "sandbox" if stage in ON_SANDBOX else "agents"
        with self.pools[pool].request() as turn:
            yield turn
            seconds = self._chance.choice(self._times[stage])
            yield self.world.timeout(seconds)
            self.busy[pool] += seconds


def gaps_of(chance: random.Random, mean_seconds: float) -> Iterator[float]:
    """Yield the seconds between arrivals that know nothing of each other."""
    while True:
        yield chance.expovariate(1 / mean_seconds)


def replayed(times: Times, load: Load, gaps: Iterable[float], *, seed: int = 7) -> list[float]:
    """Return the seconds that each of the incidents takes that arrive `gaps` after one another."""
    platform = Platform(times, load, random.Random(seed))  # noqa: S311  # a simulation
    platform.world.process(platform.arrivals(gaps))
    platform.world.run()
    return platform.ended


def simulated(times: Times, load: Load, alarms_a_day: int, *, seed: int = 7) -> dict[str, float]:
    """Return median and p95 seconds of an incident, the share of time that each pool is busy, and what is left."""
    chance = random.Random(seed)  # noqa: S311  # a simulation
    platform = Platform(times, load, chance)
    every = DAY_SECONDS / (alarms_a_day * load.share)
    window = min(WINDOW_SECONDS * max(1.0, every / 60), every * MOST_INCIDENTS)
    platform.world.process(platform.arrivals(gaps_of(chance, every)))
    platform.world.run(until=window)
    ended = platform.ended or [float("inf")]
    return {
        "median_seconds": statistics.median(ended),
        "p95_seconds": p95(ended),
        "agents_busy": platform.busy["agents"] / (window * load.agents),
        "sandbox_busy": platform.busy["sandbox"] / (window * load.sandboxes),
        "incidents_a_day": len(platform.ended) / window * DAY_SECONDS,
    }


def p95(seconds: Sequence[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95)]


def load_for(times: Times, load: Load, alarms_a_day: int) -> Load:
    """Return `load` with as many threads more as it takes for each pool to be busy BUSY of the time at most."""
    incidents_a_second = alarms_a_day * load.share / DAY_SECONDS
    work = dict.fromkeys(("agents", "sandbox"), 0.0)
    for stage, seconds in times.items():
        work["sandbox" if stage in ON_SANDBOX else "agents"] += statistics.mean(seconds) * incidents_a_second
    return replace(
        load,
        agents=max(load.agents, math.ceil(work["agents"] / BUSY)),
        sandboxes=max(load.sandboxes, math.ceil(work["sandbox"] / BUSY)),
    )


def stages_export(path: str) -> None:
    """Write the seconds of every finished stage of this installation, by stage."""
    from incidents.models import StageRun

    times: Times = {}
    runs = StageRun.objects.filter(status="succeeded").exclude(finished_at=None)
    for stage, started_at, finished_at in runs.values_list("stage", "started_at", "finished_at"):
        if finished_at is not None:
            times.setdefault(stage, []).append((finished_at - started_at).total_seconds())
    Path(path).write_text(json.dumps(times))


def main() -> None:
    parser = argparse.ArgumentParser(description="Simulate queues and workers.")
    parser.add_argument("times", type=Path, help="a file that stages_export wrote")
    parser.add_argument("--agents", type=int, default=8, help="threads on the queues default and agents")
    parser.add_argument("--sandboxes", type=int, default=2, help="threads on the queue sandbox")
    parser.add_argument("--share", type=float, default=0.1, help="of alarms that open an incident with a fix")
    parser.add_argument(
        "--add", action="append", default=[], metavar="STAGE=SECONDS", help="what a stage takes beyond its times"
    )
    options = parser.parse_args()
    times: Times = json.loads(options.times.read_text())
    for added in options.add:
        stage, _, seconds = added.partition("=")
        if stage not in times:
            parser.error(f"--add {added}: the file has times of {', '.join(sorted(times))} only")
        times[stage] = [each + float(seconds) for each in times[stage]]
    load = Load(options.agents, options.sandboxes, options.share)
    sys.stdout.write(
        f"                          | {load.agents:>4} + {load.sandboxes:<4} threads             | "
        f"busy for {BUSY:.0%} of the time at most\n"
        "alarms a day  incidents   | median, s   p95, s     busy   | threads       median, s   p95, s\n"
    )
    for alarms in ALARMS_A_DAY:
        sized = load_for(times, load, alarms)
        sys.stdout.write(
            f"{alarms:>12,}  {alarms * load.share:>9,.0f}   | {_cells(simulated(times, load, alarms))}   | "
            f"{sized.agents:>4} + {sized.sandboxes:<4}  {_cells(simulated(times, sized, alarms))[:20]}\n"
        )


def _cells(found: dict[str, float]) -> str:
    """Return median, p95 and both shares of time; a pool that is never idle gets further behind all the time."""
    agents, sandboxes = found["agents_busy"], found["sandbox_busy"]
    busy = f"{agents:>4.0%} {sandboxes:>4.0%}"
    if max(agents, sandboxes) > SATURATED:
        return f"{'grows':>9} {'grows':>10}   {busy}"
    return f"{found['median_seconds']:>9.0f} {found['p95_seconds']:>10.0f}   {busy}"


if __name__ == "__main__":
    main()
