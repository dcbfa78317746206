"""The platform with a stand-in behind a faulty way for each outside system, and the deliveries that go into it."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import boto3
import httpx
from django.conf import settings
from docker.models.containers import Container

from config.benches.scratch import alarm_document
from config.chaos import CERTIFICATES_URL
from config.chaos.own_engine import OwnEngine
from config.chaos.proxy import FaultyProxy
from config.env import Env
from config.processes import PYTHON, Processes, Program, beat, cloudwatch_standin, free_port, live, running, web
from config.readiness import wait_until_ready
from config.rehearsal.parcels import repository_import, service_create
from evals.rehearsal.parcels import MODEL_SCRIPT, REPOSITORY
from integrations.anthropic.script import load_script
from integrations.anthropic.standin import StandIn
from integrations.github.standin import GitHubStandin
from integrations.localgit.configured import local_git_host
from integrations.loopback import listening
from integrations.sns.signer import LocalSigner
from pipeline.canary_service import canary_service_ensure
from sandbox.runners.engine import engine_connect
from sandbox.runners.sweep import LABEL

TOKEN = "chaos-token"  # noqa: S105  # what the stand-in takes
LOG_GROUP = "/ecs/parcels"
# SNS waits 20 s between its first tries; nobody learns anything from that here.
RETRY_SECONDS, DELIVERY_SECONDS = 0.3, 120
TIMES = {"LEASE_SECONDS": "3", "PIPELINE_SWEEP_SECONDS": "1", "BREAKER_OPEN_SECONDS": "1"}
SYSTEMS = ("anthropic", "github", "cloudwatch", "sns")


@dataclass
class Rig:
    """What runs, and what was delivered: `answers` holds the last status of each notification by its alarm."""

    env: Env
    processes: Processes
    proxies: Mapping[str, FaultyProxy]
    github: GitHubStandin
    log: Callable[[str], None]
    engine: OwnEngine | None = None
    answers: dict[str, int] = field(default_factory=dict)
    _signer: LocalSigner | None = None

    def deliver(self, alarm: str) -> threading.Thread:
        """Log what sets the alarm off and deliver it, signed, as SNS does: again after 5xx, never after 4xx."""
        # In words of its own: a pattern that the alarm of another incident counts already needs no second one.
        self.log(f"order {alarm} has no parcels")
        self._signer = self._signer or LocalSigner(self.env.data_dir / "sns")
        [topic_arn] = settings.SNS_TOPIC_ARNS
        document = alarm_document(alarm, datetime.now(UTC))
        body = self._signer.notification(topic_arn=topic_arn, subject=alarm, message=json.dumps(document))
        thread = threading.Thread(target=self._send, args=(alarm, body), daemon=True)
        thread.start()
        return thread

    def test_containers(self) -> list[Container]:
        """Return the containers that tests run in, or ran in and were left; none where nothing runs in one."""
        if self.engine is None:
            return []
        client = engine_connect(self.engine.host)
        found: list[Container] = client.containers.list(
            all=True, filters={"label": f"{LABEL}=run"}, ignore_removed=True
        )
        return found

    def _send(self, alarm: str, body: bytes) -> None:
        until = time.monotonic() + DELIVERY_SECONDS
        while time.monotonic() < until:
            try:
                answer = httpx.post(
                    f"{self.env.address}/webhooks/sns/",
                    content=body,
                    headers={"Content-Type": "text/plain"},
                    timeout=15,
                )
                self.answers[alarm] = answer.status_code
            except httpx.HTTPError:
                self.answers.setdefault(alarm, 0)
            if self.answers[alarm] == HTTPStatus.OK or 400 <= self.answers[alarm] < 500:
                return
            time.sleep(RETRY_SECONDS)


@contextmanager
def rig(env: Env, engine: OwnEngine | None = None) -> Iterator[Rig]:
    """Start everything on the embedded services of `env` and yield what can be broken.

    With `engine` tests run in its containers, otherwise as processes of this machine.
    """
    commit = repository_import()
    service_create(alarm_pattern="chaos-*", deployed=commit, log_groups=[LOG_GROUP])
    # Its sources are the same, and what the incidents merge would leave it no fault to mend.
    canary = canary_service_ensure()
    canary.deployed_ref = commit
    canary.save(update_fields=["deployed_ref"])
    # A line for each turn would hide the verdicts.
    logging.getLogger(StandIn.__module__).setLevel(logging.WARNING)
    cloudwatch_port = free_port()
    github = GitHubStandin(local_git_host().git_dir(REPOSITORY).parent.parent, TOKEN)
    with (
        StandIn(load_script(MODEL_SCRIPT)) as model,
        github.serving(),
        certificate_server(env.data_dir / "sns") as certificates,
        FaultyProxy(model.url) as anthropic_proxy,
        FaultyProxy(github.address) as github_proxy,
        FaultyProxy(f"http://127.0.0.1:{cloudwatch_port}") as cloudwatch_proxy,
        FaultyProxy(certificates) as sns_proxy,
    ):
        # The addresses in GitHub's answers are followed: they must lead through the faulty way as well.
        github.address = github_proxy.url
        proxies = dict(zip(SYSTEMS, (anthropic_proxy, github_proxy, cloudwatch_proxy, sns_proxy), strict=True))
        environment = {
            **TIMES,
            "ANTHROPIC_BASE_URL": anthropic_proxy.url,
            "GITHUB_API_URL": github_proxy.url,
            "GITHUB_TOKEN": TOKEN,
            "AWS_ENDPOINT_URL": cloudwatch_proxy.url,
            "AWS_ACCESS_KEY_ID": "chaos",
            "AWS_SECRET_ACCESS_KEY": "chaos",
            "SANDBOX_RUNNER": "local",
            CERTIFICATES_URL: sns_proxy.url,
        }
        if engine is not None:
            # The bundled service installs nothing.
            containers = {
                "SANDBOX_RUNNER": "docker",
                "DOCKER_HOST": engine.host,
                "SANDBOX_INSTALL_NETWORK": "none",
            }
            environment.update(containers)
        with running(_programs(env, cloudwatch_port), env, environment) as processes:
            endpoint = f"http://127.0.0.1:{cloudwatch_port}"
            wait_until_ready([*env.health_addresses, f"{endpoint}/moto-api/"], processes)
            yield Rig(env, processes, proxies, github, _log(endpoint), engine)


def _programs(env: Env, cloudwatch_port: int) -> list[Program]:
    served = web(env)
    command = [
        "config.chaos.web:application" if word == "config.wsgi:application" else word for word in served.command
    ]
    return [
        Program("web", command),
        live(env),
        Program("worker", [PYTHON, "-m", "config.chaos.worker", "worker", "intake,default,agents", "8"]),
        Program("sandbox", [PYTHON, "-m", "config.chaos.worker", "sandbox", "sandbox", "2"]),
        beat(env),
        cloudwatch_standin(cloudwatch_port),
    ]


def _log(endpoint: str) -> Callable[[str], None]:
    """Return what writes a line to the service's log group."""
    logs = boto3.client(
        "logs",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="chaos",
        aws_secret_access_key="chaos",  # noqa: S106  # what the stand-in takes
    )
    logs.create_log_group(logGroupName=LOG_GROUP)
    logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName="web")

    def log(message: str) -> None:
        # A minute old, as what set an alarm off is.
        at = int((time.time() - 60) * 1000)
        logs.put_log_events(
            logGroupName=LOG_GROUP, logStreamName="web", logEvents=[{"timestamp": at, "message": message}]
        )

    return log


@contextmanager
def certificate_server(directory: Path) -> Iterator[str]:
    """Serve the certificate that the local signer signs with, as SNS serves its own."""
    LocalSigner(directory)
    pem = (directory / "certificate.pem").read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(pem)))
            self.end_headers()
            self.wfile.write(pem)

        def log_message(self, *args: Any, **kwargs: Any) -> None:
            """Say nothing."""

    with listening(Handler) as address:
        yield address
