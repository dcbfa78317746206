import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from rich.console import Console

from config.demo import seed
from config.demo.stage import story_stage
from config.env import Env


class Command(BaseCommand):
    help = "Tell the whole story of an alarm on the bundled service, from the notification to the new alarm."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--exit", action="store_true", help="end when the story is told")

    def handle(self, *args: Any, **options: Any) -> None:
        env: Env = settings.ENV
        console = Console(file=sys.stdout)
        stays = sys.stdin.isatty() and console.is_terminal and not options["exit"]
        with story_stage(env, console) as story:
            with story.view.live():
                ending = story.tell()
            password = seed.approver_ensure(env)
            for line in (
                f"Dashboard {env.address}/   admin {env.address}/admin/",
                f"Sign in as {seed.APPROVER} with the password {password}",
            ):
                console.print(line, highlight=False, soft_wrap=True)
            console.print(ending.line, style="bold green", highlight=False, soft_wrap=True)
            if stays:
                console.print("The platform stays up until Ctrl-C.")
            while stays:
                time.sleep(1)
                story.processes.check()
