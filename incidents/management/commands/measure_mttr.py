import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console

from incidents.false_positives import false_positive_rate
from incidents.models import Service
from incidents.mttr import histories
from incidents.mttr_report import as_csv, as_html, as_json, as_table, report_of

UNITS = {"d": "days", "h": "hours", "w": "weeks"}


class Command(BaseCommand):
    help = "Time to the first pull request, to the merge and to the end; whose time it was; false positives."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since", type=_since, help="a date (2026-06-01) or a span (30d, 12h, 4w); default: all"
        )
        parser.add_argument("--service", help="only this service")
        parser.add_argument("--format", choices=["table", "json", "csv", "html"], default="table")
        parser.add_argument("--output", type=Path, metavar="FILE", help="write there instead of the terminal")

    def handle(self, *args: Any, **options: Any) -> None:
        service = None
        if options["service"] is not None:
            service = Service.objects.filter(name=options["service"]).first()
            if service is None:
                names = ", ".join(Service.objects.values_list("name", flat=True))
                raise CommandError(f"There is no service {options['service']!r}; there are: {names or 'none'}.")
        found = histories(since=options["since"], service=options["service"])
        report = report_of(found, false_positive_rate(since=options["since"], service=service))
        output: Path | None = options["output"]
        if output is not None and not output.parent.is_dir():
            raise CommandError(f"There is no folder {output.parent} to write {output.name} to.")
        if options["format"] == "table":
            if output is None:
                as_table(report, Console(file=sys.stdout, width=None if sys.stdout.isatty() else 180))
            else:
                with output.open("w", encoding="utf-8") as stream:
                    as_table(report, Console(file=stream, width=180))
            return
        text = {"json": as_json, "csv": as_csv, "html": as_html}[options["format"]](report)
        if output is None:
            self.stdout.write(text, ending="")
        else:
            output.write_text(text, encoding="utf-8")


def _since(text: str) -> datetime:
    """Read a date or a span before now."""
    try:
        if text[:-1].isdecimal() and text[-1] in UNITS:
            return timezone.now() - timedelta(**{UNITS[text[-1]]: int(text[:-1])})
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise ArgumentTypeError(f"{text!r} is no date (2026-06-01) and no span (30d, 12h, 4w)") from error
    return moment if moment.tzinfo else timezone.make_aware(moment)
