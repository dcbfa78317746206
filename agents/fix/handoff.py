"""What fix generation hands on. Version 1."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Edit(BaseModel):
    """Replace one exact, unique piece of text in an existing file."""

    model_config = ConfigDict(extra="forbid")

    path: str
    search: str = Field(min_length=1, description="Exact text that occurs once in the file.")
    replace: str


class NewFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    path: str
    content: str


class FixProposal(BaseModel):
    """A change to the code and a test that fails without it."""

    model_config = ConfigDict(extra="forbid")

    rationale: str = Field(min_length=20, description="Why this cures the cause, for the pull request.")
    edits: list[Edit] = Field(default_factory=list)
    new_files: list[NewFile] = Field(default_factory=list)

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.edits and not self.new_files:
            raise ValueError("a fix needs at least one edit or new file")
        return self
