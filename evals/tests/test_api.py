"""The evaluations over the API: read from the rows, in the reports' own figures, in as many queries as ever."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from evals.models import EvalResult, EvalRun, Outcome
from evals.reports.figures import report_of
from evals.runner import Order, run_execute
from evals.suites.registry import SUITES, Selection
from evals.tests.runs import triage_run
from incidents.tests.viewers import viewer

pytestmark = pytest.mark.django_db

SECRET = "AKIAIOSFODNN7EXAMPLE"  # AWS's own example of an access key id


@pytest.fixture
def client() -> APIClient:
    client = APIClient()
    client.force_login(viewer())
    return client


def test_a_row_has_its_figures_with_coverage_first(client: APIClient) -> None:
    run = triage_run({"one": "real", "two": "noise", "three": "abstained", "four": "failed"})

    [row] = client.get("/api/evals/runs/").json()["results"]

    figures = {figure["name"]: figure for figure in row["figures"]}
    assert list(figures)[:5] == ["answered", "abstained", "failed", "accuracy", "macro_f1"]
    assert list(figures)[-3:] == ["cost_per_case", "seconds_p50", "seconds_p95"]
    assert figures["answered"]["value"] == 0.5
    assert figures["accuracy"] == {"name": "accuracy", **run.metrics["accuracy"]}
    assert figures["accuracy"]["low"] < 0.5 < figures["accuracy"]["high"]
    assert (row["kind"], row["settings"]["limit"]) == ("model", None)


def test_runs_are_narrowed_down_by_what_kind_of_entrant_answered(client: APIClient) -> None:
    for model in ("claude-test", "rules", "gold"):
        triage_run({"one": "real"}, model=model)

    def models(query: str) -> list[str]:
        return [row["model"] for row in client.get(f"/api/evals/runs/?{query}").json()["results"]]

    assert models("") == ["gold", "rules", "claude-test"]
    assert (models("kind=model"), models("kind=floor"), models("kind=harness")) == (
        ["claude-test"],
        ["rules"],
        ["gold"],
    )
    assert models("suite=fixes") == []
    assert client.get("/api/evals/runs/?suite=nothing").status_code == 400


def test_a_run_is_shown_as_its_report_has_it(client: APIClient) -> None:
    suite = SUITES["triage"](Selection())
    known = list(suite.case_ids)[:2]
    floor = triage_run(dict.fromkeys(known, "real"), model="rules")
    run = triage_run({known[0]: "real", known[1]: "noise"})
    report = report_of(run, suite)

    shown = client.get(f"/api/evals/runs/{run.pk}/").json()

    assert shown["matrices"][0]["labels"] == ["real", "noise", "duplicate"]
    assert shown["matrices"][0]["counts"] == [[1, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert [(found["id"], found["model"]) for found in shown["floors"]] == [(floor.pk, "rules")]
    assert [group["name"] for group in shown["groups"]] == [group.name for group in report.groups]
    assert shown["calibration"] == [{"claimed": 0.9, "right": 0.5, "count": 2}]


def test_a_run_that_is_older_than_the_material_is_still_shown(client: APIClient) -> None:
    run = triage_run({"a-case-that-is-gone": "real"})

    shown = client.get(f"/api/evals/runs/{run.pk}/").json()

    assert shown["groups"] == []
    assert shown["matrices"][0]["counts"][0][0] == 1


def test_a_run_of_a_suite_that_is_gone_stays_in_the_list_and_has_no_report(client: APIClient) -> None:
    run = triage_run({"one": "real"})
    EvalRun.objects.update(suite="seances")

    assert client.get("/api/evals/runs/").json()["results"][0]["suite"] == "seances"
    assert client.get(f"/api/evals/runs/{run.pk}/").status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", sorted(SUITES.keys() - {"fixes"}))
def test_every_suite_that_needs_no_sandbox_can_be_read_after_a_run(name: str) -> None:
    suite = SUITES[name](Selection())
    run = run_execute(Order(suite, suite.offline[0], limit=2), tell=lambda _progress: None)
    client = APIClient()
    client.force_login(viewer())

    row = client.get(f"/api/evals/runs/{run.pk}/").json()
    cases = client.get(f"/api/evals/runs/{run.pk}/cases/").json()["results"]

    assert {figure["name"] for figure in row["figures"]} == set(run.metrics)
    assert len(cases) == 2
    case = client.get(f"/api/evals/cases/{name}/{cases[0]['case_id']}/").json()
    assert case["document"]


def test_the_cases_of_a_run_come_in_order_page_by_page_and_by_outcome(client: APIClient) -> None:
    run = triage_run({"one": "real", "two": "noise", "three": "abstained"})
    triage_run({"other": "real"})

    first = client.get(f"/api/evals/runs/{run.pk}/cases/?page_size=2").json()
    second = client.get(first["next"]).json()
    wrong = client.get(f"/api/evals/runs/{run.pk}/cases/?is_right=false").json()["results"]
    left = client.get(f"/api/evals/runs/{run.pk}/cases/?outcome=abstained").json()["results"]

    assert [row["case_id"] for row in first["results"] + second["results"]] == ["one", "two", "three"]
    assert [row["case_id"] for row in wrong] == ["two"]
    assert [row["case_id"] for row in left] == ["three"]


def test_two_runs_are_compared_case_by_case(client: APIClient) -> None:
    first = triage_run({"both": "real", "mine": "real", "yours": "noise", "alone": "real"})
    second = triage_run({"both": "real", "mine": "duplicate", "yours": "real", "other": "real"})

    found = client.get(f"/api/evals/compare/?a={first.pk}&b={second.pk}").json()

    assert found["compared"] == {
        "both": 1,
        "only_first": 1,
        "only_second": 1,
        "neither": 0,
        "total": 3,
        "p_value": 1.0,
        "is_same_material": True,
    }
    assert [(row["case_id"], row["is_first_right"]) for row in found["differences"]] == [
        ("mine", True),
        ("yours", False),
    ]
    assert found["differences"][0]["second_answer"]["classification"] == "duplicate"
    assert (found["first"]["id"], found["second"]["id"], found["differences_count"]) == (first.pk, second.pk, 2)


def test_runs_that_have_no_case_in_common_are_not_compared(client: APIClient) -> None:
    first, second = triage_run({"one": "real"}), triage_run({"two": "real"})

    answer = client.get(f"/api/evals/compare/?a={first.pk}&b={second.pk}")

    assert answer.status_code == 400
    assert "no answered case in common" in answer.json()["b"][0]


@pytest.mark.parametrize("query", ["", "a=1", "a=x&b=1", "a=1&b=2"])
def test_a_pair_that_is_not_there_is_refused_by_name(client: APIClient, query: str) -> None:
    answer = client.get(f"/api/evals/compare/?{query}")

    assert answer.status_code == 400
    assert set(answer.json()) <= {"a", "b"}


def test_what_a_case_asks_is_read_from_this_release(client: APIClient) -> None:
    case_id = next(iter(SUITES["triage"](Selection()).case_ids))

    document = client.get(f"/api/evals/cases/triage/{case_id}/").json()["document"]

    assert document["notification"]
    assert document["expected"]["classification"] in ("real", "noise", "duplicate")
    assert client.get("/api/evals/cases/triage/nothing/").status_code == 404
    assert client.get("/api/evals/cases/nothing/nothing/").status_code == 404


def test_a_fix_case_has_its_files_and_its_hidden_tests(client: APIClient) -> None:
    document = client.get("/api/evals/cases/fixes/node-page-size/").json()["document"]

    assert document["files"]
    assert document["hidden"]


def test_secrets_in_answers_do_not_leave(client: APIClient) -> None:
    run = triage_run({"one": "real"})
    EvalResult.objects.update(
        answer={"reasoning": SECRET, "classification": "noise"}, error=SECRET, is_right=False
    )
    other = triage_run({"one": "real"})
    EvalRun.objects.filter(pk=run.pk).update(state_reason=SECRET)

    pages = [f"runs/{run.pk}/cases/", "runs/", f"compare/?a={run.pk}&b={other.pk}"]

    for page in pages:
        assert SECRET not in client.get(f"/api/evals/{page}").content.decode()
        assert "redacted" in client.get(f"/api/evals/{page}").content.decode()


def test_a_hundred_runs_and_cases_cost_as_many_queries_as_two(client: APIClient) -> None:
    first, second = triage_run({"one": "real", "two": "noise"}), triage_run({"one": "real", "two": "real"})
    paths = ["runs/", f"runs/{first.pk}/", f"runs/{first.pk}/cases/", f"compare/?a={first.pk}&b={second.pk}"]

    def queries() -> list[int]:
        counts = []
        for path in paths:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(f"/api/evals/{path}").status_code == 200
            counts.append(len(captured))
        return counts

    before = queries()
    EvalRun.objects.bulk_create(EvalRun(suite="triage", model="rules", settings={}) for _ in range(100))
    for run in (first, second):
        template = run.results.get(case_id="one")
        EvalResult.objects.bulk_create(
            EvalResult(
                run=run,
                case_id=f"more-{number}",
                outcome=Outcome.ANSWERED,
                is_right=True,
                expected=template.expected,
                answer=template.answer,
                seconds=1,
            )
            for number in range(100)
        )

    assert queries() == before


@pytest.mark.parametrize("path", ["runs/", "runs/1/", "runs/1/cases/", "compare/", "cases/triage/x/"])
def test_who_may_not_view_evaluations_is_told_so(path: str) -> None:
    client = APIClient()
    client.force_login(User.objects.create_user("eve"))

    assert client.get(f"/api/evals/{path}").status_code == 403
    assert APIClient().get(f"/api/evals/{path}").status_code == 401


def test_nothing_is_written_over_the_api(client: APIClient) -> None:
    run = triage_run({"one": "real"})

    assert client.post("/api/evals/runs/", {}).status_code == 405
    assert client.delete(f"/api/evals/runs/{run.pk}/").status_code == 405
