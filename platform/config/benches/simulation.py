"""Whether `scripts/simulate.py` can be believed: what it foretells, and what an installation does at that load.

Model and tests take a fixed time each and are otherwise nothing (`null_outside.py`); queues, workers and database
are the product's. The simulation knows what stages took without load, and when the alarms of the loaded part came.
"""

import itertools
import random
import statistics
from collections.abc import Sequence

from config.benches import Measured
from config.benches.incidents_run import Installation
from config.benches.null_names import TEST_SECONDS, TURN_SECONDS
from config.benches.pipeline import SEED, with_nothing_outside
from config.benches.scratch import say, scratch
from config.processes import product, running
from config.readiness import wait_until_ready
from scripts.simulate import ON_SANDBOX, Load, gaps_of, p95, replayed

OUTSIDE = {TURN_SECONDS: "1.0", TEST_SECONDS: "0.6"}
WARM_UP, ALONE, LOADED = 4, 8, 60
# The workers that `config.processes.product` starts.
LOAD = Load(agents=8, sandboxes=2, share=1.0)
# Of the sandbox's threads: where queues begin to show.
BUSY = 0.85


def measure() -> Measured:
    """Measure stages without load, then incidents under load, and foretell the latter from the former."""
    with scratch() as place:
        place.shell(SEED)
        programs = [with_nothing_outside(program) for program in product(place.env)]
        with (
            running(programs, place.env, {**place.environment(), **OUTSIDE}) as processes,
            Installation(place, processes) as installation,
        ):
            wait_until_ready(place.env.health_addresses, processes)
            say("Warming up ...")
            installation.incidents(WARM_UP)
            say(f"{ALONE} incidents, one by one ...")
            alone = [seconds for _ in range(ALONE) for seconds in installation.arriving([0.0])]
            times = installation.stage_times()
            sandbox = sum(statistics.mean(times[stage]) for stage in ON_SANDBOX)
            every = sandbox / LOAD.sandboxes / BUSY
            chance = random.Random(7)  # noqa: S311  # repeatable, not secret
            gaps = list(itertools.islice(gaps_of(chance, every), LOADED))
            say(f"{LOADED} incidents, one in {every:.2f} s, {sum(gaps):.0f} s ...")
            loaded = installation.arriving(gaps)
    return _measured(alone, loaded, replayed(times, LOAD, gaps), every)


def _measured(
    alone: Sequence[float], loaded: Sequence[float], foretold: Sequence[float], every: float
) -> Measured:
    def row(name: str, seconds: Sequence[float]) -> list[str]:
        return [name, f"{statistics.median(seconds):.2f}", f"{p95(seconds):.2f}"]

    return Measured(
        columns=["", "median, s", "p95, s"],
        rows=[
            row("one alone", alone),
            row(f"one in {every:.2f} s, measured", loaded),
            row("the same, simulated", foretold),
        ],
        figures={
            "alone_median_seconds": round(statistics.median(alone), 3),
            "measured_median_seconds": round(statistics.median(loaded), 3),
            "simulated_median_seconds": round(statistics.median(foretold), 3),
            "median_ratio": round(statistics.median(loaded) / statistics.median(foretold), 3),
            "p95_ratio": round(p95(loaded) / p95(foretold), 3),
        },
    )
