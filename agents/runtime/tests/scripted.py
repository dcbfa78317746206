"""A model that says what a test wrote, one tool that counts its runs, and a brief for both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from agents.runtime.brief import Brief
from agents.runtime.contract import Block, Reply, Session, Tool, ToolRetry, Usage
from agents.runtime.transcript import MemoryBudget, MemoryTranscript
from core.errors import NeedsHuman


class Finding(BaseModel):
    model_config = ConfigDict(extra="forbid")

    function: str
    line: int = Field(ge=1)


class PathArgument(BaseModel):
    model_config = ConfigDict(extra="forbid")

    path: str


class GroundingFailed(NeedsHuman):
    exit_reason = "GroundingFailed"


@dataclass
class ReadFile:
    """Answers from a dictionary; an exception in it is raised."""

    name: ClassVar[str] = "read_file"
    description: ClassVar[str] = "Read a file."
    files: Mapping[str, str | Exception] = field(default_factory=lambda: {"a.js": "let a = 1;"})
    runs: list[str] = field(default_factory=list)
    arguments: type[BaseModel] = PathArgument

    def run(self, arguments: PathArgument) -> str:
        self.runs.append(arguments.path)
        found = self.files.get(arguments.path, ToolRetry(f"there is no file {arguments.path!r}"))
        if isinstance(found, Exception):
            raise found
        return found


@dataclass
class ScriptedModel:
    """Gives the reply whose number is the number of assistant messages it is shown, as a paid model would."""

    replies: Sequence[Reply]
    name: str = "scripted"
    bound_usd: Decimal = Decimal("0.02")
    counted_usd: Decimal | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def upper_bound_usd(self, **_: object) -> Decimal:
        return self.bound_usd

    def counted_bound_usd(self, **_: object) -> Decimal:
        return self.counted_usd if self.counted_usd is not None else self.bound_usd

    def reply(
        self, *, messages: Sequence[Mapping[str, Any]], on_text: Callable[[str], None], **asked: Any
    ) -> Reply:
        self.asked.append({"messages": list(messages), **asked})
        already = [message for message in messages if message["role"] == "assistant"]
        reply = self.replies[len(already)]
        on_text("".join(block["text"] for block in reply.content if block["type"] == "text"))
        return reply


def says(*content: Block, stop_reason: str = "") -> Reply:
    reason = stop_reason or ("tool_use" if any(block["type"] == "tool_use" for block in content) else "end_turn")
    return Reply(content, reason, Usage(input_tokens=10, output_tokens=5), Decimal("0.01"), "scripted-1")


def text(words: str) -> Block:
    return {"type": "text", "text": words}


def call(name: str, arguments: dict[str, Any], *, call_id: str = "toolu_1") -> Block:
    return {"type": "tool_use", "id": call_id, "name": name, "input": arguments}


def read(path: str, *, call_id: str = "toolu_r") -> Block:
    return call("read_file", {"path": path}, call_id=call_id)


def submit(*, function: str = "total", line: Any = 3, call_id: str = "toolu_s") -> Block:
    return call("submit_finder", {"function": function, "line": line}, call_id=call_id)


def only_total_exists(finding: Finding) -> list[str]:
    return [] if finding.function == "total" else [f"there is no function {finding.function}"]


def brief(
    *,
    tools: Sequence[Tool[Any]] = (),
    max_steps: int = 10,
    checks: Sequence[Callable[[Finding], Sequence[str]]] = (only_total_exists,),
    task: str = "Find it.",
) -> Brief[Finding]:
    return Brief(
        agent="finder",
        system="You find.",
        task=task,
        output=Finding,
        tools=tools,
        max_steps=max_steps,
        max_tokens=100,
        checks=checks,
        refusal=GroundingFailed,
    )


def session(
    *replies: Reply, transcript: MemoryTranscript | None = None, limit_usd: Decimal = Decimal(1)
) -> tuple[Session, ScriptedModel, MemoryTranscript]:
    kept = transcript if transcript is not None else MemoryTranscript()
    model = ScriptedModel(replies)
    return Session(model=model, transcript=kept, budget=MemoryBudget(limit_usd, kept)), model, kept
