"""Who may read, and what nobody gets to see."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from incidents.choices import Stage
from incidents.models import AgentStep, StageRun, Transition
from incidents.tests.factories import EventFactory, FixFactory, IncidentFactory
from incidents.tests.viewers import viewer

pytestmark = pytest.mark.django_db

PATHS = [
    "/api/incidents/",
    "/api/incidents/1/",
    "/api/incidents/1/steps/",
    "/api/events/",
    "/api/events/1/",
    "/api/services/",
    "/api/services/1/",
    "/api/me/",
    "/api/summary/",
    "/api/overview/",
    "/api/work/",
    "/api/schema/",
]
SECRET = "AKIAIOSFODNN7EXAMPLE"  # AWS's own example of an access key id


@pytest.mark.parametrize("path", PATHS)
def test_nobody_reads_without_signing_in(path: str) -> None:
    answer = APIClient().get(path)

    assert answer.status_code == 401
    assert b"not provided" in answer.content or path == "/api/docs/"  # a page for people, not JSON


@pytest.mark.parametrize("path", [*PATHS[:7], *PATHS[8:11]])
def test_a_person_without_the_view_permission_is_told_so(path: str) -> None:
    client = APIClient()
    client.force_authenticate(User.objects.create_user("eve"))

    answer = client.get(path)

    assert answer.status_code == 403
    assert "permission" in answer.json()["detail"]


def test_the_viewer_group_may_read_every_list() -> None:
    client = APIClient()
    client.force_authenticate(viewer())

    for path in ("incidents", "events", "services", "summary", "overview", "work"):
        assert client.get(f"/api/{path}/").status_code == 200


def test_the_pages_of_the_documentation_are_not_public_either() -> None:
    assert APIClient().get("/api/docs/").status_code == 401


def test_a_token_signs_in_a_program() -> None:
    token = Token.objects.create(user=User.objects.create_user("robot"))

    answer = APIClient().get("/api/me/", HTTP_AUTHORIZATION=f"Token {token.key}")

    assert answer.json()["username"] == "robot"


def test_me_says_what_the_user_may_do_and_sets_the_csrf_cookie() -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))

    answer = client.get("/api/me/")

    assert (answer.json()["may_decide"], answer.json()["may_act"]) == (True, True)
    assert answer.cookies["csrftoken"].value


def test_a_viewer_may_neither_decide_nor_act() -> None:
    client = APIClient()
    client.force_authenticate(viewer())

    me = client.get("/api/me/").json()

    assert (me["may_decide"], me["may_act"]) == (False, False)


def test_the_api_changes_nothing() -> None:
    client = APIClient()
    client.force_authenticate(User.objects.create_superuser("ada"))
    incident = IncidentFactory.create()

    assert client.post("/api/incidents/", {}).status_code == 405
    assert client.delete(f"/api/incidents/{incident.pk}/").status_code == 405
    assert client.patch(f"/api/incidents/{incident.pk}/", {"status": "closed"}).status_code == 405


def test_secrets_do_not_leave_through_any_endpoint() -> None:
    incident = IncidentFactory.create(title=f"alarm {SECRET}", status_reason=f"failed with {SECRET}")
    Transition.objects.create(
        incident=incident, target="open", actor="system:drain", reason=SECRET, at=incident.first_seen_at
    )
    EventFactory.create(
        incident=incident, raw=f'{{"Token": "{SECRET}"}}', alarm={"NewStateReason": [{SECRET: SECRET}]}
    )
    FixFactory.create(incident=incident, diff=f"+const key = '{SECRET}';\n", rationale=SECRET, warnings=[SECRET])
    run = StageRun.objects.create(
        incident=incident,
        stage=Stage.LOGS,
        started_at=incident.first_seen_at,
        output={"events": [{"message": f"key {SECRET}"}]},
        error=SECRET,
    )
    AgentStep.objects.create(
        stage_run=run, number=0, role="user", content=[{"type": "text", "text": f"logs: {SECRET}"}]
    )
    client = APIClient()
    client.force_authenticate(viewer())

    paths = ["", f"{incident.pk}/", f"{incident.pk}/steps/"]
    pages = [client.get(f"/api/incidents/{path}") for path in paths] + [client.get("/api/events/")]

    for page in pages:
        assert page.status_code == 200
        assert "[redacted:aws-access-key]" in page.content.decode()
        assert SECRET not in page.content.decode()
