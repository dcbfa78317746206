from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from approvals.authentication import token_issue
from approvals.choices import Scope


class Command(BaseCommand):
    help = "Make a token with which a program, for example a chat bot, acts for a person. It is shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("name", help="what uses it")
        parser.add_argument("--scope", action="append", choices=Scope.values, help="may be repeated (read)")
        parser.add_argument("--days", type=int, default=90, help="until it expires")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = User.objects.get(username=options["username"])
        except User.DoesNotExist as error:
            raise CommandError(f"There is no user {options['username']!r}.") from error
        if options["days"] < 1:
            raise CommandError("A token lasts at least one day.")
        scopes = [Scope(value) for value in options["scope"] or [Scope.READ]]
        self.stdout.write(token_issue(user=user, name=options["name"], scopes=scopes, days=options["days"]))
