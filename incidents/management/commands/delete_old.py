from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from incidents.retention import rows_delete_old


class Command(BaseCommand):
    help = (
        "Delete conversations of agents and raw notifications of ended incidents that are older than "
        "KEEP_STEPS_DAYS and KEEP_EVENTS_DAYS. Beat does the same every night."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how much it would be")

    def handle(self, *args: Any, **options: Any) -> None:
        deleted = rows_delete_old(dry_run=options["dry_run"])
        verb = "Would delete" if options["dry_run"] else "Deleted"
        self.stdout.write(f"{verb} {deleted.steps} steps of agents and {deleted.events} notifications.")
