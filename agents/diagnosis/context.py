"""What diagnosis is given."""

from pydantic import BaseModel

from agents.alarm import AlarmFacts
from agents.evidence import Evidence
from agents.triage.handoff import Triage


class DiagnosisContext(BaseModel):
    alarm: AlarmFacts
    triage: Triage
    evidence: Evidence = Evidence()
