"""What happened: rows only. Writes are in services.py and lifecycle.py, reads in selectors.py."""

from incidents.models.event import Event
from incidents.models.fix import AlarmProposal, Fix, PullRequest
from incidents.models.incident import Incident, Transition
from incidents.models.service import Service
from incidents.models.stage import AgentStep, StageRun

__all__ = [
    "AgentStep",
    "AlarmProposal",
    "Event",
    "Fix",
    "Incident",
    "PullRequest",
    "Service",
    "StageRun",
    "Transition",
]
