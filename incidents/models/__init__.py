"""What happened: rows only. Writes are in services.py and lifecycle.py, reads in selectors.py."""

from incidents.models.event import Event
from incidents.models.fix import AlarmProposal, Fix, PullRequest
from incidents.models.golden import GoldenCase
from incidents.models.incident import Incident, Transition
from incidents.models.pause import Pause
from incidents.models.service import Service
from incidents.models.stage import AgentStep, DaySpend, StageRun

__all__ = [
    "AgentStep",
    "AlarmProposal",
    "DaySpend",
    "Event",
    "Fix",
    "GoldenCase",
    "Incident",
    "Pause",
    "PullRequest",
    "Service",
    "StageRun",
    "Transition",
]
