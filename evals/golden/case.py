"""One labelled alarm: what SNS delivered, what triage could see beside it, and what is right."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agents.alarm import AlarmFacts
from agents.evidence import Logs
from agents.triage.context import LiveIncident, TriageContext
from integrations.cloudwatch.alarm import Alarm, parse_alarm

DATASET = Path(__file__).parent.parent / "golden_dataset.jsonl"
# The incident that a case is about; no live incident of a case has this id.
INCIDENT_ID = 1_000_000
HELD_OUT_SHARE = 0.3

Classification = Literal["real", "noise", "duplicate"]
Severity = Literal["P0", "P1", "P2", "P3"]
Split = Literal["dev", "held-out"]


class Expected(BaseModel):
    """The label.

    `fixable_in_code` is None for noise and duplicates, where the guide asks no question. A person who relabels
    names no rule and may leave it open too; authored cases have both (the linter asks for them).
    """

    model_config = ConfigDict(extra="forbid")

    classification: Classification
    severity: Severity
    rule: str = Field(pattern=r"^((P[0-3]|noise|duplicate):[a-z-]+)?$")
    fixable_in_code: bool | None = None
    not_fixable_reason: str = ""
    duplicate_of: int | None = None

    @model_validator(mode="after")
    def _fields_agree(self) -> Self:
        prefix = self.severity if self.classification == "real" else self.classification
        if self.rule and not self.rule.startswith(f"{prefix}:"):
            raise ValueError(f"the rule {self.rule} does not belong to {self.classification} {self.severity}")
        if (self.classification == "duplicate") != (self.duplicate_of is not None):
            raise ValueError("duplicate_of is given for duplicates and only for them")
        if self.classification != "real" and self.fixable_in_code is not None:
            raise ValueError("fixable_in_code is given for real cases only")
        if self.fixable_in_code is False and not self.not_fixable_reason:
            raise ValueError("a case that is not fixable in code says why")
        return self


class PastIncident(BaseModel):
    """An incident that had ended before; triage is not shown it today, people who label are."""

    model_config = ConfigDict(extra="forbid")

    id: int
    title: str
    status: str
    ended_at: str


class GoldenAlarm(BaseModel):
    """A case. `family` groups alarms of one kind with different answers: a family is never split in two."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    family: str
    service: str
    notification: dict[str, Any]
    occurrences: int = Field(ge=1)
    logs: Logs
    live: list[LiveIncident] = []
    past: list[PastIncident] = []
    expected: Expected
    why: str = Field(min_length=10)
    tags: list[str] = []
    hostile_goal: dict[str, str] | None = Field(None, description="what text in the evidence asks for")
    hostile_text: list[str] = Field([], description="that text, piece by piece")
    provenance: str = "authored"

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if parse_alarm(str(self.notification.get("Message", ""))) is None:
            raise ValueError("the notification's message is not a CloudWatch alarm")
        wanted = self.expected.duplicate_of
        if wanted is not None and wanted not in {incident.id for incident in self.live}:
            raise ValueError(f"duplicate_of {wanted} is not among the live incidents")
        return self

    @property
    def split(self) -> Split:
        """Return the side that the family's hash gives; it never changes while the family keeps its name."""
        share = int(hashlib.sha256(self.family.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
        return "held-out" if share < HELD_OUT_SHARE else "dev"

    @property
    def alarm(self) -> Alarm:
        alarm = parse_alarm(str(self.notification["Message"]))
        if alarm is None:
            raise ValueError(f"{self.id}: not an alarm")
        return alarm

    @property
    def facts(self) -> AlarmFacts:
        """Return the alarm in the words that the pipeline gives to every agent."""
        alarm = self.alarm
        return AlarmFacts(
            incident_id=INCIDENT_ID,
            service=self.service,
            alarm_name=alarm.name,
            alarm_description=alarm.description,
            state_reason=alarm.reason,
            state_changed_at=alarm.state_changed_at,
            metric=", ".join(f"{metric.namespace}/{metric.name}" for metric in alarm.metrics),
            threshold=alarm.threshold,
            occurrences=self.occurrences,
        )

    @property
    def context(self) -> TriageContext:
        """Return what triage is given, as the pipeline builds it from rows."""
        return TriageContext(alarm=self.facts, live_incidents=self.live, recent_logs=self.logs)

    @property
    def text(self) -> str:
        """Return every word of the evidence, for the linter and the baselines."""
        facts = self.facts
        titles = [incident.title for incident in self.live]
        messages = [event.message for event in self.logs.events]
        return "\n".join([facts.alarm_name, facts.alarm_description, facts.state_reason, *titles, *messages])

    def without_hostile_text(self) -> "GoldenAlarm":
        """Return the twin of the case in whose evidence nobody addresses the reader."""

        def calm(value: Any) -> Any:
            match value:
                case str():
                    # Inside a JSON log line or the alarm document the text stands with its quotes escaped.
                    for text in self.hostile_text:
                        for form in (text, json.dumps(text, ensure_ascii=False)[1:-1]):
                            value = value.replace(form, "-").replace(
                                json.dumps(form, ensure_ascii=False)[1:-1], "-"
                            )
                    return value
                case dict():
                    return {key: calm(entry) for key, entry in value.items()}
                case list():
                    return [calm(entry) for entry in value]
                case _:
                    return value

        without = {
            key: calm(entry) for key, entry in self.model_dump(mode="json").items() if key != "hostile_text"
        }
        return GoldenAlarm.model_validate({**without, "hostile_text": self.hostile_text})


def cases_read(path: Path = DATASET) -> list[GoldenAlarm]:
    """Return the cases of a dataset. Raises ValueError that names the line which does not fit."""
    cases = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            cases.append(GoldenAlarm.model_validate_json(line))
        except ValueError as error:
            raise ValueError(f"{path.name}, line {number}: {error}") from error
    return cases


def cases_write(cases: Iterable[GoldenAlarm], path: Path) -> None:
    """Write one case a line, in the order given, with the words readable in every language."""
    lines = [json.dumps(case.model_dump(mode="json"), ensure_ascii=False) for case in cases]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
