"""Histories for tests: an incident with the transitions that it has been through."""

from datetime import datetime, timedelta

from incidents.choices import Classification, Status
from incidents.models import Incident, Service, Transition
from incidents.tests.factories import IncidentFactory

AGENT = "agent:test"
PERSON = "user:ada"


def moved_incident(
    *moves: tuple[Status, float],
    opened_at: datetime,
    service: Service | None = None,
    actor: str = AGENT,
    classification: Classification = Classification.REAL,
) -> Incident:
    """Return an incident opened then that made each move so many seconds later, the last one by `actor`."""
    given = {} if service is None else {"service": service}
    incident: Incident = IncidentFactory.create(
        first_seen_at=opened_at, status=moves[-1][0], classification=classification, **given
    )
    source = ""
    for number, (target, seconds) in enumerate([(Status.OPEN, 0.0), *moves]):
        Transition.objects.create(
            incident=incident,
            source=source,
            target=target,
            actor=actor if number == len(moves) else AGENT,
            at=opened_at + timedelta(seconds=seconds),
        )
        source = target
    return incident
