"""Money set aside for model calls: made before a call, released when its price is recorded, else lost.

What a killed worker leaves behind may have been paid: the answer can have come a moment before the kill. Nobody
knows, so the whole of it counts as spent.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import F
from django.utils import timezone

from agents.spending.models import Reservation
from incidents.choices import StageStatus
from incidents.selectors import day_began_at

# Hardly a call takes longer: whoever made it, was taken for dead and lives has recorded its price by then.
ANSWERED_WITHIN = timedelta(minutes=10)


class Amounts(NamedTuple):
    """US dollars of one stage run, one incident, one service, and of all."""

    stage_usd: Decimal
    incident_usd: Decimal
    service_usd: Decimal
    all_usd: Decimal


class Reserved(NamedTuple):
    """What living workers have set aside for calls that are going on, and what was lost with dead ones.

    Of what was lost, the service's and everybody's part is that of one day.
    """

    going_on: Amounts
    lost: Amounts


def reservation_make(*, stage_run_id: int, claims: int, usd: Decimal) -> Reservation:
    """Set money aside for one call."""
    return Reservation.objects.create(stage_run_id=stage_run_id, claims=claims, usd=usd)


def reservation_release(reservation: Reservation) -> bool:
    """Let go of what was set aside for a call without a recorded price; False if it was settled or gone before."""
    # One row by its id is one statement for Django; a queryset would be wrapped in a transaction.
    deleted, _ = Reservation(pk=reservation.pk).delete()
    return deleted > 0


def reservation_settle(*, stage_run_id: int, claims: int) -> None:
    """Give back what this claim of a run had set aside, in the transaction that records the call's price.

    Before the price in it: whoever drops a reservation holds its row while it waits for the run's.
    """
    Reservation.objects.filter(stage_run_id=stage_run_id, claims=claims).delete()


def reservations_lost(*, limit: int) -> list[Reservation]:
    """Return the oldest that no living worker holds, and that none will settle any more."""
    now = timezone.now()
    old = Reservation.objects.filter(reserved_at__lt=now - ANSWERED_WITHIN)
    held = old.filter(
        stage_run__status=StageStatus.RUNNING,
        stage_run__lease_expires_at__gt=now,
        stage_run__claims=F("claims"),
    )
    return list(old.exclude(pk__in=held.values("pk")).order_by("pk")[:limit])


def reserved_by(*, stage_run_id: int, incident_id: int, service_id: int) -> Reserved:
    """Return what living workers have set aside, and what dead ones have."""
    asked: dict[str, int | str | datetime] = {
        "run": stage_run_id,
        "incident": incident_id,
        "service": service_id,
        "running": str(StageStatus.RUNNING),
        "now": timezone.now(),
        "day_began_at": day_began_at(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_HELD, asked)
        sums = cursor.fetchone()
    return Reserved(Amounts(*sums[:4]), Amounts(*sums[4:]))


# Written out: every model call asks this, and to have Django compose it takes longer than to answer it.
_HELD = """
    SELECT coalesce(sum(usd) FILTER (WHERE goes_on AND run_id = %(run)s), 0),
        coalesce(sum(usd) FILTER (WHERE goes_on AND incident_id = %(incident)s), 0),
        coalesce(sum(usd) FILTER (WHERE goes_on AND service_id = %(service)s), 0),
        coalesce(sum(usd) FILTER (WHERE goes_on), 0),
        coalesce(sum(usd) FILTER (WHERE NOT goes_on AND run_id = %(run)s), 0),
        coalesce(sum(usd) FILTER (WHERE NOT goes_on AND incident_id = %(incident)s), 0),
        coalesce(sum(usd) FILTER (WHERE NOT goes_on AND is_of_the_day AND service_id = %(service)s), 0),
        coalesce(sum(usd) FILTER (WHERE NOT goes_on AND is_of_the_day), 0)
    FROM (
        SELECT held.usd, run.id AS run_id, run.incident_id, incident.service_id,
            run.status = %(running)s AND run.claims = held.claims
                AND coalesce(run.lease_expires_at > %(now)s, false) AS goes_on,
            held.reserved_at >= %(day_began_at)s AS is_of_the_day
        FROM spending_reservation AS held
        JOIN incidents_stagerun AS run ON run.id = held.stage_run_id
        JOIN incidents_incident AS incident ON incident.id = run.incident_id
    ) AS held
"""
