"""What Langfuse gets of a run, through the SDK's own client: a dataset, an experiment with its items, scores."""

import json
import socket
import time
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import call_command

from evals.models import EvalRun, RunState
from evals.suites.triage import TriageSuite
from integrations.langfuse.client import experiments
from integrations.langfuse.results import Item, Output
from integrations.langfuse.tests.configured import Configure, configure
from integrations.langfuse.tests.receiver import receiving

__all__ = ["configure"]  # the fixture

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"


def run(tmp_path: Path, *suites: str, **options: object) -> None:
    defaults: dict[str, object] = {"limit": 6, "reports": tmp_path, "fresh": True}
    call_command("run_evals", *(suites or ("triage",)), **{**defaults, **options})


def test_a_run_is_an_experiment_over_a_dataset_with_scores(
    configure: Configure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with receiving() as langfuse:
        configure(langfuse.url)
        run(tmp_path, model=["rules"])

    row = EvalRun.objects.get()
    cases = TriageSuite().case_ids[:6]
    assert list(langfuse.api.datasets) == ["agent-platform-triage"]
    assert sorted(langfuse.api.items) == sorted(f"triage-{case_id}" for case_id in cases)
    first = langfuse.api.items[f"triage-{cases[0]}"]
    assert first["expectedOutput"] == TriageSuite().cases[cases[0]].expected.model_dump()
    assert first["input"]["alarm"]["service"] == TriageSuite().cases[cases[0]].service

    tasks = [span for span in langfuse.spans if span.name == "experiment-item-task"]
    linked = {span.attributes["langfuse.experiment.item.id"] for span in tasks}
    assert linked == set(langfuse.api.items)
    assert {span.attributes["langfuse.experiment.dataset.id"] for span in tasks} == {"dataset-1"}
    [name] = {span.attributes["langfuse.experiment.name"] for span in tasks}
    assert name.startswith("rules ")
    assert name.endswith(f"#{row.pk}")

    of_items = [score for score in langfuse.api.scores if "observationId" in score]
    of_run = {score["name"]: score["value"] for score in langfuse.api.scores if "datasetRunId" in score}
    assert Counter(score["name"] for score in of_items) == {
        "right": 6,
        "answered": 6,
        "seconds": 6,
        "cost_usd": 6,
    }
    right = sum(score["value"] for score in of_items if score["name"] == "right")
    assert right == row.results.filter(is_right=True).count()
    assert of_run["accuracy"] == row.metrics["accuracy"]["value"]
    [experiment] = {score["datasetRunId"] for score in langfuse.api.scores if "datasetRunId" in score}
    assert experiment in {span.attributes["langfuse.experiment.id"] for span in tasks}
    assert "Langfuse has it: " in capsys.readouterr().out


def test_items_are_written_once_and_again_only_when_they_have_changed(
    configure: Configure, tmp_path: Path
) -> None:
    with receiving() as langfuse:
        configure(langfuse.url)
        run(tmp_path, model=["rules", "majority"])
        assert langfuse.api.item_writes == 6
        run(tmp_path, model=["rules"], limit=8)
        assert langfuse.api.item_writes == 8
        changed = next(iter(langfuse.api.items.values()))
        changed["metadata"] = {"sha256": "of other words"}
        run(tmp_path, model=["rules"], limit=8)

    assert langfuse.api.item_writes == 9
    assert len(langfuse.api.items) == 8
    assert EvalRun.objects.count() == 4


def test_suites_that_share_case_ids_share_no_item(configure: Configure, tmp_path: Path) -> None:
    with receiving() as langfuse:
        configure(langfuse.url)
        run(tmp_path, "injection", "triage", "grounding", model=None, limit=2)

    assert set(langfuse.api.datasets) == {
        f"agent-platform-{name}" for name in ("injection", "triage", "grounding")
    }


def test_every_repeat_of_a_case_is_an_answer_of_its_item(configure: Configure, tmp_path: Path) -> None:
    with receiving() as langfuse:
        configure(langfuse.url)
        run(tmp_path, model=["rules"], repeat=3, limit=2)

    tasks = [span for span in langfuse.spans if span.name == "experiment-item-task"]
    assert len(langfuse.api.items) == 2
    assert Counter(span.attributes["langfuse.experiment.item.id"] for span in tasks).most_common(2)[1][1] == 3


def test_a_secret_that_slipped_into_a_case_or_an_answer_does_not_leave(configure: Configure) -> None:
    with receiving() as langfuse:
        configure(langfuse.url)
        there = experiments()
        assert there is not None
        there.record(
            dataset="d",
            run="r",
            items=[Item("a", {"log": f"token={SECRET}"}, {"why": SECRET})],
            outputs=[Output("a", {"error": f"bad {SECRET}"}, {"right": False})],
            totals=[],
            about={},
        )

    assert "[redacted:github-token]" in langfuse.api.items["a"]["expectedOutput"]["why"]
    assert len(langfuse.spans) > 1
    text = "".join(span.raw for span in langfuse.spans) + json.dumps([langfuse.api.items, langfuse.api.scores])
    assert SECRET not in text


def test_without_keys_nothing_is_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, model=["rules"])

    assert "Langfuse" not in capsys.readouterr().out


def test_a_langfuse_that_refuses_costs_nothing_and_is_asked_once(
    configure: Configure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("http://127.0.0.1:9")

    run(tmp_path, model=["rules", "majority"])

    told = capsys.readouterr().out
    assert {row.state for row in EvalRun.objects.all()} == {RunState.FINISHED}
    assert told.count("Langfuse did not take the run (ConnectError).") == 1


def test_a_langfuse_that_never_answers_costs_one_timeout_for_the_whole_command(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        configure(f"http://127.0.0.1:{silent.getsockname()[1]}")
        run(tmp_path, model=["rules"], limit=1)  # pays for imports
        started_at = time.monotonic()
        run(tmp_path, model=["rules", "majority", "gold"])
        seconds = time.monotonic() - started_at

    assert EvalRun.objects.filter(state=RunState.FINISHED).count() == 4
    assert seconds < 3 + 3
