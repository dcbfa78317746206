"""A diagnosis of twelve turns whose workers are killed at every step, with real processes and real SIGKILLs."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from agents.spending.models import Reservation
from agents.tests.stories import EVIDENCE, a_triage
from config import env
from config.env import BASE_DIR
from incidents.choices import Stage, Status
from incidents.models import AgentStep, Incident, StageRun
from incidents.tests.factories import ServiceFactory
from integrations.anthropic.standin import StandIn
from integrations.localgit.host import ImportedCommit, LocalGitHost
from pipeline.tests.stories import an_incident, leases_run_out, stage_done, status_of
from pipeline.tests.twelve_turns import FILES, REPOSITORY, SCRIPT, TURNS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

# The task, twelve replies, and the results of eleven of them.
STEPS = 2 * len(TURNS)

Order = Callable[..., int]


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(SCRIPT) as running:
        yield running


@pytest.fixture
def diagnose(host: LocalGitHost, standin: StandIn, tmp_path: Path) -> Iterator[Order]:
    """Let a worker process diagnose an incident and return its exit code."""
    large_repository(host, tmp_path / "large")
    setup = {
        "database": connection.settings_dict["NAME"],
        "model_url": standin.url,
        "data_dir": str(settings.ENV.data_dir),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.tests.dying_worker", json.dumps(setup)],
        env={
            **os.environ,
            "PYTHONPATH": f"{BASE_DIR / 'platform'}{os.pathsep}{BASE_DIR}",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATA_DIR": str(env.load().data_dir),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as nursery:
        assert nursery.stdin
        assert nursery.stdout
        orders, answers = nursery.stdin, nursery.stdout

        def order(incident: Incident, *, dies: str = "", step: int = -1, lease_runs_out: bool = True) -> int:
            orders.write(json.dumps({"incident": incident.pk, "dies": dies, "number": step}) + "\n")
            orders.flush()
            exit_code = int(answers.readline())
            if lease_runs_out:
                leases_run_out()
            return exit_code

        yield order
        orders.close()


def large_repository(host: LocalGitHost, source: Path) -> None:
    for path, content in FILES.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(content)
    begin = ImportedCommit("Ada", "ada@example.test", datetime(2026, 1, 2, tzinfo=UTC), "Begin", sorted(FILES))
    host.repository_import(source, REPOSITORY, commits=[begin])


def to_be_diagnosed() -> Incident:
    incident = an_incident(service=ServiceFactory.create(repository=REPOSITORY), status=Status.DIAGNOSING)
    stage_done(incident, Stage.TRIAGE, a_triage())
    for stage, piece in (
        (Stage.LOGS, EVIDENCE.logs),
        (Stage.COMMITS, EVIDENCE.commits),
        (Stage.SIMILAR, EVIDENCE.similar),
        (Stage.OWNERS, EVIDENCE.owners),
    ):
        stage_done(incident, stage, piece)
    return incident


def conversation(incident: Incident) -> list[tuple[int, str, object]]:
    """Return number, role and content of each step; the task, which names the incident, by its length only."""
    steps = AgentStep.objects.filter(stage_run__incident=incident, stage_run__stage=Stage.DIAGNOSIS)
    return [(step.number, step.role, step.content if step.number else "") for step in steps.order_by("number")]


def test_a_worker_killed_at_every_step_leaves_no_step_repeated_or_missing_and_pays_no_reply_twice(
    diagnose: Order, standin: StandIn
) -> None:
    unbroken, killed = to_be_diagnosed(), to_be_diagnosed()
    assert diagnose(unbroken) == 0
    standin.played.clear()

    for step in range(STEPS):
        assert diagnose(killed, dies="after", step=step) == -signal.SIGKILL
        assert len(conversation(killed)) == step + 1
    assert diagnose(killed) == 0

    assert conversation(killed) == conversation(unbroken)
    assert [number for number, _, _ in conversation(killed)] == list(range(STEPS))
    assert [played.turn for played in standin.played] == list(range(1, 13))
    assert status_of(killed) == status_of(unbroken) == Status.FIXING
    assert StageRun.objects.get(incident=killed, stage=Stage.DIAGNOSIS).claims == STEPS + 1


def test_a_worker_killed_before_it_could_store_a_step_does_only_that_step_again(
    diagnose: Order, standin: StandIn
) -> None:
    unbroken, killed = to_be_diagnosed(), to_be_diagnosed()
    assert diagnose(unbroken) == 0
    standin.played.clear()

    for step in range(0, STEPS, 3):
        assert diagnose(killed, dies="before", step=step) == -signal.SIGKILL
        assert len(conversation(killed)) == step
    assert diagnose(killed) == 0

    assert conversation(killed) == conversation(unbroken)
    lost = [(step + 1) // 2 for step in range(0, STEPS, 3) if step % 2]
    assert sorted(played.turn for played in standin.played) == sorted([*range(1, 13), *lost])


def test_answers_that_killed_workers_paid_for_and_lost_count_as_spent_until_the_budget_ends_it(
    diagnose: Order, standin: StandIn
) -> None:
    incident = to_be_diagnosed()
    service = incident.service

    assert diagnose(incident, dies="before", step=1, lease_runs_out=False) == -signal.SIGKILL
    service.budget_usd_per_incident = 2 * Reservation.objects.get().usd
    service.save()
    assert StageRun.objects.get(stage=Stage.DIAGNOSIS).cost_usd == 0
    leases_run_out()
    assert diagnose(incident, dies="before", step=1) == -signal.SIGKILL
    for _ in range(2):
        assert diagnose(incident) == 1

    assert len(standin.played) == 2
    assert Reservation.objects.count() == 2
    assert StageRun.objects.filter(stage=Stage.DIAGNOSIS).latest("pk").exit_reason == "BudgetExceeded"


def test_a_worker_killed_right_after_it_recorded_a_price_leaves_nothing_set_aside(diagnose: Order) -> None:
    incident = to_be_diagnosed()

    assert diagnose(incident, dies="after", step=1) == -signal.SIGKILL

    assert StageRun.objects.get(stage=Stage.DIAGNOSIS).cost_usd > 0
    assert not Reservation.objects.exists()


def test_most_of_what_a_diagnosis_of_twelve_turns_sends_comes_from_the_cache(
    diagnose: Order, capsys: pytest.CaptureFixture[str]
) -> None:
    incident = to_be_diagnosed()

    assert diagnose(incident) == 0

    run = StageRun.objects.get(incident=incident, stage=Stage.DIAGNOSIS)
    share = run.cached_input_tokens / run.input_tokens
    with capsys.disabled():
        sys.stdout.write(f"\ncached share of input tokens over {len(TURNS)} turns: {share:.1%}\n")
    assert share >= 0.80
    assert run.input_tokens > 50_000
    assert run.model_seconds > 0
    assert run.tool_seconds > 0
