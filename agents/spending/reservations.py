"""Money set aside for model calls that are going on: made before a call, released when its price is recorded."""

from decimal import Decimal
from typing import NamedTuple

from django.db.models import DecimalField, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
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
    return Reserved(
        **_held().aggregate(
            stage_usd=_total(Q(stage_run=stage_run_id)),
            incident_usd=_total(Q(stage_run__incident=incident_id)),
            service_usd=_total(Q(stage_run__incident__service=service_id)),
            all_usd=_total(Q()),
        )
    )


def _held() -> QuerySet[Reservation, Reservation]:
    return Reservation.objects.filter(
        stage_run__status=StageStatus.RUNNING,
        stage_run__claims=F("claims"),
        stage_run__lease_expires_at__gt=timezone.now(),
    )


def _total(which: Q) -> Coalesce:
    return Coalesce(Sum("usd", filter=which), Value(Decimal(0)), output_field=DecimalField())
