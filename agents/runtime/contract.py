"""What the loop depends on: a model, tools, a transcript and a budget; concrete ones come from the pipeline."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

from agents.runtime.listening import Listener, Silence
from core.budget import Budget
from core.errors import NeedsHuman, PlatformError
from core.model import Block as Block
from core.model import Reply as Reply
from core.model import Usage as Usage


@dataclass(frozen=True)
class Step:
    """One message of the conversation; assistant steps carry what they cost.

    `seconds` is how long the model took for it, or the tools whose results it holds.
    """

    role: Literal["assistant", "user"]
    content: Sequence[Block]
    stop_reason: str = ""
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal = Decimal(0)
    model: str = ""
    seconds: float = field(default=0.0, compare=False)


class Model(Protocol):
    """A language model behind the Messages API."""

    name: str

    def upper_bound_usd(
        self,
        *,
        system: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        max_tokens: int,
    ) -> Decimal:
        """Return what the call can cost at most, without asking anybody."""
        ...

    def counted_bound_usd(
        self,
        *,
        system: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        max_tokens: int,
    ) -> Decimal:
        """Return a closer bound, from the API's own count of the tokens. Raises core.errors.Unavailable."""
        ...

    def reply(
        self,
        *,
        system: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        tool_choice: Mapping[str, Any],
        max_tokens: int,
        on_text: Callable[[str], None],
    ) -> Reply:
        """Return the next message; `on_text` hears its words so far while they come.

        Raises core.errors.Unavailable for temporary faults.
        """
        ...


class Transcript(Protocol):
    """The conversation of one stage run, kept as it happens."""

    def steps(self) -> list[Step]: ...

    def append(self, step: Step) -> None: ...


Arguments = TypeVar("Arguments", bound=BaseModel, contravariant=True)


class Tool(Protocol, Generic[Arguments]):
    """Something an agent may look at. No tool writes."""

    name: ClassVar[str]
    description: ClassVar[str]
    arguments: type[BaseModel]

    def run(self, arguments: Arguments) -> str:
        """Return text for the model. Raises ToolRetry or ToolFailed."""
        ...


class ToolRetry(PlatformError):
    """The model may mend its call; the text says how."""


class ToolFailed(PlatformError):
    """The tool cannot answer now; the model is told and goes on."""


class StepLimitReached(NeedsHuman):
    exit_reason = "StepLimitReached"


class InvalidOutput(NeedsHuman):
    exit_reason = "InvalidOutput"


class ModelRefused(NeedsHuman):
    exit_reason = "ModelRefused"


class ContextTruncated(NeedsHuman):
    exit_reason = "ContextTruncated"


class UnknownStopReason(NeedsHuman):
    exit_reason = "UnknownStopReason"


@dataclass(frozen=True)
class Session:
    """What one agent run works with; beyond `context_tokens` the oldest tool results leave the conversation."""

    model: Model
    transcript: Transcript
    budget: Budget
    listener: Listener = field(default_factory=Silence)
    context_tokens: int = 120_000
