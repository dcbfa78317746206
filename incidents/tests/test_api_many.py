"""Fifty thousand incidents: the list stays one page, in as many queries as for a few, wherever its reader is."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from incidents.choices import Severity, Status
from incidents.models import Incident
from incidents.tests.factories import ServiceFactory
from incidents.tests.viewers import viewer

pytestmark = pytest.mark.django_db

MANY = 50_000


@pytest.fixture
def newest_pk() -> int:
    """Return the id of the newest of fifty thousand; every hundredth is open."""
    service, now = ServiceFactory.create(), timezone.now()
    rows = [
        Incident(
            service=service,
            fingerprint=f"{number:064x}",
            title=f"alarm-{number}",
            status=Status.NEEDS_HUMAN if number % 100 == 0 else Status.RESOLVED,
            severity=Severity.P2,
            first_seen_at=now - timedelta(minutes=MANY - number),
            last_seen_at=now,
        )
        for number in range(MANY)
    ]
    return max(row.pk for row in Incident.objects.bulk_create(rows, batch_size=5_000))


def test_the_list_of_fifty_thousand_is_answered_page_by_page_in_a_few_queries(newest_pk: int) -> None:
    client = APIClient()
    client.force_login(viewer())

    with CaptureQueriesContext(connection) as queries:
        first = client.get("/api/incidents/").json()
    second = client.get(first["next"]).json()
    still_open = client.get("/api/incidents/?open=true").json()
    summary = client.get("/api/summary/").json()

    assert len(queries) <= 7
    assert [row["id"] for row in first["results"]] == list(range(newest_pk, newest_pk - 50, -1))
    assert [row["id"] for row in second["results"]] == list(range(newest_pk - 50, newest_pk - 100, -1))
    assert len(still_open["results"]) == 50
    assert still_open["next"]
    assert summary["open_incidents"] == MANY // 100
