"""What a model call may cost: the question asked before it and the answer recorded after it."""

from decimal import Decimal
from typing import Protocol

from core.errors import NeedsHuman


class BudgetExceeded(NeedsHuman):
    """The next model call could exceed a budget; the text names the budget, its size and what is spent."""

    exit_reason = "BudgetExceeded"


class Budget(Protocol):
    """A purse of US dollars shared by every model call of an incident."""

    def check(self, upper_bound_usd: Decimal) -> None:
        """Raise BudgetExceeded if a call of at most `upper_bound_usd` could exceed what is left."""
        ...
