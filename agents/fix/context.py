"""What fix generation is given."""

from pydantic import BaseModel, Field

from agents.alarm import AlarmFacts
from agents.diagnosis.handoff import Diagnosis


class PreviousAttempt(BaseModel):
    """A fix of an earlier round and what the sandbox said about it."""

    diff: str
    verdict: str
    reason: str
    failing_output: str = ""


class FixContext(BaseModel):
    """`attempt` is the round, `candidate` the number within it; `rejections` are the reasons that people gave.

    `allowed_paths` are patterns of the paths that a fix of the service may touch; empty: all.
    """

    alarm: AlarmFacts
    diagnosis: Diagnosis
    attempt: int = Field(ge=1)
    candidate: int = Field(ge=1)
    test_framework: str
    previous: list[PreviousAttempt] = []
    rejections: list[str] = []
    allowed_paths: list[str] = []
