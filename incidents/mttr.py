"""How long incidents take: to the first pull request, to the merge, to the end. From rows alone.

Incidents that are still open are not dropped: a percentile over those that are done would only show the fast
ones. The curve counts them as censored (Kaplan and Meier 1958).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Literal

from django.utils import timezone

from core.intervals import percentile
from incidents.canary import without_canary
from incidents.choices import ENDED, Classification, Status
from incidents.held_times import HeldTimes
from incidents.models import Incident, StageRun, Transition
from incidents.time_parts import Hold, Move, Parts, Work, first_at, ordered, split

PERCENTILES = (0.5, 0.75, 0.9, 0.95)

Handler = Literal["agents", "people", "nobody"]
OVER: dict[Handler, str] = {
    "agents": "over, by a pull request of the agents",
    "people": "over, by people without one",
}
# Ends after which the trouble is over; what was rejected may still be there.
CURED = frozenset({Status.RESOLVED, Status.CLOSED})


@dataclass(frozen=True)
class History:
    """One real incident, as far as its time goes. A time is None while it has not come, or never will."""

    incident_id: int
    service: str
    severity: str
    alarm_changed_at: datetime
    received_at: datetime
    pull_request_at: datetime | None
    merged_at: datetime | None
    resolved_at: datetime | None
    ended_at: datetime | None
    is_cured: bool
    handled_by: Handler
    parts: Parts

    @property
    def to_pull_request(self) -> timedelta | None:
        return _span(self.received_at, self.pull_request_at)

    @property
    def from_alarm_to_pull_request(self) -> timedelta | None:
        return _span(self.alarm_changed_at, self.pull_request_at)

    @property
    def to_merge(self) -> timedelta | None:
        return _span(self.received_at, self.merged_at)

    @property
    def to_resolve(self) -> timedelta | None:
        return _span(self.received_at, self.resolved_at)

    @property
    def to_end(self) -> timedelta | None:
        """Until the trouble was over, whoever ended it; for what people cure no pull request of ours says when."""
        return _span(self.received_at, self.ended_at if self.is_cured else None)

    @property
    def week(self) -> str:
        return f"{self.received_at:%G-W%V}"


@dataclass(frozen=True)
class Summary:
    """Percentiles in seconds over what happened; `censored` incidents have not come there, and may never."""

    name: str
    count: int
    censored: int
    mean: float | None
    percentiles: dict[float, float | None]
    median_with_censored: float | None


@dataclass(frozen=True)
class Point:
    """The share of incidents that are still without a pull request after `seconds`."""

    seconds: float
    share: float
    at_risk: int


def histories(
    *, since: datetime | None = None, service: str | None = None, now: datetime | None = None
) -> list[History]:
    """Return the incidents that were not noise and no duplicates, oldest first, in five queries."""
    incidents = without_canary(Incident.objects.select_related("service")).exclude(
        classification__in=[Classification.NOISE, Classification.DUPLICATE]
    )
    if since is not None:
        incidents = incidents.filter(first_seen_at__gte=since)
    if service is not None:
        incidents = incidents.filter(service__name=service)
    incidents = incidents.order_by("id")
    moves: dict[int, list[Move]] = {}
    for transition in Transition.objects.filter(incident__in=incidents).order_by("id"):
        is_by_person = transition.actor.startswith("user:")
        move = Move(transition.source, transition.target, transition.at, is_by_person)
        moves.setdefault(transition.incident_id, []).append(move)
    works: dict[int, list[Work]] = {}
    for run in StageRun.objects.filter(incident__in=incidents).order_by("id"):
        works.setdefault(run.incident_id, []).append(
            Work(
                stage=run.stage,
                status=run.status,
                started_at=run.started_at,
                ended_at=run.finished_at,
                model_seconds=run.model_seconds,
                tool_seconds=run.tool_seconds,
                exit_reason=run.exit_reason,
            )
        )
    moment = now or timezone.now()
    begun = [incident for incident in incidents if incident.pk in moves]
    held = HeldTimes(begun, now=moment)
    found = []
    for incident in begun:
        story = ordered(moves[incident.pk])
        entered_at = first_at(story, Status.TRIAGING, source=Status.OPEN)
        holds = held.of(incident, opened_at=story[0].at, entered_at=entered_at)
        found.append(_history(incident, story, works.get(incident.pk, []), holds, moment))
    return found


def summary(name: str, found: Sequence[History], span: Callable[[History], timedelta | None]) -> Summary:
    """Return the percentiles of a span, and the median that counts those which have not come there."""
    seconds = [value.total_seconds() for history in found if (value := span(history)) is not None]
    points = curve(found, span)
    return Summary(
        name=name,
        count=len(seconds),
        censored=len(found) - len(seconds),
        mean=sum(seconds) / len(seconds) if seconds else None,
        percentiles={share: percentile(seconds, share) for share in PERCENTILES},
        # A product of fractions: exactly half comes out a little more or less.
        median_with_censored=next((point.seconds for point in points if point.share <= 0.5 + 1e-9), None),
    )


def curve(
    found: Sequence[History], span: Callable[[History], timedelta | None], *, now: datetime | None = None
) -> list[Point]:
    """Return the Kaplan-Meier curve of `span`; who has not come there leaves it at its end, or now."""
    moment = now or timezone.now()
    events: list[tuple[float, bool]] = []
    for history in found:
        reached = span(history)
        until = reached if reached is not None else (history.ended_at or moment) - history.received_at
        events.append((max(until.total_seconds(), 0.0), reached is not None))
    points, share, at_risk = [Point(0.0, 1.0, len(events))], 1.0, len(events)
    for seconds, together in groupby(sorted(events), key=itemgetter(0)):
        arrivals = [reached for _, reached in together]
        if happened := sum(arrivals):
            share *= 1 - happened / at_risk
            points.append(Point(seconds, share, at_risk))
        at_risk -= len(arrivals)
    return points


def grouped(found: Sequence[History], key: Callable[[History], str]) -> Iterator[tuple[str, list[History]]]:
    """Yield the incidents by `key`, in the order of the keys."""
    by_key: dict[str, list[History]] = {}
    for history in found:
        by_key.setdefault(key(history), []).append(history)
    yield from sorted(by_key.items())


def handled_by(moves: Sequence[Move]) -> Handler:
    """Return who dealt with an incident: `agents` brought a pull request, else `people` were called or ended it.

    `nobody` is the rest: the agents are still at work, or the alarm went away before anybody did anything.
    """
    if any(move.target == Status.PR_OPEN for move in moves):
        return "agents"
    if any(move.target == Status.NEEDS_HUMAN or move.is_by_person for move in moves):
        return "people"
    return "nobody"


@dataclass(frozen=True)
class Handled:
    """How long it took one side until the trouble was over; what is still open or was rejected is censored."""

    handler: Handler
    to_end: Summary


def agents_and_people(found: Sequence[History]) -> list[Handled]:
    """Return both sides' times, agents first. It is no experiment: people get what agents could not do.

    A pull request that a person opened is not known here, so the end of the trouble is what both sides have.
    """
    sides = []
    for handler, name in OVER.items():
        own = [history for history in found if history.handled_by == handler]
        sides.append(Handled(handler, summary(name, own, lambda history: history.to_end)))
    return sides


def parts_sum(found: Sequence[History]) -> Parts:
    """Return the parts of all incidents that have a pull request, added up."""
    done = [history.parts for history in found if history.pull_request_at is not None]
    return Parts(
        **{
            name: sum((getattr(parts, name) for parts in done), timedelta(0))
            for name in ("queue", "model", "tools", "sandbox", "people", "parked")
        }
    )


def _history(
    incident: Incident, moves: Sequence[Move], works: Sequence[Work], holds: Sequence[Hold], now: datetime
) -> History:
    received_at = moves[0].at
    pull_request_at = first_at(moves, Status.PR_OPEN)
    last = moves[-1]
    ended_at = last.at if last.target in ENDED else None
    end = pull_request_at or ended_at or max(now, received_at)
    return History(
        incident_id=incident.pk,
        service=incident.service.name,
        severity=incident.severity or "none",
        alarm_changed_at=min(incident.first_seen_at, received_at),
        received_at=received_at,
        pull_request_at=pull_request_at,
        merged_at=first_at(moves, Status.MONITORING, source=Status.PR_OPEN),
        resolved_at=first_at(moves, Status.RESOLVED),
        ended_at=ended_at,
        is_cured=last.target in CURED,
        handled_by=handled_by(moves),
        parts=split(moves, works, start=received_at, end=end, holds=holds),
    )


def _span(start: datetime, end: datetime | None) -> timedelta | None:
    return None if end is None else end - start
