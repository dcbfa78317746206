import json
import random
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from config.chaos.alone import here_argument, rig_here, run_elsewhere
from config.chaos.soak import COUNTS, Soaked, soak


class Command(BaseCommand):
    help = "Send alarms through faults for minutes; ends with 1 if one is lost, or memory or connections grow."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--minutes", type=float, default=30, help="how long alarms come (30)")
        parser.add_argument("--seed", type=int, default=None, help="play the faults of an earlier run again")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
        here_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        minutes: float = options["minutes"]
        seed: int = options["seed"] or random.randrange(1, 2**31)  # noqa: S311  # repeatable, not secret
        if not options["here"]:
            sys.exit(run_elsewhere("soak", f"--minutes={minutes}", f"--seed={seed}", json_file=options["json"]))
        with rig_here() as running:
            soaked = soak(running, seconds=minutes * 60, seed=seed, say=self.stderr.write)
        self._print(soaked)
        figures = json.dumps(
            {
                "soak": "well" if soaked.is_well else "not well",
                "minutes": minutes,
                "seed": seed,
                "alarms": soaked.alarms,
                "faults": soaked.faults,
                "problems": soaked.problems,
                "rows": [{**asdict(row), "growth": row.growth, "is_flat": row.is_flat} for row in soaked.rows],
            }
        )
        if options["json"]:
            options["json"].write_text(figures + "\n")
        self.stdout.write(figures)
        if not soaked.is_well:
            raise CommandError("the soak did not hold: see what grew and what was lost above.", returncode=1)

    def _print(self, soaked: Soaked) -> None:
        alarms = ", ".join(f"{count} {kind}" for kind, count in soaked.alarms.items())
        title = f"soak: {soaked.seconds / 60:.0f} min, alarms {alarms}; faults met {soaked.faults['met']}"
        table = Table("what", "second third", "last third", "growth", title=title)
        for row in soaked.rows:
            unit = "" if row.name in COUNTS else " MiB"
            colour = "green" if row.is_flat else "red"
            cells = (f"{row.second:.1f}{unit}", f"{row.last:.1f}{unit}", f"{row.growth:+.1%}")
            table.add_row(row.name, *(f"[{colour}]{cell}[/{colour}]" for cell in cells))
        Console(file=sys.stdout).print(table)
        for problem in soaked.problems:
            self.stderr.write(f"      {problem}")
