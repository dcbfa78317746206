from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import PlatformError
from incidents.choices import Status
from pipeline.canaries import canary_send, canary_wait


class Command(BaseCommand):
    help = (
        "Send the synthetic alarm through the running platform and wait for its verdict; ends with 1 without one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seconds", type=float, default=120, help="how long to wait (120)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            alarm = canary_send()
        except PlatformError as error:
            raise CommandError(str(error)) from error
        incident = canary_wait(alarm, seconds=options["seconds"])
        if incident is None:
            raise CommandError(
                f"{alarm} was taken and opened no incident: do the workers of the queue intake run?"
            )
        if incident.status != Status.RESOLVED:
            raise CommandError(
                f"#{incident.pk} is {incident.status}: {incident.status_reason or 'no reason given'}"
            )
        taken = (incident.active_at - incident.events.latest("id").received_at).total_seconds()
        self.stdout.write(f"#{incident.pk} came to its verdict in {taken:.1f} s: {incident.status_reason}")
