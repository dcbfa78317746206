"""What monitor generation is given."""

from pydantic import BaseModel

from agents.alarm import AlarmFacts
from agents.diagnosis.handoff import Diagnosis


class MonitorContext(BaseModel):
    """`diff` is the merged one; `log_groups` are all that the service writes to."""

    service: str
    incident_id: int
    diagnosis: Diagnosis
    diff: str
    alarm: AlarmFacts
    log_groups: list[str]
