"""Chaos and soak break an installation of their own: the command makes one and runs itself again there."""

import subprocess
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from config.benches.scratch import scratch
from config.chaos.own_engine import OwnEngine, own_engine
from config.chaos.rig import Rig, rig
from config.ending import ends_on_signals
from sandbox.contract import SandboxUnavailable
from sandbox.ecosystems.node.framework import IMAGE
from sandbox.runners.engine import engine_connect


def here_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--here", action="store_true", help="on this data directory; for the command itself")


def run_elsewhere(command: str, *arguments: str, json_file: Path | None) -> int:
    """Run the command on a fresh installation, removed afterwards however we end; return how it ended."""
    written = ["--json", str(json_file.resolve())] if json_file else []
    with ends_on_signals(), scratch() as place:
        try:
            place.manage(command, "--here", *written, *arguments)
        except subprocess.CalledProcessError as error:
            return error.returncode
    return 0


@contextmanager
def rig_here(*, in_containers: bool = False) -> Iterator[Rig]:
    """Start what can be broken on this data directory, and end it on signals, too. Raises CommandError."""
    if not settings.ENV.is_embedded:
        raise CommandError("this runs on embedded services only: unset DATABASE_URL.")
    with ends_on_signals(), ExitStack() as open_things:
        engine = None
        if in_containers:
            source = engine_connect(settings.ENV.docker_host)
            engine = open_things.enter_context(own_engine(source, IMAGE))
        yield open_things.enter_context(rig(settings.ENV, engine))


def no_containers_because() -> str:
    """Return why nothing can run in containers of an engine that may be killed, or an empty string."""
    try:
        engine_connect(settings.ENV.docker_host)
    except SandboxUnavailable as error:
        return str(error)
    return OwnEngine.why_not()
