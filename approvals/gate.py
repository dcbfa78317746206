"""The gate: no fix at or above the service's threshold gets past it without an approval of exactly its bytes."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from approvals.choices import ApprovalState
from approvals.models import Approval
from approvals.risk import Assessment
from core.errors import NeedsHuman
from incidents.choices import Risk
from incidents.models import Fix, Incident

APPROVAL_LASTS = timedelta(hours=24)


class GateClosed(NeedsHuman):
    """A fix was about to become a pull request without the approval that it needs."""

    exit_reason = "GateClosed"


@dataclass(frozen=True)
class GateDecision:
    """`approval` is the question that people must answer first; None: the risk is below the threshold."""

    assessment: Assessment
    approval: Approval | None


def needs_person(incident: Incident, risk: Risk) -> bool:
    """Return whether a fix of this risk waits for a person in this incident's service."""
    return risk.rank >= Risk(incident.service.approval_threshold).rank


def gate_ask(*, incident: Incident, fix: Fix, assessment: Assessment) -> GateDecision:
    """Let a low risk pass, else return the pending or given approval of exactly this fix, asking if there is none.

    A pending question about other bytes is superseded. Safe to call again.
    """
    if not needs_person(incident, assessment.risk):
        return GateDecision(assessment, None)
    with transaction.atomic():
        Incident.objects.select_for_update().get(pk=incident.pk)
        answered = (
            Approval.objects.filter(
                incident=incident,
                diff_sha256=fix.diff_sha256,
                state__in=[ApprovalState.PENDING, ApprovalState.APPROVED],
                expires_at__gt=timezone.now(),
            )
            .order_by("-requested_at")
            .first()
        )
        if answered is not None:
            return GateDecision(assessment, answered)
        incident.approvals.filter(state=ApprovalState.PENDING).update(state=ApprovalState.SUPERSEDED)
        approval = Approval.objects.create(
            incident=incident,
            fix=fix,
            diff_sha256=fix.diff_sha256,
            risk=assessment.risk,
            reasons=[{"risk": point.risk, "reason": point.reason} for point in assessment.points],
            expires_at=timezone.now() + APPROVAL_LASTS,
        )
    return GateDecision(assessment, approval)


def gate_check(*, incident: Incident, fix: Fix, risk: Risk) -> None:
    """Raise GateClosed unless these bytes may become a pull request now; reads the live rows under a lock."""
    with transaction.atomic():
        Incident.objects.select_for_update().get(pk=incident.pk)
        if fix.patch.sha256 != fix.diff_sha256:
            raise GateClosed(f"The stored bytes of {fix} do not match their sha256; nothing was opened.")
        if not needs_person(incident, risk):
            return
        is_approved = Approval.objects.filter(
            incident=incident,
            diff_sha256=fix.diff_sha256,
            state=ApprovalState.APPROVED,
            expires_at__gt=timezone.now(),
        ).exists()
    if not is_approved:
        raise GateClosed(f"{fix} has risk {risk} and no valid approval of its bytes. Resume to ask again.")
