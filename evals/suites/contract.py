"""What a suite is: cases, a way to put one to the agents, and figures over what came out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

from django.conf import settings

from agents.runtime.contract import Model, Session
from agents.runtime.transcript import MemoryTranscript
from core.errors import PlatformError
from core.intervals import Interval
from evals.purse import MeteredModel, Purse
from integrations.anthropic.client import messages_model

# `--model configured`: each agent with the model that the settings name for it.
CONFIGURED = "configured"


class CannotBegin(PlatformError):
    """No case could get an answer: no such entrant, no model to ask, or no engine to run tests in."""


@dataclass(frozen=True)
class Metric:
    """One figure. `value` is None where nothing was there to count."""

    name: str
    value: float | None
    interval: Interval | None = None
    count: int = 0
    better: Literal["high", "low"] = "high"
    unit: Literal["share", "number", "usd", "seconds", "count"] = "share"


@dataclass(frozen=True)
class Matrix:
    """Counts by expected label (rows) and given label (columns)."""

    title: str
    labels: Sequence[str]
    counts: Sequence[Sequence[int]]


@dataclass(frozen=True)
class Result:
    """One case as it was answered; the same whether it was just run or read from its row."""

    case_id: str
    repeat: int
    outcome: Literal["answered", "abstained", "failed"]
    is_right: bool | None
    expected: Mapping[str, Any]
    answer: Mapping[str, Any]
    exit_reason: str
    error: str
    cost_usd: Decimal
    seconds: float


@dataclass(frozen=True)
class Question:
    """A case as people read it: what was shown, and what is right."""

    shown: dict[str, Any]
    expected: dict[str, Any]


@dataclass(frozen=True)
class Given:
    """What a suite says about one attempt that ended with an answer."""

    is_right: bool
    expected: dict[str, Any]
    answer: dict[str, Any]


@dataclass
class Desk:
    """Where one attempt works: who answers, and from which purse; sessions keep nothing after it."""

    entrant: str
    purse: Purse
    models: list[MeteredModel] = field(default_factory=list)

    def session(self, agent: str, offline: Model | None) -> Session:
        """Return a session of `agent` with the entrant's model, or with `offline` where that is the entrant."""
        model = MeteredModel(offline or paid_model(self.entrant, agent), self.purse)
        self.models.append(model)
        return Session(model=model, transcript=MemoryTranscript(), budget=self.purse)

    @property
    def cost_usd(self) -> Decimal:
        return sum((model.cost_usd for model in self.models), Decimal(0))


class Suite(Protocol):
    name: str

    @property
    def offline(self) -> Sequence[str]:
        """The entrants that need no model."""
        ...

    @property
    def agents(self) -> Sequence[str]:
        """The agents that a model plays; none where no model can be an entrant."""
        ...

    @property
    def case_ids(self) -> Sequence[str]:
        """The cases, in the order of `spread`."""
        ...

    @property
    def material_sha256(self) -> str: ...

    def check(self) -> None:
        """Raise CannotBegin for what would keep every case from an answer."""
        ...

    def question(self, case_id: str) -> Question: ...

    def repeats(self, entrant: str, asked: int) -> int:
        """How often each case is put to `entrant` when `asked` times are wanted."""
        ...

    def attempt(self, case_id: str, repeat: int, desk: Desk) -> Given:
        """Put one case to the agents. Raises what they raise."""
        ...

    def metrics(self, results: Sequence[Result]) -> list[Metric]:
        """The suite's own figures, the most telling first."""
        ...

    def matrices(self, results: Sequence[Result]) -> list[Matrix]: ...

    def confidences(self, results: Sequence[Result]) -> list[tuple[float, bool]]:
        """What each answer claimed, and whether it was right in what it claimed; empty where none is claimed."""
        ...

    def groups(self, case_id: str) -> Sequence[str]:
        """The tags by which figures are split."""
        ...


def paid_model(entrant: str, agent: str) -> Model:
    """Return the model behind the Messages API. Raises ModelNotConfigured and UnknownPrice."""
    return messages_model(str(getattr(settings.ENV, f"model_{agent}")) if entrant == CONFIGURED else entrant)


def spread(case_ids: Sequence[str]) -> list[str]:
    """Return the ids by their hash: the first N are a fair sample, and the same one each time."""
    return sorted(case_ids, key=lambda case_id: hashlib.sha256(case_id.encode()).hexdigest())
