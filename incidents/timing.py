"""How long an incident took and whose time it was, from `Transition` rows alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.choices import Status
from incidents.models import Incident
from incidents.time_parts import HUMAN, Move, ordered


@dataclass(frozen=True)
class TimeToPullRequest:
    """From the opening of the incident to its pull request; `agents + people == total`, exactly."""

    total: timedelta
    agents: timedelta
    people: timedelta


def time_to_pull_request(incident: Incident) -> TimeToPullRequest | None:
    """Return how the time until the first pull request was spent, or None if there is none yet."""
    people = timedelta(0)
    opened_at: datetime | None = None
    waiting_since: datetime | None = None
    rows = incident.transitions.order_by("id").values_list("source", "target", "at")
    for move in ordered([Move(*row) for row in rows]):
        opened_at = opened_at or move.at
        if waiting_since is not None:
            people += move.at - waiting_since
        waiting_since = move.at if move.target in HUMAN else None
        if move.target == Status.PR_OPEN:
            total = move.at - opened_at
            return TimeToPullRequest(total=total, agents=total - people, people=people)
    return None
