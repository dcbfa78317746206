"""What an agent is asked: its words, its tools, the hand-off it owes and the checks that hand-off must pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from agents.runtime.contract import InvalidOutput, Tool
from core.errors import NeedsHuman

Output = TypeVar("Output", bound=BaseModel)


@dataclass(frozen=True)
class Brief(Generic[Output]):
    """One task of one agent; with `tools` it looks around first, without it answers at once.

    `system` is constant between runs, so that it is cached; what varies is in `task`. `max_steps` counts paid
    replies, apart from those whose output went back. A check returns what is wrong, nothing if all is well.
    `refusal` is raised when an output still fails its checks after two returns.
    """

    agent: str
    system: str
    task: str
    output: type[Output]
    max_steps: int
    max_tokens: int
    tools: Sequence[Tool[Any]] = ()
    checks: Sequence[Callable[[Output], Sequence[str]]] = ()
    refusal: type[NeedsHuman] = InvalidOutput

    @property
    def submit(self) -> str:
        """The name of the tool that takes the hand-off."""
        return f"submit_{self.agent}"

    def problems(self, output: Output) -> list[str]:
        """Return what every check finds wrong."""
        return [problem for check in self.checks for problem in check(output)]
