"""Decisions of people about fixes: one wins, exactly these bytes, recorded with who, when and why."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from approvals.choices import ApprovalState, Decision, PairSource, RejectionReason
from approvals.edited_patch import patch_from_diff
from approvals.models import Approval, ApprovalDecision, PreferencePair
from core.errors import PlatformError
from core.patch import Patch
from core.redact import redact
from incidents.choices import Stage, Status
from incidents.lifecycle import incident_move
from incidents.selectors import conversation_prompt
from integrations.codehosts import code_host

PERMISSION = "approvals.decide_approval"


class DecisionRefused(PlatformError):
    """The decision did not count; the text says why and who was first."""


def approval_approve(*, approval: Approval, user: User, comment: str = "") -> ApprovalDecision:
    """Approve exactly the bytes asked about and let the pull request open. Raises DecisionRefused."""
    with transaction.atomic():
        decision = _decide(approval, user, ApprovalState.APPROVED, Decision.APPROVE, comment=comment)
        incident_move(
            incident=approval.incident,
            target=Status.OPENING_PR,
            actor=f"user:{user.get_username()}",
            reason=comment or "approved",
        )
    return decision


def approval_reject(
    *,
    approval: Approval,
    user: User,
    reason: RejectionReason,
    comment: str,
    better_diff: str = "",
) -> ApprovalDecision:
    """Reject the fix; with a better patch, keep both answers to the same prompt as a preference pair.

    `better_diff` is a unified diff against the fix's base commit. Raises DecisionRefused, BetterPatchRefused and
    UnsafePath; then nothing is recorded.
    """
    fix = approval.fix
    better, chosen = Patch(), ""
    if better_diff.strip():
        base = code_host().checkout(approval.incident.service.repository, fix.base_commit).path
        better = patch_from_diff(better_diff, base=base)
        chosen = better.diff(base)
        if better.sha256 == fix.diff_sha256:
            raise DecisionRefused("The better patch is the same as the rejected one. Change it, or leave it out.")
    with transaction.atomic():
        decision = _decide(
            approval,
            user,
            ApprovalState.REJECTED,
            Decision.REJECT,
            reason=reason,
            comment=comment,
            better_files=dict(better.files) or None,
        )
        if chosen:
            PreferencePair.objects.create(
                incident=approval.incident,
                prompt=conversation_prompt(
                    incident=approval.incident, stage=Stage.FIX, attempt=fix.attempt, candidate=fix.candidate
                ),
                chosen=redact(chosen),
                rejected=redact(fix.diff),
                source=PairSource.EDITED_PATCH,
                reason=reason,
                comment=comment,
                decided_by=user,
            )
        incident_move(
            incident=approval.incident,
            target=Status.REJECTED,
            actor=f"user:{user.get_username()}",
            reason=f"{RejectionReason(reason).label}: {comment}",
        )
    return decision


def _decide(
    approval: Approval, user: User, state: ApprovalState, decision: Decision, **fields: object
) -> ApprovalDecision:
    if not user.has_perm(PERMISSION):
        raise DecisionRefused(f"{user} may not decide: the permission {PERMISSION} is needed (group approver).")
    now = timezone.now()
    if approval.expires_at <= now:
        raise DecisionRefused(f"This request expired at {approval.expires_at:%Y-%m-%d %H:%M} UTC. Ask again.")
    won = Approval.objects.filter(pk=approval.pk, state=ApprovalState.PENDING).update(state=state, decided_at=now)
    if not won:
        approval.refresh_from_db()
        first = approval.decisions.order_by("-at").first()
        by = f" by {first.user} at {first.at:%H:%M:%S} UTC" if first else ""
        raise DecisionRefused(f"This request is already {approval.state}{by}; your decision was not counted.")
    return ApprovalDecision.objects.create(approval=approval, user=user, decision=decision, **fields)
