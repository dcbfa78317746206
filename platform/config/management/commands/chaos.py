import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from config.chaos.alone import here_argument, no_containers_because, rig_here, run_elsewhere
from config.chaos.cells import Cell, matrix
from config.chaos.matrix import Judged, play


class Command(BaseCommand):
    help = "Kill and deceive a platform of its own in every way of the crash matrix; ends with 1 if a cell is red."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("cells", nargs="*", help="only cells whose name contains one of these")
        parser.add_argument("--list", action="store_true", help="name the cells and play none")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts there, one a line")
        parser.add_argument("--in-containers", action="store_true", help="with --here: play what needs containers")
        here_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        names: list[str] = options["cells"]
        cells = [cell for cell in matrix() if not names or any(name in cell.name for name in names)]
        if options["list"] or not cells:
            self.stdout.write("\n".join(cell.name for cell in cells))
        elif options["here"]:
            chosen = [cell for cell in cells if cell.in_containers == options["in_containers"]]
            self._play(chosen, options["json"], in_containers=options["in_containers"])
        else:
            with TemporaryDirectory() as place:
                self._report(cells, names, options["json"] or Path(place) / "verdicts")

    def _report(self, cells: Sequence[Cell], names: Sequence[str], json_file: Path) -> None:
        """Play what needs no containers, then the rest, each on an installation of its own."""
        json_file.write_text("")
        codes, why_not = [], ""
        if any(not cell.in_containers for cell in cells):
            codes.append(run_elsewhere("chaos", *names, json_file=json_file))
        if left := [cell.name for cell in cells if cell.in_containers]:
            if why_not := no_containers_because():
                self.stderr.write(f"not played: {', '.join(left)}. {why_not}.")
            else:
                codes.append(run_elsewhere("chaos", "--in-containers", *names, json_file=json_file))
        judged = [Judged(**json.loads(line)) for line in json_file.read_text().splitlines()]
        self._print(judged, not_played=left if why_not else [])
        if red := sum(bool(verdict.problems) for verdict in judged):
            raise CommandError(f"{red} of {len(judged)} cells are red.", returncode=1)
        if any(codes):
            raise CommandError("the matrix was not played to its end: see above.", returncode=1)

    def _play(self, cells: Sequence[Cell], json_file: Path, *, in_containers: bool) -> None:
        """Play the cells on this data directory and add each verdict to the file."""
        with rig_here(in_containers=in_containers) as running, json_file.open("a", buffering=1) as verdicts:
            for verdict in play(cells, running):
                verdicts.write(json.dumps(asdict(verdict)) + "\n")
                mark = "red  " if verdict.problems else "green"
                self.stderr.write(f"{mark} {verdict.what}, {verdict.where} ({verdict.seconds:.0f} s)")
                for problem in verdict.problems:
                    self.stderr.write(f"      {problem}")

    def _print(self, judged: Sequence[Judged], *, not_played: Sequence[str]) -> None:
        """Print what was done to whom in one line each, its places or kinds side by side."""
        table = Table("fault", "cells", title=f"crash matrix: {len(judged)} cells")
        rows: dict[str, list[str]] = {}
        for verdict in judged:
            colour = "red" if verdict.problems else "green"
            rows.setdefault(verdict.what, []).append(f"[{colour}]{verdict.where}[/{colour}]")
        for what, cells in rows.items():
            table.add_row(what, ", ".join(cells))
        for name in not_played:
            table.add_row(name, "[yellow]not played[/yellow]")
        Console(file=sys.stdout).print(table)
