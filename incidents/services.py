"""What people and code hosts do to events, incidents and pull requests."""

from django.db import transaction
from django.utils import timezone

from core.nudge import drain_bell
from incidents.choices import ENDED, Disposition, PullRequestState, Status
from incidents.lifecycle import InvalidTransition, StaleState, incident_move
from incidents.locks import advisory_lock
from incidents.models import Event, Incident, PullRequest, Service
from incidents.relabelling import closing_label_undo


def event_route(*, event: Event, actor: str, service: Service | None = None) -> None:
    """Let an unrouted event be drained again: for `service`, or for whichever claims it by now.

    Raises StaleState if the event is not unrouted any more.
    """
    with transaction.atomic():
        routed = Event.objects.filter(pk=event.pk, disposition=Disposition.UNROUTED).update(
            service=service,
            disposition=Disposition.RECEIVED,
            disposition_reason=f"{actor} routed it to {service.name}" if service else "",
            drained_at=None,
        )
        if not routed:
            raise StaleState(f"event {event.pk} is not unrouted any more; nothing was changed")
        drain_bell.ring()


def incident_resume(*, incident: Incident, actor: str, reason: str = "") -> None:
    """Start an incident again that waits for a person. Raises InvalidTransition, or StaleState."""
    if incident.status != Status.NEEDS_HUMAN:
        raise InvalidTransition(
            f"incident {incident.pk} is {incident.status}; only one that needs a human can be resumed"
        )
    incident_move(incident=incident, target=Status.OPEN, actor=actor, reason=reason or "resumed")


def incident_pause(*, incident: Incident, actor: str, reason: str = "") -> None:
    """Stop a run until somebody resumes it; what its workers are doing now is kept and leads nowhere by itself."""
    incident_move(incident=incident, target=Status.NEEDS_HUMAN, actor=actor, reason=f"paused{_because(reason)}")


def incident_send(*, incident: Incident, to: str, actor: str, reason: str = "") -> None:
    """Leave the rest to a named person."""
    incident_move(
        incident=incident, target=Status.NEEDS_HUMAN, actor=actor, reason=f"sent to {to}{_because(reason)}"
    )


def incident_close(*, incident: Incident, actor: str, reason: str = "") -> None:
    """End it without a fix."""
    incident_move(incident=incident, target=Status.CLOSED, actor=actor, reason=reason or "closed in the console")


def merge_hold(*, incident: Incident, actor: str, reason: str = "") -> None:
    """Leave an open pull request that the platform would merge to people. Raises StaleState if there is none."""
    waiting = PullRequest.objects.filter(
        incident=incident, is_merged_by_platform=True, state=PullRequestState.OPEN
    )
    with transaction.atomic():
        if not waiting.update(is_merged_by_platform=False, merge_held_by=actor):
            raise StaleState(f"incident {incident.pk} has no open pull request that the platform merges")
        Incident.objects.filter(pk=incident.pk).update(
            status_reason=f"{actor} left the merge to people{_because(reason)}"
        )


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def pull_request_merged(*, pull_request: PullRequest, merge_commit: str, actor: str) -> bool:
    """Record the merge and send the incident on to its monitors; return False if it was recorded before."""
    with transaction.atomic():
        incident, row = _locked(pull_request)
        if row.state == PullRequestState.MERGED:
            return False
        if row.state == PullRequestState.CLOSED:
            # A host merges no closed one: nobody told that it was opened again.
            _wait_again(incident, actor=actor, reason=f"{row} was opened again")
        row.state, row.merge_commit = PullRequestState.MERGED, merge_commit
        row.closed_at = timezone.now()
        row.save(update_fields=["state", "merge_commit", "closed_at"])
        if _is_pr_open(incident, row, actor=actor):
            incident_move(
                incident=incident, target=Status.MONITORING, actor=actor, reason=f"merged as {merge_commit[:12]}"
            )
    return True


def pull_request_closed(*, pull_request: PullRequest, actor: str, reason: str) -> bool:
    """Record that a person closed it unmerged, which rejects the incident; return False if it was not open."""
    with transaction.atomic():
        incident, row = _locked(pull_request)
        if row.state != PullRequestState.OPEN:
            return False
        row.state, row.closed_at = PullRequestState.CLOSED, timezone.now()
        row.save(update_fields=["state", "closed_at"])
        if _is_pr_open(incident, row, actor=actor):
            incident_move(incident=incident, target=Status.REJECTED, actor=actor, reason=reason)
    return True


def pull_request_reopened(*, pull_request: PullRequest, actor: str, reason: str) -> bool:
    """Record that a person opened a closed one again; return False if it was not closed.

    The incident waits for it as before, unless another one is live for the same alarm meanwhile. Merging it is
    left to people: one of them has closed it once.
    """
    with transaction.atomic():
        incident, row = _locked(pull_request)
        if row.state != PullRequestState.CLOSED:
            return False
        row.state, row.closed_at = PullRequestState.OPEN, None
        if row.is_merged_by_platform:
            row.is_merged_by_platform, row.merge_held_by = False, actor
        row.save(update_fields=["state", "closed_at", "is_merged_by_platform", "merge_held_by"])
        _wait_again(incident, actor=actor, reason=reason)
    return True


def _wait_again(incident: Incident, *, actor: str, reason: str) -> None:
    """Take back what the closing of its pull request made of the incident: rejected, and perhaps a false alarm."""
    closing_label_undo(incident=incident)
    newer = Incident.objects.filter(fingerprint=incident.fingerprint).exclude(status__in=ENDED)
    if incident.status == Status.REJECTED and not newer.exists():
        incident_move(incident=incident, target=Status.PR_OPEN, actor=actor, reason=reason)


def _locked(pull_request: PullRequest) -> tuple[Incident, PullRequest]:
    """Return the rows as they are now, held until the transaction ends."""
    # Before the rows, as intake does: it may be about to open another incident for the same alarm.
    advisory_lock(pull_request.incident.fingerprint)
    rows = PullRequest.objects.select_for_update(of=("self", "incident")).select_related("incident")
    row = rows.get(pk=pull_request.pk)
    return row.incident, row


def _is_pr_open(incident: Incident, pull_request: PullRequest, *, actor: str) -> bool:
    """Return whether the incident waits for its pull request.

    The host may tell of an end before the worker that opened the pull request has moved the incident on.
    """
    if incident.status == Status.OPENING_PR:
        incident_move(incident=incident, target=Status.PR_OPEN, actor=actor, reason=pull_request.url, wake=False)
    return incident.status == Status.PR_OPEN
