"""Chaos and soak break an installation of their own: the command makes one and runs itself again there."""

import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from config.benches.scratch import scratch
from config.chaos.rig import Rig, rig
from config.ending import ends_on_signals


def here_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--here", action="store_true", help="on this data directory; for the command itself")


def run_elsewhere(command: str, *arguments: str, json_file: Path | None) -> None:
    """Run the command on a fresh installation, removed afterwards however we end; exit as it does."""
    written = ["--json", str(json_file.resolve())] if json_file else []
    with ends_on_signals(), scratch() as place:
        try:
            place.manage(command, "--here", *written, *arguments)
        except subprocess.CalledProcessError as error:
            sys.exit(error.returncode)


@contextmanager
def rig_here() -> Iterator[Rig]:
    """Start what can be broken on this data directory, and end it on signals, too. Raises CommandError."""
    if not settings.ENV.is_embedded:
        raise CommandError("this runs on embedded services only: unset DATABASE_URL.")
    with ends_on_signals(), rig(settings.ENV) as running:
        yield running
