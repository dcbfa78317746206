"""Risk patterns are checked where people write them: each wrong one is named, with what to write instead."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from incidents.models import Service
from incidents.tests.factories import ServiceFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("src/*", "pattern 2 is 'src/*' and not an object"),
        ({"risk": "HIGH"}, "pattern 2 has no `pattern`"),
        ({"pattern": " ", "risk": "HIGH"}, "pattern 2 has no `pattern`"),
        ({"pattern": "/src/*", "risk": "HIGH"}, "pattern 2 (/src/*) matches nothing"),
        ({"pattern": "src\\ledger", "risk": "HIGH"}, "matches nothing"),
        (
            {"pattern": "src/*", "risk": "SEVERE"},
            "pattern 2 (src/*) needs a `risk` of LOW, MEDIUM, HIGH, CRITICAL",
        ),
        ({"pattern": "src/*"}, "it has None"),
        ({"pattern": "src/*", "risk": "HIGH", "why": 3}, "has a `why` that is no text"),
        ({"pattern": "src/*", "risk": "HIGH", "reason": "x"}, "has unknown fields: reason"),
    ],
)
def test_a_wrong_pattern_is_refused_by_its_number_with_what_is_wrong(entry: object, problem: str) -> None:
    service = ServiceFactory.create()
    service.risk_patterns = [{"pattern": "db/*", "risk": "CRITICAL", "why": "the schema"}, entry]

    with pytest.raises(ValidationError) as refused:
        service.full_clean()

    assert problem in refused.value.message_dict["risk_patterns"][0]


def test_every_wrong_pattern_is_named_at_once() -> None:
    service = ServiceFactory.create()
    service.risk_patterns = [{"pattern": "/a", "risk": "HIGH"}, {"pattern": "b", "risk": "x"}]

    with pytest.raises(ValidationError) as refused:
        service.full_clean()

    assert len(refused.value.message_dict["risk_patterns"]) == 2


def saved_in_the_console(service: Service, patterns: str) -> str:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    fields = {
        "name": service.name,
        "repository": service.repository,
        "default_branch": "main",
        "alarm_patterns": "orders-*",
        "approval_threshold": "HIGH",
        "mode": "propose",
        "merge_policy": "people",
        "alarm_policy": "create",
        "risk_patterns": patterns,
        "incidents_per_hour": "20",
        "budget_usd_per_incident": "10",
        "budget_usd_per_day": "100",
    }
    url = reverse("admin:incidents_service_change", args=[service.pk])
    return str(client.post(url, fields, follow=True).content.decode())


def test_the_form_of_the_console_says_which_pattern_is_wrong_and_saves_nothing() -> None:
    service = ServiceFactory.create()

    shown = saved_in_the_console(service, '[{"pattern": "src/ledger/*", "risk": "SEVERE"}]')

    assert "pattern 1 (src/ledger/*) needs a `risk` of LOW, MEDIUM, HIGH, CRITICAL" in shown
    assert Service.objects.get(pk=service.pk).risk_patterns == []


def test_the_form_of_the_console_saves_patterns_that_can_be_read() -> None:
    service = ServiceFactory.create()

    saved_in_the_console(service, '[{"pattern": "src/ledger/*", "risk": "HIGH", "why": "money"}]')

    assert Service.objects.get(pk=service.pk).risk_patterns[0]["why"] == "money"
