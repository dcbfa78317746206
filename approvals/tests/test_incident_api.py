"""What the console offers for an incident, over the API: only what is legal, with the scope, recorded."""

from typing import Any

import pytest
from django.test import Client

from approvals.choices import Scope
from approvals.tests.stories import person, token
from incidents.choices import Classification, PullRequestState, Stage, StageStatus, Status
from incidents.models import GoldenCase, Incident, PullRequest
from incidents.tests.factories import EventFactory, FixFactory, IncidentFactory, PullRequestFactory
from pipeline.sweeper import sweep
from pipeline.tests.stories import stage_ended

pytestmark = pytest.mark.django_db

BOTH = (Scope.READ, Scope.ACT)


def an_incident(status: Status) -> Incident:
    incident: Incident = IncidentFactory.create(status=status, classification=Classification.REAL, severity="P2")
    EventFactory.create(incident=incident, service=incident.service, disposition="opened")
    return incident


def offered(secret: str, incident: Incident) -> list[str]:
    answer = Client().get(f"/api/incidents/{incident.pk}/acts/", headers={"Authorization": f"Bearer {secret}"})
    return [each["name"] for each in answer.json()]


def do(secret: str, incident: Incident, act: str, **sent: str) -> Any:
    return Client().post(
        f"/api/incidents/{incident.pk}/acts/",
        {"act": act, **sent},
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )


def test_an_incident_is_paused_retried_and_closed_by_a_person_through_their_bot() -> None:
    incident = an_incident(Status.DIAGNOSING)
    stage_ended(incident, Stage.LOGS, StageStatus.FAILED)
    person("ria", "responder")
    secret = token("ria", *BOTH)

    paused = do(secret, incident, "pause", reason="a deploy goes on")
    assert (paused.json()["effect"], paused.json()["status"]) == ("paused", Status.NEEDS_HUMAN)
    assert {"resume", "retry", "close"} <= set(offered(secret, incident))
    assert do(secret, incident, "retry", value="logs").json()["status"] == Status.OPEN
    assert do(secret, incident, "send", value="bo", reason="knows it").json()["effect"] == "sent to bo"
    assert do(secret, incident, "close").json()["status"] == Status.CLOSED

    moves = incident.transitions.values_list("actor", "reason")
    assert {actor for actor, _ in moves} == {"user:ria"}
    assert [reason for _, reason in moves] == [
        "paused: a deploy goes on",
        "logs is tried again",
        "sent to bo: knows it",
        "closed in the console",
    ]


def test_what_is_not_legal_is_neither_offered_nor_done() -> None:
    incident = an_incident(Status.RESOLVED)
    person("ria", "responder")
    secret = token("ria", *BOTH)

    answer = do(secret, incident, "pause")

    assert "pause" not in offered(secret, incident)
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "'pause' is not possible while the incident is resolved.",
    )


def test_a_label_given_through_a_bot_is_a_case_of_its_person() -> None:
    incident = an_incident(Status.DIAGNOSING)
    ria = person("ria", "responder")

    answer = do(token("ria", *BOTH), incident, "label_noise", reason="a load test")

    assert answer.json()["status"] == Status.NOISE
    case = GoldenCase.objects.get()
    assert (case.labelled_by, case.provenance, case.why) == (ria, "api", "a load test")


@pytest.mark.parametrize(("act", "value"), [("label_real", ""), ("label_duplicate", "of"), ("severity", "P0")])
def test_every_kind_of_label_says_that_it_came_over_the_api(act: str, value: str) -> None:
    incident = an_incident(Status.NOISE)
    Incident.objects.filter(pk=incident.pk).update(classification=Classification.NOISE)
    live = IncidentFactory.create(service=incident.service)
    person("ria", "responder")

    answer = do(token("ria", *BOTH), incident, act, value=str(live.pk) if value == "of" else value)

    assert answer.status_code == 200, answer.content
    assert GoldenCase.objects.get().provenance == "api"


@pytest.mark.parametrize(
    ("group", "scopes", "reads", "acts"),
    [
        ("responder", (Scope.READ, Scope.DECIDE), 200, 403),
        ("responder", (Scope.ACT,), 403, 200),
        ("viewer", (Scope.READ, Scope.ACT), 200, 403),
    ],
)
def test_it_takes_the_scope_and_the_persons_own_permission(
    group: str, scopes: tuple[Scope, ...], reads: int, acts: int
) -> None:
    incident = an_incident(Status.DIAGNOSING)
    person("ria", group)
    secret = token("ria", *scopes)
    url, headers = f"/api/incidents/{incident.pk}/acts/", {"Authorization": f"Bearer {secret}"}

    assert Client().get(url, headers=headers).status_code == reads
    assert do(secret, incident, "pause").status_code == acts


def test_who_may_only_view_is_offered_nothing() -> None:
    incident = an_incident(Status.DIAGNOSING)
    client = Client()
    client.force_login(person("vi", "viewer"))

    assert client.get(f"/api/incidents/{incident.pk}/acts/").json() == []
    assert Client().get(f"/api/incidents/{incident.pk}/acts/").status_code == 401


def test_a_merge_of_the_platforms_is_left_to_people() -> None:
    fix = FixFactory.create(incident__status=Status.PR_OPEN, incident__classification=Classification.REAL)
    PullRequestFactory.create(incident=fix.incident, fix=fix, is_merged_by_platform=True)
    person("ria", "responder")
    secret = token("ria", *BOTH)
    assert "hold_merge" in offered(secret, fix.incident)

    answer = do(secret, fix.incident, "hold_merge", reason="after the sale")

    row = PullRequest.objects.get()
    assert answer.json() == {"effect": "the merge is left to people", "status": "pr_open"}
    assert (row.is_merged_by_platform, row.merge_held_by, row.state) == (False, "user:ria", PullRequestState.OPEN)
    assert Incident.objects.get().status_reason == "user:ria left the merge to people: after the sale"
    assert "hold_merge" not in offered(secret, fix.incident)
    assert sweep() == []
