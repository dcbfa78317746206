"""The budget of one run: shared by its threads, asked before each call and paid from after it."""

import threading
from contextlib import AbstractContextManager, ExitStack
from decimal import Decimal
from typing import Any

from agents.runtime.contract import Model, Reply
from core.budget import BudgetExceeded, ReplyLost


class Purse:
    """Money for a run's model calls. A call's upper bound is set aside until its price is known."""

    def __init__(self, limit_usd: Decimal | None, *, spent_usd: Decimal = Decimal(0)) -> None:
        self._limit_usd = limit_usd
        self._spent_usd = spent_usd
        self._reserved_usd = Decimal(0)
        self._lock = threading.Lock()

    @property
    def spent_usd(self) -> Decimal:
        return self._spent_usd

    def set_aside(self, upper_bound_usd: Decimal) -> AbstractContextManager[Any]:
        """Set money aside for one call. Raises BudgetExceeded if the run could spend more than its limit."""
        with self._lock:
            committed = self._spent_usd + self._reserved_usd
            if self._limit_usd is not None and committed + upper_bound_usd > self._limit_usd:
                raise BudgetExceeded(
                    f"The budget of this run is {self._limit_usd} USD; {self._spent_usd} are spent, "
                    f"{self._reserved_usd} set aside, and the next call may cost {upper_bound_usd}. "
                    "Give --budget-usd more; the same command goes on where it stopped."
                )
            self._reserved_usd += upper_bound_usd
        until_paid = ExitStack()
        until_paid.callback(self._give_back, upper_bound_usd)
        return until_paid

    def pay(self, cost_usd: Decimal) -> None:
        """Record what a call cost, while its upper bound is still set aside."""
        with self._lock:
            self._spent_usd += cost_usd

    def _give_back(self, upper_bound_usd: Decimal) -> None:
        with self._lock:
            self._reserved_usd -= upper_bound_usd


class MeteredModel:
    """A model whose calls are paid from a purse; `cost_usd` is what this one has spent."""

    def __init__(self, model: Model, purse: Purse) -> None:
        self.name = model.name
        self.cost_usd = Decimal(0)
        self._model = model
        self._purse = purse

    def upper_bound_usd(self, **request: Any) -> Decimal:
        return self._model.upper_bound_usd(**request)

    def counted_bound_usd(self, **request: Any) -> Decimal:
        return self._model.counted_bound_usd(**request)

    def reply(self, **request: Any) -> Reply:
        try:
            reply = self._model.reply(**request)
        except ReplyLost as error:
            self._pay(error.lost_usd)
            raise
        self._pay(reply.cost_usd)
        return reply

    def _pay(self, cost_usd: Decimal) -> None:
        self.cost_usd += cost_usd
        self._purse.pay(cost_usd)
