"""One fault of production as a case: a small repository, what was seen, and tests that agents never see."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from agents.alarm import AlarmFacts
from agents.evidence import Evidence, LogEvent, Logs
from agents.fix.handoff import Edit, FixProposal, NewFile
from agents.triage.handoff import Triage
from core.patch import Patch

CASES = Path(__file__).parent / "cases"
SHARED = Path(__file__).parent / "shared"
SEEN_AT = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
LOG_EVENT_ID = "39104550412847220611904512837461120938475610293847561029"


class Place(BaseModel):
    """Where the fault is, for the diagnosis' hit rate."""

    model_config = ConfigDict(extra="forbid")

    path: str
    function: str


class AlarmText(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    about: str
    metric: str


class PatchText(BaseModel):
    """A change as an agent would propose it, without its test."""

    model_config = ConfigDict(extra="forbid")

    why: str
    edits: list[Edit]


class Patches(BaseModel):
    """The right change, and plausible ones that pass `own_test` and are wrong."""

    model_config = ConfigDict(extra="forbid")

    gold: PatchText
    wrong: list[PatchText]


class Source(BaseModel):
    """Sources that are not in the case: a clone on this machine, at a commit."""

    model_config = ConfigDict(extra="forbid")

    clone: str
    commit: str


class FixCase(BaseModel):
    """A case. `fail_to_pass` and `pass_to_pass` are empty where all tests of `hidden` and of the suite count.

    `log` was recorded by running `trigger` on exactly these files. `gold_files` holds an imported case's right
    change as whole files. `test_command` is what a service's settings would name; empty: found from the files.
    """

    model_config = ConfigDict(extra="forbid")

    id: str = ""
    framework: str
    title: str
    alarm: AlarmText
    trigger: str = ""
    location: Place | None
    root_cause: str = ""
    files: dict[str, str] = {}
    has_shared_files: bool = True
    test_command: str = ""
    source: Source | None = None
    own_test: dict[str, str] = {}
    hidden: dict[str, str]
    fail_to_pass: list[str] = []
    pass_to_pass: list[str] = []
    patches: Patches | None = None
    gold_files: dict[str, str | None] | None = None
    log: str

    @property
    def ecosystem(self) -> Literal["node", "python", "imported"]:
        if self.source is not None:
            return "imported"
        return "node" if self.id.startswith("node-") else "python"

    @property
    def repository(self) -> str:
        return f"fixes/{self.id}"

    @property
    def all_files(self) -> dict[str, str]:
        """Return the repository: the case's files and those that most cases of its ecosystem share."""
        if self.source is not None:
            return {}
        if not self.has_shared_files:
            return self.files
        shared = SHARED / self.ecosystem
        return {path.name: path.read_text(encoding="utf-8") for path in sorted(shared.iterdir())} | self.files

    @property
    def facts(self) -> AlarmFacts:
        return AlarmFacts(
            incident_id=1,
            service=self.id,
            alarm_name=self.alarm.name,
            alarm_description=self.alarm.about,
            state_reason="Threshold Crossed: 1 datapoint [7.0] was greater than the threshold (0.0).",
            state_changed_at=SEEN_AT,
            metric=self.alarm.metric,
            threshold="SUM GreaterThanThreshold 0.0 for 1 periods of 60 s",
            occurrences=1,
        )

    @property
    def evidence(self) -> Evidence:
        group = f"/ecs/{self.id}"
        event = LogEvent(
            id=LOG_EVENT_ID,
            at=SEEN_AT - timedelta(seconds=41),
            log_group=group,
            log_stream="web/7c1f",
            message=self.log.strip(),
        )
        return Evidence(logs=Logs(events=[event], log_groups=[group]))

    @property
    def triage(self) -> Triage:
        """Return what triage would have handed on: this benchmark begins behind it."""
        return Triage(
            classification="real",
            severity="P2",
            rule="P2:partial-failure",
            reason="The log event shows a crash for some requests.",
            fixable_in_code=True,
            confidence=0.9,
        )

    def proposal(self, patch: PatchText) -> FixProposal:
        """Return `patch` with the case's own test, as an agent hands it in."""
        new_files = [NewFile(path=path, content=content) for path, content in self.own_test.items()]
        return FixProposal(rationale=patch.why, edits=patch.edits, new_files=new_files)

    def with_hidden_tests(self, patch: Patch) -> Patch:
        """Return the patch with the hidden tests laid over it, whatever it wrote in their place."""
        return Patch({**patch.files, **self.hidden})


def fix_cases(folder: Path = CASES) -> list[FixCase]:
    """Return the cases of a folder by name. Raises ValueError that names the file which does not fit."""
    cases = []
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.json")]):
        try:
            loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
            cases.append(FixCase.model_validate({**loaded, "id": path.stem}))
        except (TypeError, ValueError, yaml.YAMLError) as error:
            raise ValueError(f"{path.name}: {error}") from error
    return cases


def material_sha256(cases: Sequence[FixCase]) -> str:
    digest = hashlib.sha256()
    for case in cases:
        digest.update(case.model_dump_json().encode())
        if case.source is None:
            digest.update(repr(sorted(case.all_files.items())).encode())
    return digest.hexdigest()
