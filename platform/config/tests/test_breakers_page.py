"""The console's page of circuit breakers."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from redis.exceptions import RedisError

from config import breakers_page
from core.errors import Unavailable
from core.resilience.breaker import breaker_states, guarded
from incidents.tests.viewers import signed_in

pytestmark = pytest.mark.django_db

PAGE, RESET = "/admin/breakers/", "/admin/breakers/reset/"


def github_fails() -> None:
    with pytest.raises(Unavailable), guarded("github"):
        raise Unavailable("github", "rate limit used up with AKIAQWERTYUIOPASDFGH", retry_after_seconds=600)


def states() -> dict[str, str]:
    return {found.name: found.state for found in breaker_states()}


def test_a_responder_sees_an_open_breaker_and_closes_it_and_the_page_keeps_who_did() -> None:
    github_fails()
    client = signed_in("responder")

    before = client.get(PAGE).content.decode()
    client.post(RESET, {"name": "github", "reason": "the limit was raised"})
    after = client.get(PAGE).content.decode()

    assert "rate limit used up" in before
    assert "AKIA" not in before
    assert 'aria-label="Close github"' in before
    assert 'aria-label="Close anthropic"' not in before
    assert states() == {"anthropic": "closed", "github": "closed", "cloudwatch": "closed"}
    recorded = LogEntry.objects.get()
    assert recorded.user.get_username() == "ada"
    assert (recorded.object_id, recorded.change_message) == ("github", "closed by hand: the limit was raised")
    assert "closed by hand: the limit was raised" in after


def test_a_viewer_sees_the_breakers_and_closes_none() -> None:
    github_fails()
    client = signed_in("viewer")

    assert "rate limit used up" in (page := client.get(PAGE).content.decode())
    assert '<form method="post" action="/admin/breakers/reset/"' not in page
    assert client.post(RESET, {"name": "github"}).status_code == 403
    assert states()["github"] == "open"
    assert not LogEntry.objects.exists()


def test_nobody_else_sees_the_page() -> None:
    assert Client().get(PAGE).status_code == 302
    assert Client().post(RESET, {"name": "github"}).status_code == 302


def test_a_name_that_no_breaker_has_is_told_and_not_recorded() -> None:
    answer = signed_in("responder").post(RESET, {"name": "githib"}, follow=True)

    assert "there is no breaker" in answer.content.decode()
    assert not LogEntry.objects.exists()


def test_the_page_is_there_without_redis_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise RedisError("connection refused")

    monkeypatch.setattr(breakers_page, "breaker_states", away)

    answer = signed_in("viewer").get(PAGE)

    assert answer.status_code == 200
    assert "Redis does not answer" in answer.content.decode()
