from argparse import ArgumentParser
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from approvals.choices import PairSource, RejectionReason
from approvals.eval_cases import eval_cases, eval_files
from approvals.models import PreferencePair
from approvals.preference_export import preferences_export


class Command(BaseCommand):
    help = "Write the preference pairs as JSONL and Parquet with a data card, without what the evaluations hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="made if it does not exist")
        parser.add_argument("--source", action="append", choices=PairSource.values, help="may be repeated")
        parser.add_argument("--reason", action="append", choices=RejectionReason.values, help="may be repeated")
        parser.add_argument("--service", action="append", help="name of a service; may be repeated")
        parser.add_argument("--since", type=date.fromisoformat, help="first day, YYYY-MM-DD")
        parser.add_argument("--until", type=date.fromisoformat, help="last day, YYYY-MM-DD")
        parser.add_argument(
            "--exclude",
            type=Path,
            action="append",
            default=[],
            help="one more file of cases: JSONL of alarms, YAML or JSON of a fix",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        pairs = PreferencePair.objects.all()
        for option, field in (("source", "source"), ("reason", "reason"), ("service", "incident__service__name")):
            if options[option]:
                pairs = pairs.filter(**{f"{field}__in": options[option]})
        if options["since"]:
            pairs = pairs.filter(created_at__gte=datetime.combine(options["since"], time.min, UTC))
        if options["until"]:
            pairs = pairs.filter(created_at__lte=datetime.combine(options["until"], time.max, UTC))
        shipped = eval_files(settings.EVALS_DIR)
        done = preferences_export(
            pairs=pairs, folder=options["folder"], excluded=eval_cases([*shipped, *options["exclude"]])
        )
        files = ", ".join(str(file) for file in done.files)
        self.stdout.write(f"{done.rows} pairs written, {done.left_out} left out for the evaluations: {files}")
