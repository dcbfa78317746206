"""What a model call may cost: set aside before it, until its price is recorded."""

from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any, Protocol

from core.errors import NeedsHuman, Unavailable


class BudgetExceeded(NeedsHuman):
    """The next model call could exceed a budget; the text names the budget, its size and what is spent."""

    exit_reason = "BudgetExceeded"


class BudgetReserved(Unavailable):
    """The next call does not fit beside those that are going on; once they are paid it may."""

    def __init__(self, message: str) -> None:
        super().__init__("budget", message)


class ReplyLost(Unavailable):
    """An answer began and did not arrive whole: what it may have cost, `lost_usd`, counts as spent."""

    def __init__(
        self, system: str, message: str, *, lost_usd: Decimal, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(system, message, retry_after_seconds=retry_after_seconds)
        self.lost_usd = lost_usd


class Budget(Protocol):
    """A purse of US dollars shared by every model call of an incident, however many there are at a time."""

    def set_aside(self, upper_bound_usd: Decimal) -> AbstractContextManager[Any]:
        """Set `upper_bound_usd` aside at once, for the block in which the call is made and its price recorded.

        Raises BudgetExceeded if a call of at most that much could exceed what is left, BudgetReserved if it could
        do so only together with the calls that are going on.
        """
        ...
