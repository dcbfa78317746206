"""What diagnosis hands on. Version 1. The guard checks every name in it against the repository."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Location(BaseModel):
    """A range of lines of one function at the deployed commit."""

    model_config = ConfigDict(extra="forbid")

    path: str
    function: str = Field(description="Name as defined in the file; Class.method for a method.")
    line_start: int = Field(ge=1)
    line_end: int = Field(ge=1)

    @model_validator(mode="after")
    def _lines_in_order(self) -> Self:
        if self.line_end < self.line_start:
            raise ValueError("line_end is before line_start")
        return self


class Citation(BaseModel):
    """What shows a claim: `path:line` or `path:line-line`, a log event id, or a commit hash."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["code", "log_event", "commit"]
    reference: str = Field(min_length=1)


class CausalStep(BaseModel):
    model_config = ConfigDict(extra="forbid")

    claim: str = Field(min_length=5)
    citation: Citation


class Hypothesis(BaseModel):
    model_config = ConfigDict(extra="forbid")

    statement: str
    verdict: Literal["confirmed", "refuted", "open"]
    because: str


class Diagnosis(BaseModel):
    """The root cause at one place in the code, and the chain of evidence that leads to it."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=5, max_length=120, description="The defect in one line.")
    root_cause: str = Field(min_length=20)
    location: Location
    causal_chain: list[CausalStep] = Field(min_length=1)
    hypotheses: list[Hypothesis] = Field(min_length=1)
    confidence: float = Field(ge=0, le=1)
    gaps: list[str] = Field(default_factory=list, description="What was not seen: 'not seen: ...'")
