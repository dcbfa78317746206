"""The settings of services over the API: read by all who may, changed by those allowed, kept in the history."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from rest_framework.test import APIClient

from incidents.models import Service
from incidents.tests.factories import ServiceFactory
from incidents.tests.viewers import viewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def service() -> Service:
    found: Service = ServiceFactory.create(name="orders")
    return found


@pytest.fixture
def keeper() -> User:
    user = viewer("grace")
    user.user_permissions.add(Permission.objects.get(codename="change_service"))
    return user


@pytest.fixture
def client(keeper: User) -> APIClient:
    client = APIClient()
    client.force_login(keeper)
    return client


def patch(client: APIClient, service: Service, **changes: Any) -> Any:
    return client.patch(f"/api/services/{service.pk}/", changes, format="json")


def test_what_is_sent_changes_and_the_rest_stays(client: APIClient, service: Service) -> None:
    risk_patterns = [{"pattern": "src/ledger/*", "risk": "CRITICAL", "why": "money"}]

    answer = patch(client, service, mode="observe", risk_patterns=risk_patterns, alarm_patterns=["a-*", "b"])

    row = Service.objects.get()
    assert answer.status_code == 200
    assert answer.json()["mode"] == row.mode == "observe"
    assert row.risk_patterns == risk_patterns
    assert row.alarm_patterns == ["a-*", "b"]
    assert row.repository == service.repository


def test_the_history_of_the_console_keeps_who_changed_what(
    client: APIClient, service: Service, keeper: User
) -> None:
    patch(client, service, mode="observe", incidents_per_hour=20)

    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (keeper, str(service.pk))
    assert entry.get_change_message() == "Changed mode: propose → observe."


def test_sending_what_is_there_already_is_no_change(client: APIClient, service: Service) -> None:
    assert patch(client, service, mode=service.mode).status_code == 200
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("repository", "orders", "owner/name"),
        ("default_branch", "", "blank"),
        ("default_branch", "a..b", "no name of a branch"),
        ("deployed_ref", "main\nevil", "no name of a branch"),
        ("alarm_patterns", [], "empty"),
        ("alarm_patterns", ["ok", ""], "blank"),
        ("alarm_patterns", "orders-*", "list"),
        ("test_command", 'npm "test', "No closing quotation"),
        ("approval_threshold", "SEVERE", "not a valid choice"),
        ("merge_policy", "always", "not a valid choice"),
        ("incidents_per_hour", -1, "greater than or equal to 0"),
        ("incidents_per_hour", 40_000, "less than or equal to 32767"),
        ("budget_usd_per_day", "-1", "greater than or equal to 0"),
        ("budget_usd_per_day", "12345678.00", "digits"),
        ("risk_patterns", [{"pattern": "src/*"}], "required"),
        ("risk_patterns", [{"pattern": "src/*", "risk": "SEVERE"}], "not a valid choice"),
        ("risk_patterns", {"pattern": "src/*"}, "list"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_at_its_field(
    client: APIClient, service: Service, field: str, value: Any, why: str
) -> None:
    answer = patch(client, service, **{field: value})

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert why in str(answer.json())
    assert not LogEntry.objects.exists()


def test_the_name_stays_because_fingerprints_are_made_of_it(client: APIClient, service: Service) -> None:
    patch(client, service, name="other")

    assert Service.objects.get().name == "orders"


def test_patterns_that_the_console_let_in_are_shown_as_far_as_they_go(client: APIClient) -> None:
    broken = ServiceFactory.create(risk_patterns=[{"pattern": "src/*"}, "nonsense"])
    worse = ServiceFactory.create(risk_patterns={"a": 1})

    assert client.get(f"/api/services/{broken.pk}/").json()["risk_patterns"] == [
        {"pattern": "src/*", "risk": "", "why": ""}
    ]
    assert client.get(f"/api/services/{worse.pk}/").json()["risk_patterns"] == []


def test_a_viewer_reads_and_changes_nothing(service: Service) -> None:
    client = APIClient()
    client.force_login(viewer())

    assert client.get(f"/api/services/{service.pk}/").status_code == 200
    assert patch(client, service, mode="observe").status_code == 403
    assert Service.objects.get().mode == "propose"


def test_nothing_is_made_or_deleted_here(client: APIClient, service: Service) -> None:
    assert client.post("/api/services/", {}).status_code == 405
    assert client.put(f"/api/services/{service.pk}/", {}).status_code == 405
    assert client.delete(f"/api/services/{service.pk}/").status_code == 405


def test_me_says_who_may_change_services(client: APIClient) -> None:
    me = client.get("/api/me/").json()

    assert (me["may_change_services"], me["may_pause"]) == (True, False)
