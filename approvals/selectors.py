"""Reads about decisions."""

from approvals.choices import Decision, RejectionReason
from approvals.models import ApprovalDecision
from incidents.models import Incident


def rejection_reasons(*, incident: Incident) -> list[str]:
    """Return why people rejected earlier fixes for this incident's fingerprint, newest first, at most ten."""
    decisions = ApprovalDecision.objects.filter(
        approval__incident__fingerprint=incident.fingerprint, decision=Decision.REJECT
    ).order_by("-at")[:10]
    return [f"{RejectionReason(decision.reason).label}: {decision.comment}" for decision in decisions]
