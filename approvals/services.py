"""Decisions of people about fixes: one wins, exactly these bytes, recorded with who, when and why."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from approvals.better_patches import better_patch_add
from approvals.choices import ApprovalState, Decision, PairSource, RejectionReason
from approvals.edited_patch import Better
from approvals.groups import SERVICE_ACCOUNTS
from approvals.models import Approval, ApprovalDecision
from core.errors import PlatformError
from incidents.choices import Status
from incidents.lifecycle import incident_announce, incident_move
from incidents.models import Incident

PERMISSION = "approvals.decide_approval"


class DecisionRefused(PlatformError):
    """The decision did not count; the text says why and who was first."""


def approval_approve(
    *, approval: Approval, user: User, comment: str = "", may_merge: bool = False
) -> ApprovalDecision:
    """Approve exactly the bytes asked about; the pull request opens once enough people have.

    `may_merge` lets the platform merge it when its checks are green, in a service that wants that.
    Raises DecisionRefused.
    """
    with transaction.atomic():
        row = _open_question(approval, user)
        decision = ApprovalDecision.objects.create(
            approval=row, user=user, decision=Decision.APPROVE, comment=comment, may_merge=may_merge
        )
        incident_announce(row.incident_id)
        people = row.decisions.filter(decision=Decision.APPROVE).count()
        if people >= row.people_needed:
            _end(row, ApprovalState.APPROVED)
            names = ", ".join(given.user.get_username() for given in row.decisions.select_related("user"))
            incident_move(
                incident=row.incident,
                target=Status.OPENING_PR,
                actor=f"user:{user.get_username()}",
                reason=comment or f"approved by {names}",
            )
    return decision


def approval_reject(
    *,
    approval: Approval,
    user: User,
    reason: RejectionReason,
    comment: str,
    better: Better | None = None,
) -> ApprovalDecision:
    """Reject the fix; a person's better patch goes to the sandbox and counts once it has passed there.

    Raises DecisionRefused; then nothing is recorded.
    """
    if better is not None and better.patch.sha256 == approval.fix.diff_sha256:
        raise DecisionRefused("The better patch is the same as the rejected one. Change it, or leave it out.")
    with transaction.atomic():
        row = _open_question(approval, user)
        decision = ApprovalDecision.objects.create(
            approval=row, user=user, decision=Decision.REJECT, reason=reason, comment=comment
        )
        _end(row, ApprovalState.REJECTED)
        if better is not None:
            better_patch_add(
                fix=row.fix,
                decision=decision,
                source=PairSource.EDITED_PATCH,
                patch=better.patch,
                diff=better.diff,
                origin=f"user:{user.get_username()}",
            )
        incident_move(
            incident=row.incident,
            target=Status.REJECTED,
            actor=f"user:{user.get_username()}",
            reason=f"{RejectionReason(reason).label}: {comment}",
        )
    return decision


def why_never_decide(user: User) -> str:
    """Return why this person decides nothing at all; empty if they may decide something."""
    if user.groups.filter(name=SERVICE_ACCOUNTS).exists():
        return f"{user} is a service account; only people decide."
    if not user.has_perm(PERMISSION):
        return f"{user} may not decide: the permission {PERMISSION} is needed (group approver)."
    return ""


def why_not_decide(*, approval: Approval, user: User) -> str:
    """Return why this person cannot decide this question now; empty if they can."""
    if why := why_never_decide(user):
        return why
    if approval.state != ApprovalState.PENDING:
        last = approval.decisions.select_related("user").order_by("-at").first()
        by = f" by {last.user} at {last.at:%Y-%m-%d %H:%M:%S} UTC" if last else ""
        why = f": {approval.ended_because}" if approval.ended_because else ""
        return f"This request is already {approval.state}{by}{why}; your decision was not counted."
    if approval.is_expired:
        return f"This request expired at {approval.expires_at:%Y-%m-%d %H:%M} UTC. It is asked again shortly."
    if approval.fix.author == f"user:{user.get_username()}":
        return "You wrote this patch; the decision about it must be another person's."
    mine = approval.decisions.filter(user=user).first()
    if mine is not None:
        return f"You approved this at {mine.at:%Y-%m-%d %H:%M:%S} UTC; the next approval must be another person's."
    if approval.incident.status != Status.AWAITING_APPROVAL:
        return f"The incident is {approval.incident.status} now; nothing in it waits for a decision."
    return ""


def _open_question(approval: Approval, user: User) -> Approval:
    """Return the row as it is now, locked and open to this person. Raises DecisionRefused."""
    # The incident first, as the gate locks them: two who take both never wait for one another.
    Incident.objects.select_for_update().get(pk=approval.incident_id)
    row = (
        Approval.objects.select_for_update(of=("self",))
        .select_related("incident__service", "fix")
        .get(pk=approval.pk)
    )
    why = why_not_decide(approval=row, user=user)
    if why:
        raise DecisionRefused(why)
    return row


def _end(approval: Approval, state: ApprovalState) -> None:
    approval.state, approval.decided_at = state, timezone.now()
    approval.save(update_fields=["state", "decided_at"])
