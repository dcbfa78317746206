"""What one stage hands to the next, as it is stored: checked when it is written and again when it is read.

A hand-off type whose stored form changes raises its `HANDOFF_VERSION` and says in `HANDOFF_MIGRATIONS` how the
form of the version before becomes the next one:

    class Diagnosis(BaseModel):
        HANDOFF_VERSION: ClassVar[int] = 2
        HANDOFF_MIGRATIONS: ClassVar[Mapping[int, Callable[[Stored], Stored]]] = {1: _with_blast_radius}

A row for which there is no way to this release's version is refused by name.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from core.errors import NeedsHuman
from incidents.models import StageRun

Stored = dict[str, Any]
Output = TypeVar("Output", bound=BaseModel)


class OutputUnreadable(NeedsHuman):
    """A stored hand-off does not fit this release's type."""

    exit_reason = "OutputUnreadable"


def handoff_version(output: type[BaseModel]) -> int:
    """Return the version that this release writes."""
    return int(getattr(output, "HANDOFF_VERSION", 1))


def handoff_written(result: BaseModel, output: type[BaseModel]) -> dict[str, Any]:
    """Return the fields of the stage run that store `result`.

    Raises ValidationError for a hand-off that could not be read again: made by parts, changed after its check,
    or of another type.
    """
    stored = result.model_dump(mode="json")
    output.model_validate(stored)
    return {"output": stored, "output_version": handoff_version(output)}


def handoff_read(run: StageRun, output: type[Output]) -> Output:
    """Return what the run handed on, migrated to this release's version. Raises OutputUnreadable."""
    version, wanted = run.output_version, handoff_version(output)
    migrations: Mapping[int, Callable[[Stored], Stored]] = getattr(output, "HANDOFF_MIGRATIONS", {})
    stored: Stored = run.output or {}
    while version < wanted and version in migrations:
        stored, version = migrations[version](stored), version + 1
    if version != wanted:
        raise OutputUnreadable(
            f"The stored output of {run} is {output.__name__} version {run.output_version}; this release reads "
            f"version {wanted} and knows no way from there. Resume with the release that wrote it."
        )
    try:
        return output.model_validate(stored)
    except ValidationError as error:
        raise OutputUnreadable(
            f"The stored output of {run} ({output.__name__} version {run.output_version}) cannot be read by this "
            f"release: {error}"
        ) from error
