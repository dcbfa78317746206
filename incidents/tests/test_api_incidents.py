"""The lists and the one incident that the dashboard shows."""

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from redis.exceptions import RedisError
from rest_framework.test import APIClient

from core.errors import Unavailable
from core.resilience.breaker import guarded
from incidents.admission import incident_admit, pause_start
from incidents.canary import CANARY
from incidents.choices import Risk, Severity, Stage, StageStatus, Status
from incidents.error_fingerprint import ErrorParts
from incidents.intake import drain
from incidents.merging import error_record
from incidents.models import AgentStep, Incident, StageRun, Transition
from incidents.tests.factories import EventFactory, FixFactory, IncidentFactory, PullRequestFactory, ServiceFactory
from incidents.tests.viewers import viewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> APIClient:
    client = APIClient()
    # A session as the dashboard has one: each request reads the person and the permissions anew.
    client.force_login(viewer())
    return client


def ids(client: APIClient, query: str) -> list[int]:
    return [row["id"] for row in client.get(f"/api/incidents/?{query}").json()["results"]]


def run_of(incident: Incident, stage: Stage = Stage.TRIAGE, **fields: Any) -> StageRun:
    return StageRun.objects.create(incident=incident, stage=stage, started_at=incident.first_seen_at, **fields)


def full_incident() -> Incident:
    """An incident with two rows of everything that hangs from one."""
    incident: Incident = IncidentFactory.create(status=Status.AWAITING_APPROVAL)
    for attempt in (1, 2):
        fix = FixFactory.create(incident=incident, attempt=attempt)
        run = run_of(incident, Stage.FIX, attempt=attempt)
        AgentStep.objects.create(stage_run=run, number=0, role="user", content=[])
        Transition.objects.create(
            incident=incident, target=Status.OPEN, actor="system:drain", at=incident.first_seen_at
        )
        approval = apps.get_model("approvals", "Approval").objects.create(
            incident=incident,
            fix=fix,
            diff_sha256=fix.diff_sha256,
            risk=Risk.HIGH,
            reasons=[{"risk": "HIGH", "reason": "the incident is P1"}],
            state="rejected" if attempt == 1 else "pending",
            expires_at=incident.first_seen_at + timedelta(hours=24),
        )
        approval.decisions.create(
            user=User.objects.create_user(f"grace-{fix.pk}"), decision="reject", comment="no"
        )
        incident.alarm_proposals.create(name=f"alarm-{attempt}", definition={})
        IncidentFactory.create(duplicate_of=incident, service=incident.service)
        EventFactory.create(incident=incident, service=incident.service)
    PullRequestFactory.create(incident=incident, fix=fix)
    return incident


def test_the_newest_incident_comes_first_and_pages_follow_a_cursor(client: APIClient) -> None:
    rows = [IncidentFactory.create() for _ in range(3)]

    first = client.get("/api/incidents/?page_size=2").json()
    second = client.get(first["next"]).json()

    assert [row["id"] for row in first["results"]] == [rows[2].pk, rows[1].pk]
    assert [row["id"] for row in second["results"]] == [rows[0].pk]
    assert second["next"] is None


def test_a_row_says_what_runs_now_and_what_it_has_cost(client: APIClient) -> None:
    incident = IncidentFactory.create()
    run_of(incident, status=StageStatus.SUCCEEDED, cost_usd=Decimal("0.25"))
    run_of(incident, Stage.PREPARE, status=StageStatus.RUNNING, cost_usd=Decimal("0.5"))

    [row] = client.get("/api/incidents/").json()["results"]

    assert row["running_stage"] == "prepare"
    assert [stage["stage"] for stage in row["unfinished_stages"]] == ["prepare"]
    assert Decimal(row["cost_usd"]) == Decimal("0.75")
    assert row["service"] == incident.service.name
    assert row["pull_request"] is None


def test_a_row_of_an_incident_that_waits_for_somebody_names_no_running_stage(client: APIClient) -> None:
    run_of(IncidentFactory.create(), status=StageStatus.SUCCEEDED)

    [row] = client.get("/api/incidents/").json()["results"]

    assert row["running_stage"] == ""


def test_filters_narrow_the_list_down(client: APIClient) -> None:
    orders = ServiceFactory.create(name="orders")
    fixing = IncidentFactory.create(
        service=orders, status=Status.FIXING, severity=Severity.P1, title="Checkout fails"
    )
    reviewing = IncidentFactory.create(service=orders, status=Status.REVIEWING, severity=Severity.P2)
    resolved = IncidentFactory.create(status=Status.RESOLVED, severity=Severity.P2)

    assert ids(client, "status=fixing&status=reviewing") == [reviewing.pk, fixing.pk]
    assert ids(client, "severity=P2&service=orders") == [reviewing.pk]
    assert ids(client, "is_open=true") == [reviewing.pk, fixing.pk]
    assert ids(client, "is_open=false") == ids(client, "open=false") == [resolved.pk]
    assert ids(client, "search=checkout") == [fixing.pk]
    assert client.get("/api/incidents/?status=broken").status_code == 400


@pytest.mark.parametrize("make", [IncidentFactory.create, full_incident])
def test_fifty_incidents_cost_as_many_queries_as_five(client: APIClient, make: Callable[[], Incident]) -> None:
    for _ in range(5):
        make()
    with CaptureQueriesContext(connection) as few:
        client.get("/api/incidents/")

    for _ in range(45):
        make()
    with CaptureQueriesContext(connection) as many:
        page = client.get("/api/incidents/").json()

    assert len(page["results"]) == 50
    assert len(many) == len(few) <= 7


def test_one_incident_has_everything_that_its_page_shows(client: APIClient) -> None:
    incident = full_incident()

    page = client.get(f"/api/incidents/{incident.pk}/").json()

    assert page["service"]["name"] == incident.service.name
    for part in ("stage_runs", "transitions", "fixes", "approvals", "alarm_proposals", "duplicates", "events"):
        assert len(page[part]) == 2, part
    assert page["approvals"][1]["path"].startswith("/admin/approvals/approval/")
    assert page["approvals"][0]["decisions"][0]["comment"] == "no"
    assert page["stage_runs"][0]["step_count"] == 1
    assert page["pull_request"]["state"] == "open"
    assert "raw" not in page["events"][0]


def test_the_queries_for_one_incident_do_not_grow_with_its_rows(client: APIClient) -> None:
    incident = full_incident()
    with CaptureQueriesContext(connection) as few:
        client.get(f"/api/incidents/{incident.pk}/")
    for attempt in range(3, 20):
        FixFactory.create(incident=incident, attempt=attempt)
        run_of(incident, Stage.FIX, attempt=attempt)
        EventFactory.create(incident=incident, service=ServiceFactory.create())

    with CaptureQueriesContext(connection) as many:
        client.get(f"/api/incidents/{incident.pk}/")

    assert len(many) == len(few)


def test_one_incident_splits_its_time_between_agents_and_people_once_it_has_a_pull_request(
    client: APIClient,
) -> None:
    incident = IncidentFactory.create()
    start = incident.first_seen_at
    for target, seconds in [(Status.OPEN, 0), (Status.NEEDS_HUMAN, 4), (Status.OPENING_PR, 9)]:
        Transition.objects.create(
            incident=incident, target=target, actor="system:test", at=start + timedelta(seconds=seconds)
        )
    path = f"/api/incidents/{incident.pk}/"
    before = client.get(path).json()["time_to_pull_request"]
    Transition.objects.create(
        incident=incident, target=Status.PR_OPEN, actor="system:test", at=start + timedelta(seconds=10)
    )

    assert before is None
    assert client.get(path).json()["time_to_pull_request"] == {
        "total_seconds": 10.0,
        "agents_seconds": 5.0,
        "people_seconds": 5.0,
    }


def test_a_stage_says_how_long_it_waited_and_ran(client: APIClient) -> None:
    incident = IncidentFactory.create()
    start = incident.first_seen_at
    run_of(incident, queued_at=start - timedelta(seconds=2), finished_at=start + timedelta(seconds=3.5))
    run_of(incident, Stage.PREPARE)

    finished, running = client.get(f"/api/incidents/{incident.pk}/").json()["stage_runs"]

    assert (finished["queue_seconds"], finished["duration_seconds"]) == (2.0, 3.5)
    assert (running["queue_seconds"], running["duration_seconds"]) == (None, None)


def handed_in(id_: str, output: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": id_, "name": "submit_diagnosis", "input": output}


def test_every_output_that_was_refused_can_be_read_with_what_was_wrong_with_it(client: APIClient) -> None:
    incident = IncidentFactory.create(status=Status.NEEDS_HUMAN)
    conversation = [
        ("user", [{"type": "text", "text": "Diagnose."}]),
        ("assistant", [handed_in("a", {"title": "first", "function": "madeUp"})]),
        ("user", [{"type": "tool_result", "tool_use_id": "a", "content": "no madeUp", "is_error": True}]),
        ("assistant", [{"type": "tool_use", "id": "b", "name": "read_file", "input": {"path": "src/a.js"}}]),
        ("user", [{"type": "tool_result", "tool_use_id": "b", "content": "source", "is_error": False}]),
        ("assistant", [handed_in("c", {"title": "second", "key": "AKIAQWERTYUIOPASDFGH"})]),
    ]
    for status in (StageStatus.FAILED, StageStatus.SUCCEEDED):
        run = run_of(incident, Stage.DIAGNOSIS, attempt=len(status), status=status, error="no reallyMadeUp")
        for number, (role, content) in enumerate(conversation):
            AgentStep.objects.create(stage_run=run, number=number, role=role, content=content)

    failed, succeeded = client.get(f"/api/incidents/{incident.pk}/").json()["stage_runs"]

    first, second = failed["refused_outputs"]
    assert first == {"step": 1, "output": {"title": "first", "function": "madeUp"}, "problems": "no madeUp"}
    assert (second["step"], second["problems"]) == (5, "no reallyMadeUp")
    assert second["output"]["title"] == "second"
    assert "AKIA" not in second["output"]["key"]
    assert succeeded["refused_outputs"] == []


def test_a_fix_says_what_its_change_can_reach(client: APIClient) -> None:
    fix = FixFactory.create()
    radius = {
        "changed": ["src/total.js:1 total"],
        "callers": [{"path": "src/a.js", "line": 3, "name": "list", "depth": 1, "is_certain": True}],
        "contracts": ["GET /orders"],
        "is_cut": False,
    }
    made = {"fix_id": fix.pk, "blast_radius": radius}
    run_of(fix.incident, Stage.FIX, status=StageStatus.SUCCEEDED, output=made)
    other = FixFactory.create(incident=fix.incident, attempt=2)

    first, second = client.get(f"/api/incidents/{fix.incident.pk}/").json()["fixes"]

    assert (first["id"], first["blast_radius"]) == (fix.pk, radius)
    assert (second["id"], second["blast_radius"]) == (other.pk, None)


def test_an_incident_that_does_not_exist_is_a_404_in_json(client: APIClient) -> None:
    answer = client.get("/api/incidents/999999/")

    assert answer.status_code == 404
    assert answer.json()["detail"]


def test_steps_are_those_of_the_asked_run_in_order(client: APIClient) -> None:
    incident = IncidentFactory.create()
    triage, diagnosis = run_of(incident), run_of(incident, Stage.DIAGNOSIS)
    for run in (diagnosis, triage):
        for number in (1, 0):
            AgentStep.objects.create(stage_run=run, number=number, role="user", content=[])
    path = f"/api/incidents/{incident.pk}/steps/"

    every = [(step["stage_run"], step["number"]) for step in client.get(path).json()]
    one = [step["stage_run"] for step in client.get(f"{path}?stage_run={triage.pk}").json()]

    assert every == [(triage.pk, 0), (triage.pk, 1), (diagnosis.pk, 0), (diagnosis.pk, 1)]
    assert one == [triage.pk, triage.pk]
    assert client.get(f"{path}?stage_run=x").json() == []


def test_the_summary_counts_and_splits_the_time_to_the_first_pull_request(client: APIClient) -> None:
    pull_request = PullRequestFactory.create(incident__status=Status.PR_OPEN)
    IncidentFactory.create(status=Status.OPEN, severity=Severity.P1)
    IncidentFactory.create(status=Status.NOISE, severity=Severity.P1)
    start = pull_request.opened_at
    moves = [(Status.OPEN, 0), (Status.AWAITING_APPROVAL, 10), (Status.OPENING_PR, 70), (Status.PR_OPEN, 72)]
    for target, seconds in moves:
        Transition.objects.create(
            incident=pull_request.incident,
            target=target,
            actor="system:test",
            at=start + timedelta(seconds=seconds),
        )

    summary = client.get("/api/summary/").json()

    assert summary["open_incidents"] == 2
    assert {row["status"]: row["count"] for row in summary["counts"]} == {"open": 1, "pr_open": 1, "noise": 1}
    assert summary["open_by_severity"] == [{"severity": "", "count": 1}, {"severity": "P1", "count": 1}]
    [timed] = summary["times_to_pull_request"]
    assert timed["time"] == {"total_seconds": 72.0, "agents_seconds": 12.0, "people_seconds": 60.0}


def test_the_summary_says_what_waits_and_what_is_paused(client: APIClient) -> None:
    service = ServiceFactory.create(name="orders", incidents_per_hour=1)
    first, second = IncidentFactory.create(service=service), IncidentFactory.create(service=service)
    for incident in (first, second):
        incident_admit(incident=incident, actor="system:test")
    IncidentFactory.create(service=service)  # a moment ago; whether it has to wait was not asked yet
    assert client.get("/api/summary/").json()["pause"] is None
    pause_start(reason="deploy freeze", actor="user:ada")

    summary = client.get("/api/summary/").json()

    assert summary["waiting"] == [{"service": "orders", "count": 1, "incidents_per_hour": 1}]
    assert summary["pause"]["reason"] == "deploy freeze"
    assert summary["pause"]["started_by"] == "user:ada"
    assert float(summary["budget_today_usd"]) > float(summary["spent_today_usd"]) == 0


def test_the_summary_says_which_outside_systems_are_left_alone(client: APIClient) -> None:
    for _ in range(settings.ENV.breaker_failures):
        with pytest.raises(Unavailable), guarded("github"):
            raise Unavailable("github", "503 with password=hunter22-one")

    states = {row["name"]: row for row in client.get("/api/summary/").json()["breakers"]}

    assert states["anthropic"]["state"] == "closed"
    assert states["github"]["state"] == "open"
    assert states["github"]["retry_at"]
    assert "hunter22" not in states["github"]["reason"]


def test_the_summary_is_given_without_redis_too(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise RedisError("connection refused")

    monkeypatch.setattr("incidents.api.views.breaker_states", away)

    assert client.get("/api/summary/").json()["breakers"] == []


def test_an_incident_says_what_went_into_its_fingerprints(client: APIClient) -> None:
    EventFactory.create(alarm_name="orders-errors")
    ServiceFactory.create(name="orders", alarm_patterns=["orders-*"])
    drain()
    incident = Incident.objects.get()
    error = ErrorParts("TypeError", "x is undefined", ("src/a.js f",))
    error_record(incident=incident, error=error, actor="system:test")

    shown = client.get(f"/api/incidents/{incident.pk}/").json()

    assert shown["fingerprint_parts"] == {
        "recipe": "alarm/1",
        "account": "123456789012",
        "region": "us-east-1",
        "alarm": "orders-errors",
        "service": "orders",
    }
    assert shown["error_fingerprint_parts"] == {"recipe": "error/1", **error.named}
    assert shown["error_fingerprint"] == error.value
    [event] = shown["events"]
    assert event["disposition_reason"] == (
        "orders claims it by the pattern 'orders-*'; no open incident has its account, region and alarm"
    )


def test_the_list_can_be_ordered_and_pages_follow_the_order(client: APIClient) -> None:
    rows = [IncidentFactory.create(occurrences=number) for number in (2, 3, 1)]

    first = client.get("/api/incidents/?ordering=occurrences&page_size=2").json()
    second = client.get(first["next"]).json()

    assert [row["id"] for row in first["results"] + second["results"]] == [rows[2].pk, rows[0].pk, rows[1].pk]


def test_services_count_their_open_incidents(client: APIClient) -> None:
    service = ServiceFactory.create()
    IncidentFactory.create(service=service)
    IncidentFactory.create(service=service, status=Status.RESOLVED)

    [row] = client.get("/api/services/").json()

    assert (row["name"], row["open_incidents"]) == (service.name, 1)


def test_the_canarys_incidents_are_shown_to_whoever_asks_for_them_only(client: APIClient) -> None:
    usual = IncidentFactory.create()
    canarys = IncidentFactory.create(service__name=CANARY)

    assert ids(client, "") == [usual.pk]
    assert ids(client, "service=canary") == [canarys.pk]
    assert client.get(f"/api/incidents/{canarys.pk}/").status_code == 200
    assert client.get("/api/summary/").json()["open_incidents"] == 1


@pytest.mark.parametrize("position", ["abc", "\0", "9" * 25])
@pytest.mark.parametrize("ordering", ["", "first_seen_at", "severity"])
def test_a_cursor_that_nobody_was_given_is_no_error_of_the_server(
    client: APIClient, ordering: str, position: str
) -> None:
    IncidentFactory.create()
    cursor = b64encode(urlencode({"p": position}).encode()).decode()

    answer = client.get("/api/incidents/", {"cursor": cursor, "ordering": ordering})

    assert answer.status_code in (200, 404)


def test_steps_of_a_run_whose_number_has_thousands_of_digits_are_none(client: APIClient) -> None:
    incident = IncidentFactory.create()

    answer = client.get(f"/api/incidents/{incident.pk}/steps/", {"stage_run": "9" * 5000})

    assert (answer.status_code, answer.json()) == (200, [])
