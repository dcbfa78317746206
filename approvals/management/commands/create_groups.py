from typing import Any

from django.core.management.base import BaseCommand

from approvals.groups import GROUPS, groups_ensure


class Command(BaseCommand):
    help = "Create the groups viewer, responder and approver with their permissions. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        groups_ensure()
        self.stdout.write(f"Groups ready: {', '.join(GROUPS)}.")
