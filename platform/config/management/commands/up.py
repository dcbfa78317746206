import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from config.demo.scenario import MODEL_SCRIPT
from config.ending import ends_on_signals
from config.env import Env
from config.processes import Program, free_port, model_standin, product, running
from config.readiness import wait_until_ready
from sandbox.runners import where_tests_run


class Command(BaseCommand):
    help = "Run the whole platform on this machine until Ctrl-C: web, live feed, workers, beat and what they need."

    def handle(self, *args: Any, **options: Any) -> None:
        env: Env = settings.ENV
        programs = product(env)
        environment: dict[str, str] = {}
        if not env.has_model_key and env.anthropic_base_url is None:
            standin, environment = scripted_model()
            programs.append(standin)
            self.stdout.write(
                "No ANTHROPIC_API_KEY: a scripted stand-in answers for the model (the demo's script)."
            )
        call_command("migrate", verbosity=0)
        with ends_on_signals(), running(programs, env, environment) as processes:
            wait_until_ready(env.health_addresses, processes)
            self.stdout.write(f"Dashboard {env.address}/   admin {env.address}/admin/   logs {env.data_dir}/logs/")
            self.stdout.write(f"Sandbox: {where_tests_run()[0]}.")
            self.stdout.write("Create a user with: manage.py createsuperuser.   Stop with Ctrl-C.")
            while True:
                time.sleep(1)
                processes.check()


def scripted_model(script: Path = MODEL_SCRIPT) -> tuple[Program, dict[str, str]]:
    """Return the stand-in for the Messages API and the environment that leads the workers to it."""
    port = free_port()
    return model_standin(script, port), {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}"}
