"""An engine killed in the middle of a run: the incident waits for it and goes on, without a trace of that run."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import docker
import pytest
from django.conf import settings
from django.db import connection
from docker.models.containers import Container

from config.chaos.own_engine import OwnEngine, own_engine
from core.patch import Patch
from incidents.choices import Stage, Status, Verdict
from incidents.models import Fix, Incident, StageRun
from incidents.tests.factories import ServiceFactory
from integrations.localgit.host import ImportedCommit, LocalGitHost
from pipeline import tasks
from pipeline.facts import deployed_checkout
from pipeline.fixes import fix_chosen
from pipeline.tests.stories import a_tried_fix, an_incident, move, reason_of, status_of
from sandbox.ecosystems.node.framework import IMAGE
from sandbox.runners.engine import engine_connect
from sandbox.runners.kept import KEPT_NAME
from sandbox.runners.sweep import LABEL
from sandbox.tests.conftest import engine as engine
from sandbox.tests.repositories import TEST_COMMAND, node_repository

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.docker,
    pytest.mark.slow,
    pytest.mark.timeout(240),
]

REPOSITORY = "demo/adding"
# Long enough to be killed in.
SLOW_TEST = (
    "const assert = require('assert');\n"
    "module.exports = { adds() {\n"
    "  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);\n"
    "  assert.equal(require('../src/add')(2, 3), 5);\n"
    "} };\n"
)
FIX = Patch({"src/add.js": "module.exports = (a, b) => a + b;\n", "tests/add.test.js": SLOW_TEST})


@pytest.fixture
def own(engine: docker.DockerClient) -> Iterator[OwnEngine]:
    if reason := OwnEngine.why_not():
        pytest.skip(reason)
    with own_engine(engine, IMAGE) as started:
        yield started


@pytest.fixture
def incident(host: LocalGitHost, own: OwnEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Incident:
    """An incident with a written fix, whose sandbox is the engine that the test may kill."""
    chosen = {
        "docker_host": own.host,
        "sandbox_runner": "docker",
        # This engine has no network; the repository installs nothing.
        "sandbox_install_network": "none",
        "sandbox_memory_mib": 512,
        "sandbox_disk_mib": 64,
    }
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=chosen))
    source = node_repository(
        tmp_path / "adding",
        {
            "src/add.js": "module.exports = (a, b) => a - b;\n",
            "tests/other.test.js": "exports.other = () => {};\n",
        },
    )
    files = sorted(str(file.relative_to(source)) for file in source.rglob("*") if file.is_file())
    begin = ImportedCommit("Ada", "ada@example.test", datetime(2026, 1, 2, tzinfo=UTC), "Begin", files)
    host.repository_import(source, REPOSITORY, commits=[begin])
    service = ServiceFactory.create(repository=REPOSITORY, test_command=TEST_COMMAND)
    incident = an_incident(service=service, status=Status.FIXING)
    tasks.prepare(incident.pk)
    fix = a_tried_fix(incident)
    StageRun.objects.filter(stage=Stage.TRIAL).delete()
    Fix.objects.filter(pk=fix.pk).update(
        files=dict(FIX.files),
        diff=FIX.diff(deployed_checkout(incident).path),
        diff_sha256=FIX.sha256,
        verdict="",
        report=None,
    )
    return incident


def test_an_engine_that_is_killed_in_a_run_delays_the_incident_and_leaves_nothing(
    own: OwnEngine, incident: Incident
) -> None:
    client = engine_connect(own.host)
    with ThreadPoolExecutor(1) as beside:
        trial = beside.submit(_try, incident.pk)
        _wait_until_tests_run(client)
        own.kill()
        trial.result(timeout=60)

    assert status_of(incident) == Status.OPEN
    assert reason_of(incident).startswith("Waiting for sandbox: the container engine failed")
    assert Fix.objects.get().verdict == ""

    restarted = own.start()
    [left] = _runs(restarted)
    move(incident, Status.FIXING)
    tasks.trial(incident.pk, 1, 1)

    assert Fix.objects.get().verdict == Verdict.FIXED
    assert fix_chosen(incident) == Fix.objects.get()
    assert _runs(restarted) == []
    everything = restarted.containers.list(all=True)
    assert [container.name for container in everything if not str(container.name).startswith(KEPT_NAME)] == []
    assert left.id not in {container.id for container in everything}


def _try(incident_id: int) -> None:
    try:
        tasks.trial(incident_id, 1, 1)
    finally:
        connection.close()


def _wait_until_tests_run(client: docker.DockerClient) -> None:
    for _ in range(600):
        if any("tools/jest.js" in str(container.top()) for container in client.containers.list()):
            return
        time.sleep(0.1)
    raise AssertionError("no test ran within a minute")


def _runs(client: docker.DockerClient) -> list[Container]:
    found: list[Container] = client.containers.list(all=True, filters={"label": f"{LABEL}=run"})
    return found
