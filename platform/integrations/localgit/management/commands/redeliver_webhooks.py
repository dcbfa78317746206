from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from integrations.localgit.webhook import webhooks_redeliver


class Command(BaseCommand):
    help = "Deliver the webhooks of closed local pull requests that the platform has not accepted yet."

    def handle(self, *args: Any, **options: Any) -> None:
        delivered, refused = webhooks_redeliver(address=settings.ENV.address)
        self.stdout.write(f"{delivered} delivered, {refused} not accepted")
        if refused:
            raise CommandError("see the log for the reasons; run this again once the web server answers")
