import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents.admission import pause_end, pause_start
from incidents.selectors import pause_in_force


class Command(BaseCommand):
    help = (
        "Pause the pipeline: every incident stops at its next step, alarms are still stored. "
        "Without arguments: say whether it is paused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reason", nargs="?", default="", help="why; shown on the dashboard")
        parser.add_argument("--end", action="store_true", help="let everything go on")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = f"user:{getpass.getuser()}"
        if options["end"]:
            if options["reason"]:
                raise CommandError("--end takes no reason.")
            ended = pause_end(actor=actor)
            self.stdout.write(f"Ended the pause {ended}." if ended else "The pipeline was not paused.")
            return
        running = pause_start(reason=options["reason"], actor=actor) if options["reason"] else pause_in_force()
        if running is None:
            self.stdout.write('The pipeline runs. To pause it: manage.py pause "the reason"')
        else:
            self.stdout.write(f"Paused by {running.started_by} {running}. To let it go on: manage.py pause --end")
