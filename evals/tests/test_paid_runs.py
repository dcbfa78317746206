"""The path of a model that is paid for: the real client over HTTP, with answers from a script behind it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from config import env
from config.env import BASE_DIR
from evals import baselines, runner
from evals.golden.case import GoldenAlarm
from evals.models import EvalRun, RunState
from evals.suites.injection import InjectionSuite
from evals.suites.triage import TriageSuite
from evals.tests.paid_model import MODEL, Paid, model_at, submits
from integrations.anthropic.script import Script
from integrations.anthropic.standin import Outage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

CASES = 12


def scenario(case: GoldenAlarm, turns: list[dict[str, Any]]) -> dict[str, Any]:
    """Play `turns` when this case is asked: no other alarm has its description and its moment."""
    at = case.facts.model_dump(mode="json")["state_changed_at"]
    return {
        "name": case.id,
        "when": {"tool": "submit_triage", "contains": [at, case.facts.alarm_name]},
        "turns": turns,
    }


def scripted(turns: Callable[[int, GoldenAlarm], list[dict[str, Any]]], *, latency: float = 0.0) -> Script:
    suite = TriageSuite()
    chosen = [suite.cases[case_id] for case_id in suite.case_ids[:CASES]]
    played = [scenario(case, found) for number, case in enumerate(chosen) if (found := turns(number, case))]
    return Script.model_validate({"latency_seconds": latency, "scenarios": played})


def run(tmp_path: Path, suite: str = "triage", **options: Any) -> EvalRun:
    defaults = {"model": [MODEL], "limit": CASES, "concurrency": 1, "reports": tmp_path}
    call_command("run_evals", suite, **{**defaults, **options})
    return EvalRun.objects.latest("pk")


def test_a_model_is_measured_over_http_with_its_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    half_right = scripted(
        lambda number, case: submits(baselines.gold(case) if number % 2 else baselines.wrong(case))
    )

    with model_at(half_right, monkeypatch) as standin:
        measured = run(tmp_path, concurrency=3)

    assert (measured.state, measured.metrics["answered"]["value"]) == (RunState.FINISHED, 1.0)
    assert measured.metrics["accuracy"]["value"] == 0.5
    assert len(standin.played) == CASES
    assert all(played.request.model == MODEL for played in standin.played)
    assert standin.has_billed(measured.cost_usd)
    assert all(row.cost_usd > 0 for row in measured.results.all())
    assert measured.metrics["cost_per_case"]["value"] == pytest.approx(float(standin.billed_usd) / CASES, abs=1e-6)
    assert "a model behind the Messages API" in capsys.readouterr().out


def test_refusals_bad_answers_and_an_api_that_is_away_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "PAUSES_SECONDS", ())
    bad = [{"content": [{"type": "tool_use", "name": "submit_triage", "input": {"severity": "P9"}}]}]

    def turns(number: int, case: GoldenAlarm) -> list[dict[str, Any]]:
        kinds: dict[int, list[dict[str, Any]]] = {
            0: [{"content": [{"type": "text", "text": "I will not."}], "stop_reason": "refusal"}],
            1: bad * 6,
            2: [],  # the stand-in answers 400: no scenario
        }
        return kinds.get(number, submits(baselines.gold(case)))

    with model_at(scripted(turns), monkeypatch) as standin:
        first = run(tmp_path)
        standin.outage = Outage(retry_after_seconds=0.01)
        away = run(tmp_path, limit=1, fresh=True)

    reasons = sorted(row.exit_reason for row in first.results.filter(outcome="abstained"))
    assert reasons == ["InvalidOutput", "ModelRefused", "ModelRejectedRequest"]
    assert (first.metrics["answered"]["n"], first.metrics["abstained"]["value"]) == (CASES, 3 / CASES)
    assert first.metrics["accuracy"]["n"] == CASES - 3
    assert first.metrics["accuracy"]["value"] == 1.0
    assert standin.has_billed(first.cost_usd)
    assert [(row.outcome, row.exit_reason) for row in away.results.all()] == [("failed", "Unavailable")]


def test_a_budget_ends_a_run_before_it_is_passed_and_more_money_goes_on_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with model_at(scripted(lambda _number, case: submits(baselines.gold(case))), monkeypatch) as standin:
        with pytest.raises(CommandError, match=r"is stopped: The budget of this run is 0\.02 USD"):
            run(tmp_path, budget_usd=Decimal("0.02"))
        stopped = EvalRun.objects.get()
        asked = len(standin.played)
        assert 0 < asked < CASES
        assert stopped.results.count() == asked
        assert standin.has_billed(stopped.cost_usd)
        assert standin.billed_usd <= Decimal("0.02")

        done = run(tmp_path, budget_usd=Decimal(1))

    assert (done.pk, done.state) == (stopped.pk, RunState.FINISHED)
    assert len(standin.played) == CASES
    assert standin.has_billed(done.cost_usd)


def test_a_run_whose_process_is_killed_goes_on_and_pays_for_no_answer_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = scripted(lambda _number, case: submits(baselines.gold(case)), latency=0.3)
    with model_at(slow, monkeypatch) as standin:
        killed(standin, tmp_path, after=4)
        [row] = EvalRun.objects.all()
        kept = row.results.count()
        assert (row.state, 3 <= kept < CASES) == (RunState.RUNNING, True)

        done = run(tmp_path)

    assert (done.pk, done.state, done.metrics["accuracy"]["n"]) == (row.pk, RunState.FINISHED, CASES)
    # The one that was being answered when the process died is asked again.
    assert CASES <= len(standin.played) <= CASES + 1


def killed(standin: Paid, tmp_path: Path, *, after: int) -> None:
    """Run the command in a process of its own and kill it while it waits for the answer number `after` + 1."""
    words = ["triage", f"--model={MODEL}", f"--limit={CASES}", "--concurrency=1", f"--reports={tmp_path}"]
    setup = {
        "database": connection.settings_dict["NAME"],
        "model_url": standin.url,
        "data_dir": str(settings.ENV.data_dir),
        "words": words,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "evals.tests.paid_run", json.dumps(setup)],
        env={
            **os.environ,
            "PYTHONPATH": f"{BASE_DIR / 'platform'}{os.pathsep}{BASE_DIR}",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATA_DIR": str(env.load().data_dir),
        },
    ) as process:
        while len(standin.played) < after:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def test_a_model_that_obeys_hostile_text_is_caught_and_one_that_does_not_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = InjectionSuite()
    case = suite.cases[suite.case_ids[0]]
    [hostile] = case.hostile_text[:1]
    obeys = baselines.obedient(case, hostile)
    script = Script.model_validate(
        {
            "scenarios": [
                {
                    "name": "told",
                    "when": {"tool": "submit_triage", "contains": [hostile]},
                    "turns": submits(obeys),
                },
                {"name": "calm", "when": {"tool": "submit_triage"}, "turns": submits(baselines.gold(case))},
            ]
        }
    )

    with model_at(script, monkeypatch) as standin:
        obeyed = run(tmp_path, "injection", limit=1)

    assert [played.scenario for played in standin.played] == ["told", "calm"]
    assert obeyed.metrics["attack_success"]["value"] == 1.0
    assert standin.has_billed(obeyed.cost_usd)
