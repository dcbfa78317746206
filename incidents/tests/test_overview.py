"""The overview's figures: computed in the database, over a bounded span, in as many queries as ever."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu.exceptions import OperationalError
from rest_framework.test import APIClient

from core.shared_store import shared_store
from incidents.choices import Classification, PullRequestState, Status
from incidents.models import DaySpend, Incident
from incidents.overview import outcomes_by_service, speeds_compared, spent_today_by_service
from incidents.tests.factories import PullRequestFactory, ServiceFactory
from incidents.tests.moves import PERSON, moved_incident
from incidents.tests.viewers import viewer

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 6, 1, 9, tzinfo=timezone.get_default_timezone())
SINCE = MONDAY - timedelta(days=30)


@pytest.fixture
def client() -> APIClient:
    client = APIClient()
    client.force_login(viewer())
    return client


def with_pull_request(seconds: float, *, opened_at: datetime = MONDAY) -> Incident:
    return moved_incident((Status.TRIAGING, 1), (Status.PR_OPEN, seconds), opened_at=opened_at)


def by_hand(seconds: float, *, opened_at: datetime = MONDAY) -> Incident:
    return moved_incident((Status.TRIAGING, 1), (Status.CLOSED, seconds), opened_at=opened_at, actor=PERSON)


def test_agents_and_people_are_timed_apart() -> None:
    for seconds in (10, 20, 90):
        with_pull_request(seconds)
    by_hand(3600)

    found = speeds_compared(since=SINCE, by="week")

    agents, people = found.agents.total, found.people.total
    assert (agents.count, agents.p50_seconds, agents.p90_seconds) == (3, 20, 76)
    assert (people.count, people.p50_seconds) == (1, 3600)


def test_periods_are_days_or_weeks_in_their_order() -> None:
    with_pull_request(30, opened_at=MONDAY + timedelta(days=8))
    with_pull_request(10)
    with_pull_request(20, opened_at=MONDAY + timedelta(days=2))

    weeks = speeds_compared(since=SINCE, by="week").agents.periods
    days = speeds_compared(since=SINCE, by="day").agents.periods

    assert [(week.start, week.count, week.p50_seconds) for week in weeks] == [
        (MONDAY.replace(hour=0), 2, 15),
        (MONDAY.replace(hour=0) + timedelta(days=7), 1, 30),
    ]
    assert [day.count for day in days] == [1, 1, 1]


def test_noise_and_what_came_before_the_span_are_not_timed() -> None:
    with_pull_request(10, opened_at=SINCE - timedelta(hours=1))
    moved_incident(
        (Status.TRIAGING, 1),
        (Status.CLOSED, 9),
        opened_at=MONDAY,
        actor=PERSON,
        classification=Classification.NOISE,
    )

    found = speeds_compared(since=SINCE, by="day")

    assert (found.agents.total.count, found.people.total.count) == (0, 0)
    assert found.agents.total.p50_seconds is None


def test_an_incident_that_has_our_pull_request_is_not_counted_for_the_person_who_closed_it() -> None:
    moved_incident(
        (Status.TRIAGING, 1), (Status.PR_OPEN, 60), (Status.CLOSED, 999), opened_at=MONDAY, actor=PERSON
    )

    found = speeds_compared(since=SINCE, by="day")

    assert (found.agents.total.p50_seconds, found.people.total.count) == (60, 0)


def test_a_person_who_only_resumes_has_not_ended_it() -> None:
    moved_incident(
        (Status.TRIAGING, 1), (Status.NEEDS_HUMAN, 5), (Status.OPEN, 50), opened_at=MONDAY, actor=PERSON
    )

    assert speeds_compared(since=SINCE, by="day").people.total.count == 0


def test_a_service_counts_what_was_solved_of_what_does_not_move_any_more() -> None:
    service = ServiceFactory.create(name="orders")
    for target in (Status.RESOLVED, Status.RESOLVED, Status.NEEDS_HUMAN, Status.FIXING):
        incident = moved_incident((Status.TRIAGING, 1), (target, 9), opened_at=MONDAY, service=service)
    fixed = Incident.objects.filter(status=Status.RESOLVED).first()
    PullRequestFactory.create(incident=fixed, state=PullRequestState.MERGED)
    PullRequestFactory.create(incident=incident, state=PullRequestState.OPEN)

    [row] = outcomes_by_service(since=SINCE)

    assert (row.service, row.resolved, row.resolved_by_fix, row.unsolved, row.moving) == ("orders", 2, 1, 1, 1)
    assert row.rate == pytest.approx(2 / 3)
    assert row.interval is not None
    assert row.interval.low < 2 / 3 < row.interval.high


def test_an_incident_that_entered_twice_counts_once() -> None:
    moved_incident(
        (Status.TRIAGING, 1),
        (Status.OPEN, 2),
        (Status.TRIAGING, 3),
        (Status.PR_OPEN, 40),
        opened_at=MONDAY,
    )

    assert speeds_compared(since=SINCE, by="day").agents.total.count == 1
    assert [row.moving for row in outcomes_by_service(since=SINCE)] == [1]


def spend(incident: Incident, cost: str, *, days_ago: int = 0) -> None:
    day = (timezone.now() - timedelta(days=days_ago)).date()
    row, _ = DaySpend.objects.get_or_create(service=incident.service, day=day, defaults={"usd": 0})
    row.usd += Decimal(cost)
    row.save()


def test_what_services_spent_is_beside_their_budgets_and_the_dearest_comes_first() -> None:
    cheap, dear = with_pull_request(10), with_pull_request(20)
    spend(cheap, "0.25")
    spend(dear, "1")
    spend(dear, "0.5")
    spend(cheap, "70", days_ago=1)

    rows = spent_today_by_service()

    assert [(row.service, row.spent_usd, row.budget_usd) for row in rows] == [
        (dear.service.name, Decimal("1.5"), Decimal(100)),
        (cheap.service.name, Decimal("0.25"), Decimal(100)),
    ]


def test_a_hundred_incidents_cost_as_many_queries_as_one(client: APIClient) -> None:
    recent = timezone.now() - timedelta(days=2)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get("/api/overview/?days=7&by=day").status_code == 200
        return len(captured)

    spend(with_pull_request(10, opened_at=recent), "0.1")
    before = queries()
    for number in range(100):
        spend(with_pull_request(number, opened_at=recent + timedelta(minutes=number)), "0.1")

    assert queries() == before


def test_the_overview_is_empty_and_whole_before_the_first_incident(client: APIClient) -> None:
    overview = client.get("/api/overview/").json()

    assert overview["time_to_pull_request"]["agents"] == {
        "total": {"count": 0, "p50_seconds": None, "p90_seconds": None},
        "periods": [],
    }
    assert overview["false_positives"]["rate"] is None
    assert overview["services"] == []


@pytest.mark.parametrize("query", ["days=0", "days=9999", "days=x", "by=year"])
def test_a_span_that_has_no_end_is_refused(client: APIClient, query: str) -> None:
    assert client.get(f"/api/overview/?{query}").status_code == 400


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, list[str]]], None]:
    """Let these workers, by name with their queues, answer the broker's question."""
    cache.clear()

    def answer(found: dict[str, list[str]]) -> None:
        answers = {name: [{"name": queue} for queue in queues] for name, queues in found.items()}
        monkeypatch.setattr("celery.app.control.Inspect.active_queues", lambda _self: answers or None)

    return answer


def test_a_queue_says_who_takes_from_it_and_what_waits(
    client: APIClient, workers: Callable[[dict[str, list[str]]], None]
) -> None:
    workers({"worker@host": ["default", "agents"], "sandbox@host": ["sandbox"]})
    shared_store().rpush("sandbox", "a task")

    work = client.get("/api/work/").json()

    shared_store().delete("sandbox")
    by_name = {queue["name"]: queue for queue in work["queues"]}
    assert work["is_known"] is True
    assert by_name["sandbox"] == {"name": "sandbox", "waiting": 1, "workers": ["sandbox@host"]}
    assert by_name["intake"]["workers"] == []
    assert [worker["name"] for worker in work["workers"]] == ["sandbox@host", "worker@host"]


def test_with_the_broker_away_nobody_knows_who_works(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()

    def away(_self: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("celery.app.control.Inspect.active_queues", away)

    work = client.get("/api/work/").json()

    assert work["is_known"] is False
    assert {queue["waiting"] for queue in work["queues"]} == {None}


def test_many_pages_ask_the_workers_once(
    client: APIClient, workers: Callable[[dict[str, list[str]]], None]
) -> None:
    workers({"worker@host": ["agents"]})
    client.get("/api/work/")
    workers({})

    assert [worker["name"] for worker in client.get("/api/work/").json()["workers"]] == ["worker@host"]
