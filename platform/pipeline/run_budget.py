"""The budget of one stage run: five purses, asked and set aside in one step however many calls begin at once."""

from contextlib import AbstractContextManager, ExitStack
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction

from agents.spending.reservations import reservation_make, reservation_release, reserved_by
from core.budget import BudgetExceeded, BudgetReserved
from incidents import selectors
from incidents.locks import advisory_lock
from incidents.models import Incident, StageRun

LOCK = "model budget"


class Purse(NamedTuple):
    name: str
    limit_usd: Decimal
    spent_usd: Decimal
    reserved_usd: Decimal


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
        until_paid = ExitStack()
        until_paid.callback(reservation_release, reservation)
        return until_paid

    def _purses(self) -> list[Purse]:
        env, incident, service = settings.ENV, self._incident, self._incident.service
        # In this order: a call that ends in between is then counted twice and never not at all.
        reserved = reserved_by(stage_run_id=self._run.pk, incident_id=incident.pk, service_id=service.pk)
        spent = selectors.spent_around(run=self._run, service=service)
        none = Decimal(0)
        return [
            Purse("one call", env.model_budget_usd_per_call, none, none),
            Purse("this stage", env.model_budget_usd_per_stage, spent.stage_usd, reserved.stage_usd),
            Purse("this incident", service.budget_usd_per_incident, spent.incident_usd, reserved.incident_usd),
            Purse(f"{service} today", service.budget_usd_per_day, spent.service_today_usd, reserved.service_usd),
            Purse("all services today", env.model_budget_usd_per_day, spent.all_today_usd, reserved.all_usd),
        ]


def _check(purse: Purse, upper_bound_usd: Decimal) -> None:
    if purse.spent_usd + upper_bound_usd > purse.limit_usd:
        raise BudgetExceeded(
            f"The model budget of {purse.name} is {purse.limit_usd:.2f} USD; {purse.spent_usd:.4f} are spent and "
            f"the next call may cost {upper_bound_usd:.4f}. Raise the budget, then resume."
        )
    if purse.spent_usd + purse.reserved_usd + upper_bound_usd > purse.limit_usd:
        raise BudgetReserved(
            f"The model budget of {purse.name} is {purse.limit_usd:.2f} USD; {purse.spent_usd:.4f} are spent, "
            f"{purse.reserved_usd:.4f} are set aside for calls that are going on, and the next call may cost "
            f"{upper_bound_usd:.4f}. It is tried again when those are paid."
        )
