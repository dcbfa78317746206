"""The budget of one stage run: five purses, asked and set aside in one step however many calls begin at once."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction

from agents.spending.models import Reservation
from agents.spending.reservations import reservation_make, reservation_release, reservations_lost, reserved_by
from core.budget import BudgetExceeded, BudgetReserved, ReplyLost
from core.errors import NeedsHuman, Unavailable
from incidents import selectors
from incidents.locks import advisory_lock
from incidents.models import Incident, StageRun
from incidents.stage_runs import loss_record

LOCK = "model budget"
BATCH = 500


class Purse(NamedTuple):
    name: str
    limit_usd: Decimal
    recorded_usd: Decimal
    lost_usd: Decimal
    reserved_usd: Decimal

    @property
    def spent_usd(self) -> Decimal:
        """What was paid, and what may have been: calls whose price was lost count in full."""
        return self.recorded_usd + self.lost_usd

    @property
    def spent(self) -> str:
        """The same as a person reads it."""
        lost = f" ({self.lost_usd:.4f} of it for calls whose price was lost)" if self.lost_usd else ""
        return f"{self.spent_usd:.4f} are spent{lost}"


class RunBudget:
    """Five purses for one call: its own, the stage's, the incident's, the service's for today and everybody's."""

    def __init__(self, incident: Incident, run: StageRun) -> None:
        self._incident = incident
        self._run = run

    def set_aside(self, upper_bound_usd: Decimal) -> AbstractContextManager[Any]:
        """Set money aside for one call. Raises BudgetExceeded and BudgetReserved."""
        with transaction.atomic():
            # Everybody's purse is asked for every call, so that all calls take turns here for some milliseconds.
            advisory_lock(LOCK)
            for purse in self._purses():
                _check(purse, upper_bound_usd)
            reservation = reservation_make(stage_run_id=self._run.pk, claims=self._run.claims, usd=upper_bound_usd)
        return _held_unless_unanswered(reservation)

    def _purses(self) -> list[Purse]:
        env, incident, service = settings.ENV, self._incident, self._incident.service
        # In this order: a call that ends in between is then counted twice and never not at all.
        reserved = reserved_by(stage_run_id=self._run.pk, incident_id=incident.pk, service_id=service.pk)
        spent = selectors.spent_around(run=self._run, service=service)
        none = Decimal(0)
        limits = {
            "this stage": env.model_budget_usd_per_stage,
            "this incident": service.budget_usd_per_incident,
            f"{service} today": service.budget_usd_per_day,
            "all services today": env.model_budget_usd_per_day,
        }
        amounts = zip(spent, reserved.lost, reserved.going_on, strict=True)
        return [
            Purse("one call", env.model_budget_usd_per_call, none, none, none),
            *(Purse(*limit, *amount) for limit, amount in zip(limits.items(), amounts, strict=True)),
        ]


@contextmanager
def _held_unless_unanswered(reservation: Reservation) -> Iterator[None]:
    """Give the money back where no answer came; with one, whoever records its price does.

    After any other error an answer may have been paid and not recorded: the money is then left to count as spent,
    and the sweeper records it.
    """
    try:
        yield
    except ReplyLost as error:
        _record_loss(reservation, usd=error.lost_usd)
        raise
    except (Unavailable, NeedsHuman):
        reservation_release(reservation)
        raise


def losses_record() -> int:
    """Record as spent what dead workers had set aside, some hundred at most; return for how many calls.

    A worker that was silent for longer than its lease may live. If its answer comes within ANSWERED_WITHIN, the
    price takes the place of what was set aside, as ever; after that both count, too much rather than too little.
    """
    return sum(_record_loss(reservation, usd=reservation.usd) for reservation in reservations_lost(limit=BATCH))


def _record_loss(reservation: Reservation, *, usd: Decimal) -> bool:
    """Count `usd` as spent on the day of the call; False if its price was recorded meanwhile."""
    with transaction.atomic():
        if not reservation_release(reservation):
            return False
        loss_record(stage_run_id=reservation.stage_run_id, usd=usd, day=reservation.reserved_at.date())
    return True


def _check(purse: Purse, upper_bound_usd: Decimal) -> None:
    if purse.spent_usd + upper_bound_usd > purse.limit_usd:
        raise BudgetExceeded(
            f"The model budget of {purse.name} is {purse.limit_usd:.2f} USD; {purse.spent} and "
            f"the next call may cost {upper_bound_usd:.4f}. Raise the budget, then resume."
        )
    if purse.spent_usd + purse.reserved_usd + upper_bound_usd > purse.limit_usd:
        raise BudgetReserved(
            f"The model budget of {purse.name} is {purse.limit_usd:.2f} USD; {purse.spent}, "
            f"{purse.reserved_usd:.4f} are set aside for calls that are going on, and the next call may cost "
            f"{upper_bound_usd:.4f}. It is tried again when those are paid."
        )
