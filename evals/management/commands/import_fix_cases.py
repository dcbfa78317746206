from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from evals.fixes.importing import NotImportable, case_from, entries_read


class Command(BaseCommand):
    help = (
        "Make fix cases of a benchmark in SWE-bench's form. Run them with: run_evals fixes --fix-cases FOLDER. "
        "An imported right patch brings no test of its own, so `--model gold` judges it by the hidden tests alone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help="JSONL with instance_id, repo, base_commit, patch, test_patch, ..."
        )
        parser.add_argument("--repos", type=Path, required=True, metavar="DIR", help="clones as owner__name")
        parser.add_argument(
            "--output", type=Path, metavar="FOLDER", help="default: evals/imported in the data folder"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"] or settings.ENV.data_dir / "evals" / "imported"
        output.mkdir(parents=True, exist_ok=True)
        made, refused = 0, []
        for entry in entries_read(options["file"]):
            try:
                case = case_from(entry, options["repos"])
            except NotImportable as error:
                refused.append(str(error))
                continue
            text = case.model_dump_json(indent=2, exclude={"id"})
            (output / f"{case.id}.json").write_text(text, encoding="utf-8")
            made += 1
        self.stdout.write(f"{made} cases in {output}, {len(refused)} refused")
        if refused:
            raise CommandError("\n".join(refused))
