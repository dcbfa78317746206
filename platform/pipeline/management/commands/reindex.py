import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import Progress

from core.errors import PlatformError
from incidents.similarity import not_indexed_by
from integrations.embeddings import embedder
from pipeline.indexing import incidents_index

BATCH = 100


class Command(BaseCommand):
    help = (
        "Embed every incident whose vector another embedder made, newest first. The platform keeps running: an "
        "incident is found again as soon as its batch is done. Can be ended and started again at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", type=int, default=BATCH, help="incidents at a time")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            name = embedder().name
            done = self._reindex(name, options["batch"])
        except PlatformError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{done} incidents embedded by {name}; every incident is.")

    def _reindex(self, name: str, batch: int) -> int:
        left = not_indexed_by(name)
        done = 0
        with Progress(console=Console(file=sys.stderr)) as progress:
            bar = progress.add_task(f"Embedding by {name}", total=left.count())
            while ids := list(left.values_list("pk", flat=True)[:batch]):
                incidents_index(ids)
                done += len(ids)
                progress.advance(bar, len(ids))
        return done
