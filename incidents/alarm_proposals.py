"""Alarms that wait for people where a service wants that: asked once, decided by a click, made by a worker."""

from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from core.broadcast import broadcast
from core.errors import PlatformError
from core.nudge import ADVANCE, nudge
from incidents.choices import AlarmProposalState, Status
from incidents.lifecycle import InvalidTransition, StaleState
from incidents.models import AlarmProposal, Incident

State = AlarmProposalState

ASKED = Q(state=State.PROPOSED, asked_at__isnull=False)
# What a worker has to do something about: look at it for the first time, or make it.
FOR_WORKER = Q(state=State.APPROVED) | Q(state=State.PROPOSED, asked_at=None)


class UnknownAlarm(PlatformError):
    """The incident has no proposed alarm of this number."""


def alarms_asked(*, incident: Incident) -> Sequence[AlarmProposal]:
    """Return the alarms that people may decide on now."""
    if incident.status != Status.MONITORING:
        return []
    return list(AlarmProposal.objects.filter(ASKED, incident=incident))


def waits_for_alarm_decision() -> Q:
    """Return the condition of incidents that stand still for people and not for a worker: no sweep moves them."""
    proposals = AlarmProposal.objects.filter(incident=OuterRef("pk"))
    asked, for_worker = Exists(proposals.filter(ASKED)), Exists(proposals.filter(FOR_WORKER))
    return Q(asked, ~Q(for_worker), status=Status.MONITORING)


def alarms_ask(*, incident: Incident, ids: Collection[int]) -> Sequence[AlarmProposal]:
    """Put these to people, and return all that wait for them; the incident's reason says so.

    The caller holds the incident's lock, so that no click comes in between.
    """
    AlarmProposal.objects.filter(pk__in=ids, state=State.PROPOSED, asked_at=None).update(asked_at=timezone.now())
    waiting = alarms_asked(incident=incident)
    if waiting:
        _tell(incident, waiting)
    return waiting


def alarm_decide(*, proposal_id: int, state: AlarmProposalState, actor: str, incident: Incident) -> AlarmProposal:
    """Record a person's APPROVED or DECLINED and wake the pipeline, which makes what was approved.

    Raises UnknownAlarm, InvalidTransition if the incident is not at its alarms, and StaleState if it was decided.
    """
    with transaction.atomic():
        # The monitor resolves the incident under this lock: a click comes before that or is refused.
        row = Incident.objects.select_for_update().get(pk=incident.pk)
        proposal = AlarmProposal.objects.filter(pk=proposal_id, incident=row).first()
        if proposal is None:
            raise UnknownAlarm(f"incident {row.pk} has no proposed alarm {proposal_id}")
        if row.status != Status.MONITORING:
            raise InvalidTransition(f"incident {row.pk} is {row.status}, so its alarms are not decided now")
        decided = AlarmProposal.objects.filter(ASKED, pk=proposal_id).update(
            state=state, decided_by=actor, decided_at=timezone.now()
        )
        if not decided:
            by = f" by {proposal.decided_by}" if proposal.decided_by else ""
            raise StaleState(f"{proposal.name} is {proposal.state}{by}; nothing was changed")
        _tell(row, alarms_asked(incident=row))
        nudge(ADVANCE, row.pk)
    proposal.refresh_from_db()
    return proposal


def _tell(incident: Incident, waiting: Sequence[AlarmProposal]) -> None:
    """Say on the incident what it waits for; its clock starts again, because a person has just moved it."""
    names = ", ".join(proposal.name for proposal in waiting)
    count = "1 alarm waits" if len(waiting) == 1 else f"{len(waiting)} alarms wait"
    reason = f"merged; {count} for a click: {names}" if waiting else "merged; every alarm is decided"
    Incident.objects.filter(pk=incident.pk, status=Status.MONITORING).update(
        status_reason=reason, active_at=timezone.now()
    )
    broadcast({"type": "incident.changed", "incident_id": incident.pk, "status": incident.status, "cursor": 0})
