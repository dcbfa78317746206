"""The demo's data file: what happens to orders-service, typed; `evals/demo/incidents.yaml` explains the fields."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from agents.fix.handoff import Edit, NewFile
from approvals.choices import RejectionReason
from config.env import BASE_DIR

DEMO_DIR = BASE_DIR / "evals" / "demo"
MODEL_SCRIPT = DEMO_DIR / "model_script.yaml"
SERVICE_SOURCES = DEMO_DIR / "orders-service"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SourceCommit(Strict):
    author: str
    email: str
    days_ago: int
    subject: str
    paths: list[str]


class Repository(Strict):
    name: str
    default_branch: str
    commits: list[SourceCommit]


class AlarmDocument(Strict):
    name: str
    description: str
    namespace: str
    metric_name: str
    statistic: Literal["SampleCount", "Average", "Sum", "Minimum", "Maximum"]
    period_seconds: int
    evaluation_periods: int
    threshold: float
    comparison_operator: Literal["GreaterThanOrEqualToThreshold", "GreaterThanThreshold"]
    treat_missing_data: str
    state_reason: str


class FilterDocument(Strict):
    name: str
    pattern: str


class LoggedLine(Strict):
    seconds_ago: int
    message: str

    def at(self, now: datetime) -> datetime:
        return now - timedelta(seconds=self.seconds_ago)

    def text(self, now: datetime) -> str:
        """Return the message with its own time in it, as the service logs it."""
        stamp = self.at(now).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        return self.message.replace("{{ time }}", stamp)


class PlayedIncident(Strict):
    key: str
    alarm: AlarmDocument
    metric_filter: FilterDocument
    log_stream: str
    log_events: list[LoggedLine]


class Rejection(Strict):
    incident: str
    reason: RejectionReason
    comment: str
    edits: list[Edit] = []
    new_files: list[NewFile] = []


class Scenario(Strict):
    repository: Repository
    log_group: str
    incidents: list[PlayedIncident]
    rejection: Rejection

    def incident(self, key: str) -> PlayedIncident:
        return next(incident for incident in self.incidents if incident.key == key)


def load(path: Path = DEMO_DIR / "incidents.yaml") -> Scenario:
    """Return the demo's scenario. Raises pydantic.ValidationError if the file does not fit."""
    return Scenario.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
