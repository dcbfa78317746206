"""The figures of the overview: each is one query over the incidents that came in a bounded span of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from django.db import connection
from django.db.models import Count, Q, QuerySet
from psycopg import sql

from core.intervals import Interval, wilson
from incidents.choices import Classification, PullRequestState, Status
from incidents.models import DaySpend, Incident, Transition
from incidents.selectors import day_began_at

By = Literal["day", "week"]
NOT_REAL = [Classification.NOISE, Classification.DUPLICATE]
# The platform does nothing more by itself, and no fix has solved it.
UNSOLVED = [Status.NEEDS_HUMAN, Status.REJECTED, Status.CLOSED]

# The index transition_entered finds the incidents of the span; the rows of each are found by its own.
_SPEEDS = sql.SQL("""
    WITH entered AS (
        SELECT DISTINCT incident_id FROM {transition}
        WHERE source = {opened} AND target = {triaging} AND at >= %(since)s
    ), times AS (
        SELECT moves.* FROM entered
        JOIN {incident} AS incident ON incident.id = entered.incident_id
        CROSS JOIN LATERAL (
            SELECT
                min(at) AS opened_at,
                min(at) FILTER (WHERE target = {pr_open}) AS pull_request_at,
                min(at) FILTER (
                    WHERE target IN ({resolved}, {closed}) AND starts_with(actor, 'user:')
                ) AS person_at
            FROM {transition} WHERE incident_id = entered.incident_id
        ) AS moves
        WHERE incident.classification NOT IN ({not_real}) AND moves.opened_at >= %(since)s
    ), spans AS (
        SELECT
            pull_request_at IS NOT NULL AS is_ours,
            date_trunc(%(by)s, opened_at, 'UTC') AS period,
            extract(epoch FROM coalesce(pull_request_at, person_at) - opened_at)::float AS seconds
        FROM times
        WHERE coalesce(pull_request_at, person_at) IS NOT NULL
    )
    SELECT
        is_ours, period, count(*),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
        percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds)
    FROM spans
    GROUP BY GROUPING SETS ((is_ours), (is_ours, period))
    ORDER BY period
""").format(
    transition=sql.Identifier(Transition._meta.db_table),
    incident=sql.Identifier(Incident._meta.db_table),
    opened=sql.Literal(Status.OPEN.value),
    triaging=sql.Literal(Status.TRIAGING.value),
    pr_open=sql.Literal(Status.PR_OPEN.value),
    resolved=sql.Literal(Status.RESOLVED.value),
    closed=sql.Literal(Status.CLOSED.value),
    not_real=sql.SQL(", ").join(sql.Literal(value.value) for value in NOT_REAL),
)


@dataclass(frozen=True)
class Speed:
    """How long incidents took that began in a period of a day or a week; `start` None: in the whole span."""

    start: datetime | None
    count: int
    p50_seconds: float | None
    p90_seconds: float | None


@dataclass(frozen=True)
class Speeds:
    total: Speed
    periods: Sequence[Speed]


@dataclass(frozen=True)
class SpeedsCompared:
    """`agents`: until our first pull request. `people`: without one, until a person ended it."""

    agents: Speeds
    people: Speeds


@dataclass(frozen=True)
class ServiceOutcomes:
    """What became of a service's real incidents; `rate` counts those that do not move any more."""

    service: str
    resolved: int
    resolved_by_fix: int
    unsolved: int
    moving: int
    rate: float | None
    interval: Interval | None


def speeds_compared(*, since: datetime, by: By) -> SpeedsCompared:
    """Return how long real incidents that came after `since` took, for agents and for people, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_SPEEDS, {"since": since, "by": by})
        rows = cursor.fetchall()
    return SpeedsCompared(
        agents=_speeds([Speed(*row) for is_ours, *row in rows if is_ours]),
        people=_speeds([Speed(*row) for is_ours, *row in rows if not is_ours]),
    )


def _speeds(rows: Sequence[Speed]) -> Speeds:
    return Speeds(
        total=next((row for row in rows if row.start is None), Speed(None, 0, None, None)),
        periods=[row for row in rows if row.start is not None],
    )


def outcomes_by_service(*, since: datetime) -> list[ServiceOutcomes]:
    """Return what became of the real incidents that entered the pipeline after `since`, in one query."""
    rows = (
        _entered(since)
        .exclude(classification__in=NOT_REAL)
        .order_by("service__name")
        .values("service__name")
        .annotate(
            total=Count("pk"),
            resolved=Count("pk", filter=Q(status=Status.RESOLVED)),
            resolved_by_fix=Count(
                "pk", filter=Q(status=Status.RESOLVED, pull_request__state=PullRequestState.MERGED)
            ),
            unsolved=Count("pk", filter=Q(status__in=UNSOLVED)),
        )
    )
    return [
        ServiceOutcomes(
            service=row["service__name"],
            resolved=row["resolved"],
            resolved_by_fix=row["resolved_by_fix"],
            unsolved=row["unsolved"],
            moving=row["total"] - row["resolved"] - row["unsolved"],
            rate=row["resolved"] / ended if (ended := row["resolved"] + row["unsolved"]) else None,
            interval=wilson(row["resolved"], ended),
        )
        for row in rows
    ]


def _entered(since: datetime) -> QuerySet[Incident, Incident]:
    entered = Transition.objects.filter(source=Status.OPEN, target=Status.TRIAGING, at__gte=since)
    return Incident.objects.filter(pk__in=entered.values("incident"))


@dataclass(frozen=True)
class ServiceSpend:
    service: str
    spent_usd: Decimal
    budget_usd: Decimal


def spent_today_by_service() -> list[ServiceSpend]:
    """Return what model calls have cost since midnight UTC, of each service that had any, the dearest first."""
    rows = DaySpend.objects.filter(day=day_began_at().date(), usd__gt=0).order_by("-usd", "service__name")
    return [ServiceSpend(*row) for row in rows.values_list("service__name", "usd", "service__budget_usd_per_day")]
