import json
import subprocess
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from config.benches.scratch import scratch
from config.chaos.cells import matrix
from config.chaos.matrix import Judged, play
from config.chaos.rig import rig
from config.ending import ends_on_signals


class Command(BaseCommand):
    help = "Kill and deceive a platform of its own in every way of the crash matrix; ends with 1 if a cell is red."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("cells", nargs="*", help="only cells whose name contains one of these")
        parser.add_argument("--list", action="store_true", help="name the cells and play none")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts there, one a line")
        parser.add_argument("--here", action="store_true", help="on this data directory; for the command itself")

    def handle(self, *args: Any, **options: Any) -> None:
        names: list[str] = options["cells"]
        cells = [cell for cell in matrix() if not names or any(name in cell.name for name in names)]
        if options["list"] or not cells:
            self.stdout.write("\n".join(cell.name for cell in cells))
        elif options["here"]:
            self._play(cells, options["json"])
        else:
            json_file = ["--json", str(options["json"].resolve())] if options["json"] else []
            with ends_on_signals(), scratch() as place:
                try:
                    place.manage("chaos", "--here", *json_file, *names)
                except subprocess.CalledProcessError as error:
                    sys.exit(error.returncode)

    def _play(self, cells: Any, json_file: Path | None) -> None:
        if not settings.ENV.is_embedded:
            raise CommandError("chaos runs on embedded services only: unset DATABASE_URL.")
        judged: list[Judged] = []
        with rig(settings.ENV) as running:
            for verdict in play(cells, running):
                judged.append(verdict)
                mark = "red  " if verdict.problems else "green"
                self.stderr.write(f"{mark} {verdict.what}, {verdict.where} ({verdict.seconds:.0f} s)")
                for problem in verdict.problems:
                    self.stderr.write(f"      {problem}")
        if json_file:
            json_file.write_text("".join(json.dumps(asdict(verdict)) + "\n" for verdict in judged))
        self._print(judged)
        if red := sum(bool(verdict.problems) for verdict in judged):
            raise CommandError(f"{red} of {len(judged)} cells are red.", returncode=1)

    def _print(self, judged: list[Judged]) -> None:
        """Print what was done to whom in one line each, its places or kinds side by side."""
        table = Table("fault", "cells", title=f"crash matrix: {len(judged)} cells")
        rows: dict[str, list[str]] = {}
        for verdict in judged:
            colour = "red" if verdict.problems else "green"
            rows.setdefault(verdict.what, []).append(f"[{colour}]{verdict.where}[/{colour}]")
        for what, cells in rows.items():
            table.add_row(what, ", ".join(cells))
        Console(file=sys.stdout).print(table)
