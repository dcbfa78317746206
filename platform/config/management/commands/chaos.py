import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from config.chaos.alone import here_argument, rig_here, run_elsewhere
from config.chaos.cells import Cell, matrix
from config.chaos.matrix import Judged, play


class Command(BaseCommand):
    help = "Kill and deceive a platform of its own in every way of the crash matrix; ends with 1 if a cell is red."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("cells", nargs="*", help="only cells whose name contains one of these")
        parser.add_argument("--list", action="store_true", help="name the cells and play none")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts there, one a line")
        here_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        names: list[str] = options["cells"]
        cells = [cell for cell in matrix() if not names or any(name in cell.name for name in names)]
        if options["list"] or not cells:
            self.stdout.write("\n".join(cell.name for cell in cells))
        elif options["here"]:
            self._play(cells, options["json"])
        else:
            run_elsewhere("chaos", *names, json_file=options["json"])

    def _play(self, cells: Sequence[Cell], json_file: Path | None) -> None:
        judged: list[Judged] = []
        with rig_here() as running, (json_file or Path(os.devnull)).open("w", buffering=1) as verdicts:
            for verdict in play(cells, running):
                judged.append(verdict)
                verdicts.write(json.dumps(asdict(verdict)) + "\n")
                mark = "red  " if verdict.problems else "green"
                self.stderr.write(f"{mark} {verdict.what}, {verdict.where} ({verdict.seconds:.0f} s)")
                for problem in verdict.problems:
                    self.stderr.write(f"      {problem}")
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
