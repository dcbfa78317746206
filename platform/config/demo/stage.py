"""The processes, data and people that the story needs, up for as long as it is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from rich.console import Console

from config.demo import scenario, seed
from config.demo.outside import AdminPage, Production, Topic
from config.demo.story import Story
from config.demo.view import View
from config.ending import ends_on_signals
from config.env import Env
from config.management.commands.up import scripted_model
from config.processes import ProcessesFailed, cloudwatch_standin, free_port, product, running
from config.readiness import wait_until_ready
from sandbox.runners import describe

# Short, so that a worker killed in the middle of the story is soon replaced.
DEMO_ENVIRONMENT = {"LEASE_SECONDS": "6", "PIPELINE_SWEEP_SECONDS": "3"}


@contextmanager
def story_stage(env: Env, console: Console, *, script: Path = scenario.MODEL_SCRIPT) -> Iterator[Story]:
    """Start the platform beside stand-ins for CloudWatch and, without a key, the model; yield the story to tell.

    The model's stand-in plays `script`. Removes the rows of an earlier demo.
    Raises ProcessesFailed outside embedded mode.
    """
    if not env.is_embedded:
        raise ProcessesFailed("the demo runs on embedded services only: unset DATABASE_URL.")
    call_command("migrate", verbosity=0)
    cloudwatch_port = free_port()
    endpoint = f"http://127.0.0.1:{cloudwatch_port}"
    programs = [*product(env), cloudwatch_standin(cloudwatch_port)]
    environment = {
        **DEMO_ENVIRONMENT,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "demo",
        "AWS_SECRET_ACCESS_KEY": "demo",
    }
    if not env.has_model_key:
        standin, to_standin = scripted_model(script)
        programs.append(standin)
        environment.update(to_standin)
    _say_what_is_real(env, console)
    with ends_on_signals(), running(programs, env, environment) as processes:
        played = scenario.load()
        seed.demo_reset(played)
        seed.repository_import(played)
        password = seed.approver_ensure(env)
        wait_until_ready([*env.health_addresses, f"{endpoint}/moto-api/"], processes)
        [topic_arn] = settings.SNS_TOPIC_ARNS
        production = Production(played, endpoint_url=endpoint, region=env.aws_region, topic_arn=topic_arn)
        production.set_up()
        yield Story(
            scenario=played,
            production=production,
            topic=Topic(env, topic_arn),
            approver=AdminPage(env, username=seed.APPROVER, password=password),
            view=View(console),
            processes=processes,
            is_scripted=not env.has_model_key,
        )


def _say_what_is_real(env: Env, console: Console) -> None:
    model = (
        "the real Messages API"
        if env.has_model_key
        else "no ANTHROPIC_API_KEY, so a stand-in for the Messages API plays a script (model turns only: what the "
        "tools find, the tests and the verdicts are real)"
    )
    for line in (
        f"Model: {model}.",
        "CloudWatch: moto's server on this machine. Code host: git repositories in the data directory.",
        f"Sandbox: {describe()}.",
    ):
        console.print(line, highlight=False, soft_wrap=True)
