"""Hand-offs between stages: checked on both sides, and moved from one release's form to the next one's."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, Field, ValidationError

from incidents.choices import Stage, StageStatus
from incidents.models import StageRun
from incidents.tests.factories import IncidentFactory
from pipeline.handoffs import OutputUnreadable
from pipeline.stages import stage_output, stage_run

pytestmark = pytest.mark.django_db(transaction=True)


class Found(BaseModel):
    line: int = Field(ge=1)


def _with_path(stored: dict[str, Any]) -> dict[str, Any]:
    return {**stored, "path": "unknown"}


def _with_lines(stored: dict[str, Any]) -> dict[str, Any]:
    return {"path": stored["path"], "lines": [stored["line"]]}


class FoundNow(BaseModel):
    HANDOFF_VERSION: ClassVar[int] = 3
    HANDOFF_MIGRATIONS: ClassVar[Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]]] = {
        1: _with_path,
        2: _with_lines,
    }

    path: str
    lines: list[int]


def test_a_row_of_an_older_version_is_migrated_step_by_step() -> None:
    incident = IncidentFactory.create()
    stage_run(incident, Stage.TRIAGE, Found, lambda _run: Found(line=7))

    assert stage_output(incident, Stage.TRIAGE, FoundNow) == FoundNow(path="unknown", lines=[7])


def test_a_row_says_which_version_it_is() -> None:
    stage_run(IncidentFactory.create(), Stage.TRIAGE, FoundNow, lambda _run: FoundNow(path="a.js", lines=[1]))

    assert StageRun.objects.get().output_version == 3


@pytest.mark.parametrize("version", [4, 0])
def test_a_row_from_which_no_way_leads_is_refused_by_name(version: int) -> None:
    incident = IncidentFactory.create()
    stage_run(incident, Stage.TRIAGE, FoundNow, lambda _run: FoundNow(path="a.js", lines=[1]))
    StageRun.objects.update(output_version=version)

    with pytest.raises(OutputUnreadable, match=f"FoundNow version {version}; this release reads version 3"):
        stage_output(incident, Stage.TRIAGE, FoundNow)


def test_what_could_not_be_read_again_is_not_written() -> None:
    incident = IncidentFactory.create()

    with pytest.raises(ValidationError):
        stage_run(incident, Stage.TRIAGE, Found, lambda _run: Found.model_construct(line=0))

    run = StageRun.objects.get()
    assert (run.status, run.output, run.exit_reason) == (StageStatus.FAILED, None, "ValidationError")
