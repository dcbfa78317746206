"""Money set aside for model calls that are going on: made before a call, released when its price is recorded."""

from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from agents.spending.models import Reservation
from incidents.choices import StageStatus


class Reserved(NamedTuple):
    """What is set aside now, in US dollars: by one stage run, one incident, one service, and by all."""

    stage_usd: Decimal
    incident_usd: Decimal
    service_usd: Decimal
    all_usd: Decimal


def reservation_make(*, stage_run_id: int, claims: int, usd: Decimal) -> Reservation:
    """Set money aside for one call; what dead workers of the same run left behind is cleared away."""
    if claims > 1:
        Reservation.objects.filter(stage_run_id=stage_run_id, claims__lt=claims).delete()
    return Reservation.objects.create(stage_run_id=stage_run_id, claims=claims, usd=usd)


def reservation_release(reservation: Reservation) -> None:
    """Give back what was set aside; safe to repeat."""
    # One row by its id is one statement for Django; a queryset would be wrapped in a transaction.
    Reservation(pk=reservation.pk).delete()


def reserved_by(*, stage_run_id: int, incident_id: int, service_id: int) -> Reserved:
    """Return what living workers have set aside."""
    running, now = str(StageStatus.RUNNING), timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [stage_run_id, incident_id, service_id, running, now])
        return Reserved._make(cursor.fetchone())


# Written out: every model call asks this, and to have Django compose it takes longer than to answer it.
_HELD = """
    SELECT coalesce(sum(held.usd) FILTER (WHERE run.id = %s), 0),
        coalesce(sum(held.usd) FILTER (WHERE incident.id = %s), 0),
        coalesce(sum(held.usd) FILTER (WHERE incident.service_id = %s), 0),
        coalesce(sum(held.usd), 0)
    FROM spending_reservation AS held
    JOIN incidents_stagerun AS run ON run.id = held.stage_run_id
    JOIN incidents_incident AS incident ON incident.id = run.incident_id
    WHERE run.status = %s AND run.claims = held.claims AND run.lease_expires_at > %s
"""
