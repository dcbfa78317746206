"""manage.py breakers [--reset NAME]: how calls to each outside system stand; close a breaker by hand."""

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from redis.exceptions import RedisError

from core.errors import PlatformError
from core.resilience.breaker import breaker_reset, breaker_states


class Command(BaseCommand):
    help = "Show the circuit breaker of each outside system, or close one by hand."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reset", metavar="NAME", help="close this breaker: the next call goes through")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["reset"]:
                breaker_reset(options["reset"], f"user:{getpass.getuser()}")
            for found in breaker_states():
                retry = f", to be tried again at {found.retry_at:%H:%M:%S} UTC" if found.retry_at else ""
                reason = f": {found.reason}" if found.reason else ""
                self.stdout.write(f"{found.name}: {found.state}{retry}{reason}")
        except (PlatformError, RedisError) as error:
            raise CommandError(str(error)) from error
