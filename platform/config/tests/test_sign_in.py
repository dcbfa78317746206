"""Who gets in: throttled passwords, the people and groups of a provider, headers as a deployment wants."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client

from approvals.groups import groups_ensure
from config.sso import claimed_groups, groups_follow

ROOT = Path(settings.EVALS_DIR).parent

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


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as a deployment would, whose database and Redis are elsewhere; none of it connects."""
    given = {
        "DATABASE_URL": "postgresql://app:pw@db.invalid/app",
        "REDIS_URL": "redis://redis.invalid/0",
        "PUBLIC_URL": "https://alarms.example.org",
        "SECRET_KEY": "9" * 20 + "x-Kq3zR7wPm1vT5sYd8uJ2hB6nC4gL0fA",
        "GITHUB_WEBHOOK_SECRET": "another long random value",
        **environment,
    }
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_deployment_passes_djangos_deploy_checks_without_a_warning() -> None:
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout + done.stderr


def test_single_sign_on_is_there_only_where_it_is_set() -> None:
    code = (
        "import os, django; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings'); django.setup()\n"
        "from django.urls import resolve; print(resolve('/accounts/oidc/oidc/login/').func.__module__)"
    )
    path = {"PYTHONPATH": f"{ROOT / 'platform'}{os.pathsep}{ROOT}"}

    off = run("-c", code, **path)
    on = run("-c", code, OIDC_SERVER_URL="https://id.example.org", OIDC_CLIENT_ID="us", **path)

    assert "openid_connect" not in off.stdout
    assert "allauth.socialaccount.providers.openid_connect.views" in on.stdout
