from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evals.golden.case import DATASET, cases_read, cases_write
from evals.golden.production import NotExportable, case_of
from incidents.golden_cases import golden_cases_exported, golden_cases_ready


class Command(BaseCommand):
    help = "Add the reviewed labels of real incidents to the golden dataset, so that the next evaluation has them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", type=Path, default=DATASET, help="the dataset to add to")
        parser.add_argument("--dry-run", action="store_true", help="say what would be added")

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        cases = cases_read(output) if output.exists() else []
        known = {case.id for case in cases}
        added, refused = [], []
        for golden in golden_cases_ready():
            try:
                case = case_of(golden)
            except NotExportable as error:
                refused.append(str(error))
                continue
            added.append(golden.pk)
            if case.id not in known:
                cases.append(case)
            self.stdout.write(f"{case.id}: {golden}")
        if not options["dry_run"]:
            # The file first: a case that is written twice is found by its id, one that is only marked is lost.
            cases_write(cases, output)
            golden_cases_exported(ids=added)
        self.stdout.write(f"{len(added)} added, {len(refused)} refused, {len(cases)} in {output.name}")
        if refused:
            raise CommandError("\n".join(refused))
