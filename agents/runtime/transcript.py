"""A conversation and a purse in memory, for evals and tests: nothing outlives the process."""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal

from agents.runtime.contract import Step
from core.budget import BudgetExceeded


class MemoryTranscript:
    """A transcript as a list; give it another one's steps to go on from there."""

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self._steps = list(steps)

    def steps(self) -> list[Step]:
        return list(self._steps)

    def append(self, step: Step) -> None:
        self._steps.append(step)

    @property
    def spent_usd(self) -> Decimal:
        return sum((step.cost_usd for step in self._steps), Decimal(0))


class MemoryBudget:
    """A purse for the calls of one transcript, of which there is one at a time."""

    def __init__(self, limit_usd: Decimal, transcript: MemoryTranscript) -> None:
        self._limit_usd = limit_usd
        self._transcript = transcript

    def set_aside(self, upper_bound_usd: Decimal) -> AbstractContextManager[None]:
        """Raise BudgetExceeded if a call of at most `upper_bound_usd` could exceed what is left."""
        spent = self._transcript.spent_usd
        if spent + upper_bound_usd > self._limit_usd:
            raise BudgetExceeded(
                f"The budget of this run is {self._limit_usd} USD; {spent} are spent and the next call may cost "
                f"{upper_bound_usd}. Raise the budget."
            )
        return nullcontext()
