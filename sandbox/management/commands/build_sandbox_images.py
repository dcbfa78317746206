from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from sandbox.images.build import images_build
from sandbox.runners.engine import DEFAULT_HOST, engine_connect


class Command(BaseCommand):
    help = "Build the images in which tests run, on the container engine that DOCKER_HOST names."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--base-image", default="", help="build on this image instead of the public ones")

    def handle(self, *args: Any, **options: Any) -> None:
        host = settings.ENV.docker_host or DEFAULT_HOST
        built = images_build(
            client=engine_connect(host, settings.ENV.docker_certificates),
            host=host,
            mongod=settings.ENV.data_dir / "sandbox" / "mongod",
            base_image=options["base_image"],
            say=self.stdout.write,
        )
        self.stdout.write(f"Ready: {', '.join(built)}.")
