"""Figures from PostgreSQL's rows, each from an index or the newest rows only."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Min, QuerySet
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from approvals.choices import ApprovalState
from approvals.models import Approval
from incidents.alarm_proposals import waits_for_alarm_decision
from incidents.choices import ENDED, MOVING, Disposition, Status
from incidents.intake import events_failed
from incidents.models import Event, Incident, Transition
from incidents.selectors import pause_in_force, spent_today_usd, waiting_by_service

LONGEST_QUERY_MILLISECONDS = 2_000
WINDOW_MINUTES = 15
NEWEST_RUNS = 5_000

# Runs end in another order than they begin, so the newest few thousand are looked through, by primary key.
_RUNS = """
SELECT stage, status, count(*), percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY seconds)
FROM (
    SELECT stage, status, finished_at, extract(epoch FROM finished_at - started_at) AS seconds
    FROM incidents_stagerun ORDER BY id DESC LIMIT %s
) AS newest
WHERE finished_at > %s
GROUP BY stage, status
"""


def collect() -> Iterator[Metric]:
    """Return every figure from rows. Raises django.db.DatabaseError, also where one takes too long."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {LONGEST_QUERY_MILLISECONDS}")
        return iter([*_incidents(), *_events(), *_stages(), *_approvals(), *_spend()])


def _incidents() -> Iterator[Metric]:
    now = timezone.now()
    by_status = GaugeMetricFamily(
        "agent_platform_incidents", "Incidents that have not ended, by status.", labels=["status"]
    )
    open_ones = [status for status in Status if status not in ENDED]
    found = Incident.objects.filter(status__in=open_ones).values_list("status").annotate(Count("pk")).order_by()
    counts = dict(found)
    for status in open_ones:
        by_status.add_metric([status.value], counts.get(status.value, 0))
    yield by_status
    moving = Incident.objects.filter(status__in=MOVING).exclude(waits_for_alarm_decision())
    still = moving.aggregate(since=Min("active_at"))["since"]
    yield _gauge(
        "agent_platform_incident_still_seconds",
        "How long the moving incident that stood still longest has done so.",
        (now - still).total_seconds() if still else 0,
    )
    entered = Transition.objects.filter(
        source=Status.OPEN, target=Status.TRIAGING, at__gt=now - timedelta(hours=1)
    ).count()
    yield _gauge("agent_platform_incidents_entered_last_hour", "Incidents that entered the pipeline.", entered)
    waiting = GaugeMetricFamily(
        "agent_platform_incidents_waiting",
        "Incidents that have not entered the pipeline, by service.",
        labels=["service"],
    )
    for row in waiting_by_service():
        waiting.add_metric([row["service"]], row["count"])
    yield waiting
    yield _gauge("agent_platform_paused", "1 while a person has paused the pipeline.", bool(pause_in_force()))


def _events() -> Iterator[Metric]:
    undrained = Event.objects.filter(disposition=Disposition.RECEIVED)
    count, age = _count_and_age(undrained, "received_at")
    yield _gauge("agent_platform_events_undrained", "Notifications stored and not routed yet.", count)
    yield _gauge("agent_platform_events_oldest_seconds", "Age of the oldest that is not routed yet.", age)
    failed = events_failed(since=timezone.now() - timedelta(days=1)).count()
    yield _gauge(
        "agent_platform_events_failed",
        "Notifications of the last day that an error left to a person and nobody has routed again.",
        failed,
    )


def _stages() -> Iterator[Metric]:
    runs = GaugeMetricFamily(
        "agent_platform_stage_runs",
        f"Stage runs that ended in the last {WINDOW_MINUTES} minutes, by outcome.",
        labels=["stage", "outcome"],
    )
    seconds = GaugeMetricFamily(
        "agent_platform_stage_seconds",
        f"How long the stage runs of the last {WINDOW_MINUTES} minutes took, the middle one and the slow ones.",
        labels=["stage", "outcome", "quantile"],
    )
    with connection.cursor() as cursor:
        cursor.execute(_RUNS, [NEWEST_RUNS, timezone.now() - timedelta(minutes=WINDOW_MINUTES)])
        for stage, status, count, (middle, slow) in cursor.fetchall():
            runs.add_metric([stage, status], count)
            seconds.add_metric([stage, status, "0.5"], float(middle))
            seconds.add_metric([stage, status, "0.95"], float(slow))
    yield from (runs, seconds)


def _approvals() -> Iterator[Metric]:
    count, age = _count_and_age(Approval.objects.filter(state=ApprovalState.PENDING), "requested_at")
    yield _gauge("agent_platform_approvals_pending", "Fixes that wait for a person.", count)
    yield _gauge("agent_platform_approval_oldest_seconds", "How long the oldest question has waited.", age)


def _spend() -> Iterator[Metric]:
    spent, budget = spent_today_usd(), settings.ENV.model_budget_usd_per_day
    yield _gauge("agent_platform_model_spend_usd", "Cost of model calls since midnight UTC.", float(spent))
    yield _gauge("agent_platform_model_budget_usd", "What they may cost a day.", float(budget))


def _count_and_age(rows: QuerySet[Any, Any], since: str) -> tuple[int, float]:
    """Return how many rows there are, and how many seconds ago the oldest one's moment `since` was; 0 for none."""
    found = rows.aggregate(count=Count("pk"), since=Min(since))
    return found["count"], (timezone.now() - found["since"]).total_seconds() if found["since"] else 0.0


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, documentation, value=float(value))
