"""Who gets in: throttled passwords, the people and groups of a provider, headers as a deployment wants."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisAway

from approvals.groups import groups_ensure
from config.sso import claimed_groups, groups_follow
from config.tests.deployment import run
from core.rate import rate_count
from incidents.tests.viewers import viewer

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", ["/login/", "/admin/login/"])
def test_wrong_passwords_lock_the_name_for_this_address_and_no_other(page: str) -> None:
    User.objects.create_user("ada", password="a long enough pass phrase", is_staff=True)

    def sign_in(password: str, address: str = "192.0.2.1", name: str = "ada") -> int:
        client = Client(REMOTE_ADDR=address)
        return client.post(page, {"username": name, "password": password}).status_code

    for _ in range(settings.ENV.login_failures):
        sign_in("wrong")

    assert sign_in("a long enough pass phrase") == 429
    assert sign_in("wrong", name="bob") == 200
    assert sign_in("a long enough pass phrase", address="192.0.2.2") == 302


def test_an_address_that_goes_through_a_list_of_names_is_held_up_and_no_other(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENV = settings.ENV.model_copy(update={"login_requests_per_minute": 3})
    monkeypatch.setattr("core.rate.time", lambda: 1_800_000_030.0)
    User.objects.create_user("ada", password="a long enough pass phrase")

    def sign_in(name: str, address: str = "192.0.2.1") -> HttpResponse:
        credentials = {"username": name, "password": "a long enough pass phrase"}
        return Client(REMOTE_ADDR=address).post("/login/", credentials)  # type: ignore[return-value]

    for number in range(3):
        assert sign_in(f"name-{number}").status_code == 200

    held_up = sign_in("ada")
    assert held_up.status_code == 429
    assert held_up["Retry-After"] == "30"
    assert sign_in("ada", address="192.0.2.2").status_code == 302


def test_a_right_password_clears_the_count() -> None:
    User.objects.create_user("ada", password="a long enough pass phrase")
    client = Client()

    for _ in range(settings.ENV.login_failures * 2):
        client.post("/login/", {"username": "ada", "password": "wrong"})
        right = client.post("/login/", {"username": "ada", "password": "a long enough pass phrase"})
        assert right.status_code == 302
        client.logout()


@pytest.mark.parametrize(
    "claims",
    [
        {"groups": ["approver", "people of another house"]},
        {"userinfo": {"groups": ["approver"]}},
        {"userinfo": {}, "id_token": {"groups": "approver"}},
    ],
)
def test_the_providers_claim_names_our_groups(claims: dict[str, object]) -> None:
    user = User.objects.create_user("ada")

    groups_follow(user, claimed_groups(claims))

    assert [group.name for group in user.groups.all()] == ["approver"]
    assert user.is_staff


def test_a_group_that_the_provider_took_away_is_gone_at_the_next_sign_in() -> None:
    groups_ensure()
    user = User.objects.create_user("ada", is_staff=True)
    user.groups.add(Group.objects.get(name="approver"))

    groups_follow(user, claimed_groups({"userinfo": {}}))

    assert (list(user.groups.all()), user.is_staff) == ([], False)


def test_no_claim_makes_or_unmakes_a_superuser() -> None:
    user = User.objects.create_user("ada")
    groups_follow(user, ["admin", "superuser"])
    assert not user.is_superuser

    root = User.objects.create_superuser("root")
    groups_follow(root, [])
    assert (root.is_superuser, root.is_staff) == (True, True)


def test_a_deployment_passes_djangos_deploy_checks_without_a_warning() -> None:
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout + done.stderr


def test_single_sign_on_is_there_only_where_it_is_set() -> None:
    code = (
        "import django; django.setup()\n"
        "from django.urls import resolve; print(resolve('/accounts/oidc/oidc/login/').func.__module__)"
    )

    off = run("-c", code)
    on = run("-c", code, OIDC_SERVER_URL="https://id.example.org", OIDC_CLIENT_ID="us")

    assert "openid_connect" not in off.stdout
    assert "allauth.socialaccount.providers.openid_connect.views" in on.stdout


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"DATABASE_URL": "", "REDIS_URL": "", "HOST": "0.0.0.0"}, "the embedded mode binds loopback only"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set. Outside embedded mode give it a long random value."),
        ({"SECRET_KEY": "changeme"}, "SECRET_KEY is shorter than 50 characters"),
        ({"GITHUB_WEBHOOK_SECRET": ""}, "GITHUB_WEBHOOK_SECRET is not set."),
        ({"REDIS_URL": ""}, "REDIS_URL is not set."),
        ({"TRUSTED_PROXIES": "10.0.0.0/8,10.1.2.3/8"}, "TRUSTED_PROXIES names '10.1.2.3/8'"),
    ],
)
def test_what_a_deployment_may_not_be_is_refused_with_one_sentence(given: dict[str, str], told: str) -> None:
    done = run("manage.py", "check", **given)

    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_the_api_holds_up_who_asks_too_often_and_nobody_else(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENV = settings.ENV.model_copy(update={"api_requests_per_minute": 2})
    monkeypatch.setattr("core.rate.time", lambda: 1_800_000_000.0)
    ada, bo = Client(), Client()
    ada.force_login(viewer("ada"))
    bo.force_login(viewer("bo"))

    statuses = [ada.get("/api/me/", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(3)]

    assert statuses == [200, 200, 429]
    assert bo.get("/api/me/").status_code == 200


def test_a_limit_that_cannot_be_counted_lets_everything_through(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def pipeline(self) -> None:
            raise RedisAway("refused")

    monkeypatch.setattr("core.rate.shared_store", Away)

    for _ in range(3):
        rate_count("anything", limit=1)
