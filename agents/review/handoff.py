"""What review hands on. Version 1."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Finding(BaseModel):
    model_config = ConfigDict(extra="forbid")

    severity: Literal["info", "minor", "major", "critical"]
    path: str
    line: int | None = Field(default=None, ge=1)
    message: str = Field(min_length=5)


class Review(BaseModel):
    """The verdict of a second reader on a fix that passed its tests."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approve", "request_changes"]
    summary: str = Field(min_length=10)
    findings: list[Finding] = Field(default_factory=list)
    risk: Literal["LOW", "MEDIUM", "HIGH", "CRITICAL"] = Field(
        description="Can raise the risk that the platform computes, never lower it."
    )

    @model_validator(mode="after")
    def _changes_have_findings(self) -> Self:
        if self.decision == "request_changes" and not self.findings:
            raise ValueError("request_changes needs at least one finding")
        return self
