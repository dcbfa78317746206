"""What triage hands on. Version 1."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Triage(BaseModel):
    """The classification of an incident and the rule that gave its severity."""

    model_config = ConfigDict(extra="forbid")

    classification: Literal["real", "noise", "duplicate"] = Field(
        description="real: users or data are affected. When uncertain: real."
    )
    severity: Literal["P0", "P1", "P2", "P3"]
    rule: str = Field(min_length=3, description="The rule of the severity guide that applied.")
    reason: str = Field(min_length=10, description="Why, in one or two sentences that name the evidence.")
    duplicate_of: int | None = Field(
        default=None, description="Id of the live incident that this one duplicates; only with `duplicate`."
    )
    fixable_in_code: bool = Field(description="False for infrastructure, quota and third-party causes.")
    not_fixable_reason: str = ""
    confidence: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _fields_agree(self) -> Self:
        if (self.classification == "duplicate") != (self.duplicate_of is not None):
            raise ValueError("duplicate_of is given with classification `duplicate`, and only then")
        if self.classification == "real" and not self.fixable_in_code and not self.not_fixable_reason:
            raise ValueError("not_fixable_reason is needed when a real incident is not fixable in code")
        return self
