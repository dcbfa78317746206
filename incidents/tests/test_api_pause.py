"""The pause switch over the API: for those who may press it, kept with who did."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from rest_framework.test import APIClient

from incidents.admission import pause_start
from incidents.models import Pause
from incidents.selectors import pause_in_force
from incidents.tests.viewers import viewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def responder() -> APIClient:
    user = viewer("grace")
    user.groups.add(Group.objects.get(name="responder"))
    client = APIClient()
    client.force_login(user)
    return client


def test_a_responder_pauses_and_lets_go_on_and_both_are_kept_with_the_name(responder: APIClient) -> None:
    started = responder.post("/api/pause/", {"reason": "deploy freeze"}, format="json")
    ended = responder.delete("/api/pause/")

    row = Pause.objects.get()
    assert (started.status_code, ended.status_code) == (200, 204)
    assert started.json()["reason"] == "deploy freeze"
    assert (row.started_by, row.ended_by) == ("user:grace", "user:grace")
    assert pause_in_force() is None


def test_a_second_pause_is_the_first_one(responder: APIClient) -> None:
    pause_start(reason="deploy freeze", actor="user:ada")

    answer = responder.post("/api/pause/", {"reason": "lunch"}, format="json")

    assert answer.json()["reason"] == "deploy freeze"
    assert Pause.objects.count() == 1


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, None])
def test_a_pause_without_a_reason_that_can_be_kept_is_refused_at_its_field(
    responder: APIClient, reason: str | None
) -> None:
    answer = responder.post("/api/pause/", {"reason": reason}, format="json")

    assert answer.status_code == 400
    assert list(answer.json()) == ["reason"]
    assert not Pause.objects.exists()


@pytest.mark.parametrize("method", ["post", "delete"])
def test_a_viewer_presses_no_switch(method: str) -> None:
    pause_start(reason="deploy freeze", actor="user:ada")
    client = APIClient()
    client.force_login(viewer("bob"))

    assert getattr(client, method)("/api/pause/", {"reason": "x"}, format="json").status_code == 403
    assert pause_in_force() is not None


def test_a_page_of_another_site_presses_no_switch() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("ada"))

    assert client.post("/api/pause/", {"reason": "x"}, content_type="application/json").status_code == 403
    assert pause_in_force() is None
