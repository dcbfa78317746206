"""The command: reports, limits for CI, and words for what is wrong."""

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from agents.runtime.contract import ModelRefused
from core.errors import PlatformError
from evals.comparison import NotComparable
from evals.models import EvalRun
from evals.reports.figures import brief
from evals.reports.meanings import MEANINGS
from evals.runner import coverage, expense
from evals.suites.contract import CannotBegin
from evals.suites.grounding import GroundingSuite
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


@pytest.mark.parametrize(
    ("suite", "entrant", "told"),
    [
        ("triage", "claude-haiku-4-5", r"Set ANTHROPIC_API_KEY"),
        ("triage", "ruls", r"'ruls' is no offline entrant of the suite triage \(majority, rules, words"),
        ("grounding", "claude-haiku-4-5", r"\(guard\); no model can be measured by it"),
        ("fixes", "gold", r"needs a container engine: SANDBOX_RUNNER=local"),
    ],
)
def test_what_would_keep_every_case_from_an_answer_is_said_before_anything_is_run(
    suite: str, entrant: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = {"sandbox_runner": "local", "sandbox_allow_unisolated": False, "anthropic_base_url": None}
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=local))

    with pytest.raises(CannotBegin, match=told):
        run(suite, model=[entrant])

    assert not EvalRun.objects.exists()


def test_of_all_suites_those_that_cannot_begin_are_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    local = {"sandbox_runner": "local", "sandbox_allow_unisolated": False}
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=local))

    run(model=["gold"], limit=2, reports=tmp_path)

    assert sorted(EvalRun.objects.values_list("suite", flat=True)) == ["injection", "triage"]
    told = capsys.readouterr().out
    assert "Left out: 'gold' is no offline entrant of the suite grounding (guard)" in told
    assert "Left out: the suite fixes needs a container engine" in told


def test_a_question_that_cannot_be_answered_is_refused_before_a_case_is_paid_for(tmp_path: Path) -> None:
    run("grounding", limit=2, reports=tmp_path)
    other = EvalRun.objects.get()

    with pytest.raises(CommandError, match="There is no run 999999 to compare with"):
        run("triage", model=["rules"], compare=999_999)
    with pytest.raises(NotComparable, match=f"run {other.pk} is of the suite grounding, not triage"):
        run("triage", model=["rules"], compare=other.pk)
    with pytest.raises(PlatformError, match="no figure 'acuracy'"):
        run("triage", model=["rules"], fail_under=["acuracy=0.9"])

    assert EvalRun.objects.get() == other


@pytest.mark.parametrize("words", ["--limit=0", "--repeat=0", "--concurrency=-1", "--budget-usd=much"])
def test_a_number_that_makes_no_sense_is_refused_by_name(words: str) -> None:
    with pytest.raises(CommandError, match=r"is no (whole number from 1|amount of dollars)"):
        call_command("run_evals", "triage", words)


def test_a_report_says_why_cases_have_no_answer_and_what_was_not_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_words: object) -> None:
        raise ModelRefused("the model refused <to answer>")

    run("grounding", limit=3, reports=tmp_path)
    monkeypatch.setattr(GroundingSuite, "attempt", refuses)
    run("grounding", limit=3, reports=tmp_path, fresh=True)

    told = capsys.readouterr().out
    page = (tmp_path / f"grounding-guard-{EvalRun.objects.latest('pk').pk}.html").read_text()
    assert "abstained 3 times, ModelRefused: the model refused <to answer>" in told
    assert "the model refused &lt;to answer&gt;" in page
    assert "Not right (3 of 3 shown)" in page


def test_what_a_label_and_an_answer_decide_is_told_in_one_line() -> None:
    fields = {
        "resolved": False,
        "reason": "prose",
        "not_passed": ["a", "b"],
        "location": {"path": "x.py"},
        "n": None,
    }

    assert brief(fields) == "resolved False, not_passed a; b, location (path x.py)"
