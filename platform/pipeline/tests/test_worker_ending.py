"""A worker that is told to end hands its conversation back at the next step; another one goes on from there."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection

from config import env
from config.env import BASE_DIR
from core.nudge import ADVANCE
from core.shared_store import shared_store
from incidents.choices import Stage, StageStatus, Status
from incidents.models import AgentStep, Incident, StageRun
from integrations.anthropic.standin import StandIn
from integrations.localgit.host import LocalGitHost
from pipeline.tests.stories import status_of
from pipeline.tests.test_killed_workers import large_repository, to_be_diagnosed
from pipeline.tests.twelve_turns import SCRIPT, TURNS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

# More than one step takes, and much less than the whole conversation: its turns take a second each.
END_SECONDS = 20
QUEUES = ("agents", "default")


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(SCRIPT.model_copy(update={"latency_seconds": 1.0})) as running:
        yield running


@pytest.fixture(autouse=True)
def empty_queues() -> Iterator[None]:
    shared_store().delete(*QUEUES, "unacked", "unacked_index")
    yield
    shared_store().delete(*QUEUES, "unacked", "unacked_index")


@contextmanager
def a_worker(standin: StandIn) -> Iterator["subprocess.Popen[bytes]"]:
    setup = {
        "database": connection.settings_dict["NAME"],
        "model_url": standin.url,
        "data_dir": str(settings.ENV.data_dir),
    }
    environment = {
        **os.environ,
        "PYTHONPATH": f"{BASE_DIR / 'platform'}{os.pathsep}{BASE_DIR}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATA_DIR": str(env.load().data_dir),
    }
    worker = subprocess.Popen(
        [sys.executable, "-m", "pipeline.tests.ending_worker", json.dumps(setup)], env=environment
    )
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def steps_of(incident: Incident) -> int:
    return AgentStep.objects.filter(stage_run__incident=incident, stage_run__stage=Stage.DIAGNOSIS).count()


def test_a_worker_told_to_end_hands_its_conversation_back_and_no_reply_is_paid_for_twice(
    host: LocalGitHost, standin: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> None:
    large_repository(host, tmp_path_factory.mktemp("large"))
    incident = to_be_diagnosed()
    current_app.send_task("pipeline.diagnose", args=[incident.pk])

    with a_worker(standin) as worker:
        until(lambda: steps_of(incident) >= 4)
        worker.send_signal(signal.SIGTERM)
        told_at = time.monotonic()
        code = worker.wait(timeout=END_SECONDS)
        taken = time.monotonic() - told_at

    run = StageRun.objects.get(incident=incident, stage=Stage.DIAGNOSIS)
    assert code == 0
    assert taken < END_SECONDS
    assert (run.status, run.exit_reason, run.lease_expires_at) == (StageStatus.WAITING, "HandedBack", None)
    assert status_of(incident) == Status.DIAGNOSING
    # Whoever is left goes on at once: nothing waits for a lease to run out or for the sweeper.
    waiting = [json.loads(message)["headers"] for message in shared_store().lrange("default", 0, -1)]
    assert [headers["task"] for headers in waiting] == [ADVANCE]

    current_app.send_task("pipeline.diagnose", args=[incident.pk])
    with a_worker(standin):
        until(lambda: status_of(incident) == Status.FIXING)

    assert [played.turn for played in standin.played] == list(range(1, len(TURNS) + 1))
