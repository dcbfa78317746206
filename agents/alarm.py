"""The alarm that started an incident, as an agent sees it."""

from datetime import datetime

from pydantic import BaseModel


class AlarmFacts(BaseModel):
    """Everything outside text in here reaches a model redacted and marked as data."""

    incident_id: int
    service: str
    alarm_name: str
    alarm_description: str
    state_reason: str
    state_changed_at: datetime
    metric: str
    threshold: str
    occurrences: int
