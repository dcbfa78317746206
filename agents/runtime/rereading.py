"""The tool that follows a pointer: a result that was left out of the conversation, read from the transcript."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from agents.runtime.compaction import REREAD
from agents.runtime.contract import ToolRetry, Transcript

MAX_CHARACTERS = 20_000


class RereadArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    result: str = Field(min_length=1, description="The id that the pointer names.")
    start: int = Field(default=0, ge=0, description="First character to show, from 0.")


class RereadResult:
    """Earlier results of this conversation, exactly as they were."""

    name: ClassVar[str] = REREAD
    description: ClassVar[str] = (
        "Show an earlier tool result again that was left out of this conversation to save space, "
        f"{MAX_CHARACTERS} characters at a time."
    )
    arguments: type[BaseModel] = RereadArguments

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript

    def run(self, arguments: RereadArguments) -> str:
        """Return a part of the stored result. Raises ToolRetry for an id that has none."""
        for step in self._transcript.steps():
            for block in step.content:
                if block["type"] == "tool_result" and block["tool_use_id"] == arguments.result:
                    text = block["content"]
                    end = min(len(text), arguments.start + MAX_CHARACTERS)
                    return f"characters {arguments.start} to {end} of {len(text)}\n{text[arguments.start : end]}"
        raise ToolRetry(f"this conversation has no result {arguments.result!r}; use the id that a pointer names")
