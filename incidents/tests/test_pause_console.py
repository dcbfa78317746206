"""The pause switch in the admin console."""

import pytest

from incidents.models import Pause
from incidents.selectors import pause_in_force
from incidents.tests.viewers import signed_in

pytestmark = pytest.mark.django_db

ADD, LIST = "/admin/incidents/pause/add/", "/admin/incidents/pause/"


def test_a_responder_pauses_with_a_reason_and_ends_it() -> None:
    client = signed_in("responder")

    assert client.post(ADD, {"reason": "deploy freeze"}).status_code == 302

    pause = pause_in_force()
    assert pause is not None
    assert (pause.reason, pause.started_by) == ("deploy freeze", "user:ada")

    client.post(LIST, {"action": "end", "_selected_action": [pause.pk]})

    pause.refresh_from_db()
    assert (pause_in_force(), pause.ended_by) == (None, "user:ada")


def test_a_reason_is_needed() -> None:
    answer = signed_in("responder").post(ADD, {"reason": ""})

    assert answer.status_code == 200
    assert b"required" in answer.content
    assert not Pause.objects.exists()


def test_a_viewer_cannot_pause() -> None:
    assert signed_in("viewer").post(ADD, {"reason": "mine"}).status_code == 403
    assert not Pause.objects.exists()
