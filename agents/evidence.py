"""What the evidence stages found, as every later agent sees it. Each piece is one stage's output, version 1."""

from datetime import datetime

from pydantic import BaseModel


class LogEvent(BaseModel):
    """One log event; `id` is what a citation of kind `log_event` refers to."""

    id: str
    at: datetime
    log_group: str
    log_stream: str
    message: str


class Logs(BaseModel):
    events: list[LogEvent] = []
    log_groups: list[str] = []
    filter_pattern: str = ""
    missing: str = ""


class CommitNote(BaseModel):
    sha: str
    author: str
    authored_at: datetime
    subject: str
    paths: list[str]


class Commits(BaseModel):
    commits: list[CommitNote] = []
    missing: str = ""


class SimilarIncident(BaseModel):
    """A past or live incident that reads alike; a hint, never a decision."""

    id: int
    title: str
    status: str
    distance: float
    root_cause: str = ""
    fix_summary: str = ""


class Similar(BaseModel):
    incidents: list[SimilarIncident] = []
    missing: str = ""


class Owners(BaseModel):
    owners: list[str] = []
    missing: str = ""


class Evidence(BaseModel):
    """All pieces; `missing` of a piece says why it is empty."""

    logs: Logs = Logs()
    commits: Commits = Commits()
    similar: Similar = Similar()
    owners: Owners = Owners()
