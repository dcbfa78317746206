"""The pages around the API: sign-in and the dashboard's document."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("ada"))
    return client


@pytest.fixture
def built(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "index.html").write_text("<title>the dashboard</title>")
    settings.DASHBOARD_DIR = tmp_path


@pytest.mark.parametrize("path", ["/", "/incidents/7", "/no/such/page"])
def test_every_address_of_the_dashboard_asks_to_sign_in_first(path: str) -> None:
    answer = Client().get(path)

    assert answer.status_code == 302
    assert answer["Location"] == f"/login/?next={path}"


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["/", "/incidents/7", "/no/such/page"])
def test_every_address_of_the_dashboard_is_one_document(signed_in: Client, path: str, settings: Settings) -> None:
    answer = signed_in.get(path)

    assert b"the dashboard" in answer.content
    assert answer["Cache-Control"] == "no-cache"
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert answer.cookies["csrftoken"].value
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert f"{settings.ENV.feed_port}" in answer["Content-Security-Policy"]


def test_each_answer_has_a_nonce_of_its_own_and_names_it_in_the_document(
    signed_in: Client, tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "index.html").write_text('<style nonce="NONCE_OF_THIS_ANSWER"></style>')
    settings.DASHBOARD_DIR = tmp_path

    answers = [signed_in.get("/") for _ in range(2)]

    nonces = [answer.content.decode().split('"')[1] for answer in answers]
    assert nonces[0] != nonces[1]
    for answer, nonce in zip(answers, nonces, strict=True):
        assert answer["Content-Security-Policy"].count(f"'nonce-{nonce}'") == 2


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "path", ["/api/nothing/", "/static/nothing.js", "/webhooks/nothing/", "/pulls/nothing/", "/ws/"]
)
def test_an_unknown_address_of_another_route_is_a_404(signed_in: Client, path: str) -> None:
    assert signed_in.get(path).status_code == 404


def test_a_dashboard_that_is_not_built_says_how_to_build_it(
    signed_in: Client, tmp_path: Path, settings: Settings
) -> None:
    settings.DASHBOARD_DIR = tmp_path / "missing"

    answer = signed_in.get("/")

    assert answer.status_code == 503
    assert b"make frontend" in answer.content


def test_signing_in_leads_to_where_one_was_going() -> None:
    User.objects.create_user("ada", password="correct horse battery")
    client = Client()

    answer = client.post(
        "/login/?next=/incidents/7",
        {"username": "ada", "password": "correct horse battery", "next": "/incidents/7"},
    )

    assert answer["Location"] == "/incidents/7"


def test_a_wrong_password_is_answered_with_a_sentence() -> None:
    answer = Client().post("/login/", {"username": "ada", "password": "wrong"})

    assert b"do not match an active account" in answer.content


def test_signing_out_ends_the_session(signed_in: Client) -> None:
    assert signed_in.post("/logout/")["Location"] == "/login/"
    assert signed_in.get("/api/me/").status_code == 401
