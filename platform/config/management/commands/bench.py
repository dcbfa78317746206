import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.table import Table

from config.benches import (
    Bench,
    code_search,
    grounding,
    ingest,
    live,
    pipeline,
    retention,
    sandbox,
    similarity,
    simulation,
    storm,
)
from config.ending import ends_on_signals

BENCHES: dict[str, Bench] = {
    "code-search": code_search.measure,
    "grounding": grounding.measure,
    "ingest": ingest.measure,
    "live": live.measure,
    "pipeline": pipeline.measure,
    "pipeline-quick": pipeline.measure_quick,
    "retention": retention.measure,
    "sandbox": sandbox.measure,
    "similarity": similarity.measure,
    "similarity-large": similarity.measure_large,
    "simulation": simulation.measure,
    "storm": storm.measure,
}


class Command(BaseCommand):
    help = "Measure one thing: prints a table, and as the last line one JSON object with the figures."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=sorted(BENCHES))
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")

    def handle(self, *args: Any, **options: Any) -> None:
        with ends_on_signals():
            measured = BENCHES[options["name"]]()
            table = Table(*measured.columns, title=f"bench {options['name']}")
            for row in measured.rows:
                table.add_row(*row)
            Console(file=sys.stdout).print(table)
            figures = json.dumps({"bench": options["name"], **measured.figures})
            if options["json"]:
                options["json"].write_text(figures + "\n")
            self.stdout.write(figures)
