"""What `manage.py` does before Django: read the environment and have the embedded services ready."""

import sys
from collections.abc import Sequence

from django.core.management import execute_from_command_line

from config import embedded, env
from core.errors import PlatformError

# Commands that work on files only.
WITHOUT_SERVICES = frozenset({"help", "--help", "-h", "version", "--version", "collectstatic", "spectacular"})


def execute(argv: Sequence[str]) -> None:
    """Run a management command; an error that a person can mend is one sentence and exit status 2."""
    try:
        settings = env.load()
        if settings.is_embedded and len(argv) > 1 and argv[1] not in WITHOUT_SERVICES:
            embedded.use(settings)
        execute_from_command_line(list(argv))
    except PlatformError as error:
        print(f"agent-platform: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
