"""The command: reports, limits for CI, and words for what is wrong."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from core.errors import PlatformError
from evals.models import EvalRun
from evals.reports.meanings import MEANINGS
from evals.runner import coverage, expense
from evals.suites.registry import SUITES, Selection

pytestmark = pytest.mark.django_db(transaction=True)


def run(*suites: str, **options: object) -> None:
    call_command("run_evals", *suites, **{"limit": 20, **options})


def test_a_run_leaves_a_report_for_machines_and_a_page_that_needs_nothing_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("triage", model=["majority", "rules"], reports=tmp_path)
    run("triage", model=["rules"], fresh=True, compare=EvalRun.objects.get(model="majority").pk, reports=tmp_path)

    newest = EvalRun.objects.latest("pk")
    document = json.loads((tmp_path / f"triage-rules-{newest.pk}.json").read_text())
    page = (tmp_path / f"triage-rules-{newest.pk}.html").read_text()
    told = capsys.readouterr().out
    assert list(document["metrics"])[:3] == ["answered", "abstained", "failed"]
    assert list(document["floors"]) == ["majority"]
    assert document["comparison"]["second"].endswith("triage by majority")
    assert "keywords: a floor, no model" in told
    assert "McNemar" in told
    assert "McNemar" in page
    assert "src=" not in page
    assert "href=" not in page
    assert page.count("<svg") >= 3


@pytest.mark.parametrize("name", SUITES)
def test_every_figure_is_explained_to_who_sees_it_first(name: str) -> None:
    figures = [*coverage([]), *expense([]), *SUITES[name](Selection()).metrics([])]

    assert [figure.name for figure in figures if figure.name not in MEANINGS] == []


def test_hostile_text_of_a_case_does_not_become_part_of_the_page(tmp_path: Path) -> None:
    run("triage", model=["wrong"], limit=None, reports=tmp_path)

    [page] = tmp_path.glob("*.html")
    assert "<script" not in page.read_text()


def test_a_figure_below_its_limit_fails_the_command(tmp_path: Path) -> None:
    run("triage", model=["gold"], reports=tmp_path, fail_under=["accuracy=1", "answered=1"])

    with pytest.raises(CommandError, match=r"accuracy is 0\.0, below 0\.5"):
        run("triage", model=["wrong"], reports=tmp_path, fail_under=["accuracy=0.5"])
    with pytest.raises(CommandError, match=r"wrong_drop is 1\.0, above 0\.1"):
        run("triage", model=["wrong"], reports=tmp_path, fail_over=["wrong_drop=0.1"])


def test_a_limit_that_cannot_be_read_or_met_is_said(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="take METRIC=VALUE, not 'accuracy'"):
        run("triage", model=["gold"], reports=tmp_path, fail_under=["accuracy"])
    with pytest.raises(PlatformError, match="no figure 'accurancy'; it has answered"):
        run("triage", model=["gold"], reports=tmp_path, fail_under=["accurancy=1"])


def test_a_suite_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(CommandError, match="no suite 'triag'; there are triage, grounding, injection, fixes"):
        run("triag")


def test_a_model_without_a_key_abstains_from_every_case_and_says_why(tmp_path: Path) -> None:
    run("triage", model=["claude-haiku-4-5"], limit=3, reports=tmp_path)

    results = EvalRun.objects.get().results.all()
    assert {(row.outcome, row.exit_reason) for row in results} == {("abstained", "ModelNotConfigured")}
