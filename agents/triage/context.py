"""What triage is given."""

from datetime import datetime

from pydantic import BaseModel

from agents.alarm import AlarmFacts
from agents.evidence import Logs


class LiveIncident(BaseModel):
    """An incident that has not ended, read from the live store just before the call."""

    id: int
    title: str
    status: str
    severity: str
    alarm_name: str
    first_seen_at: datetime


class TriageContext(BaseModel):
    alarm: AlarmFacts
    live_incidents: list[LiveIncident] = []
    recent_logs: Logs = Logs()
