"""The gate: no fix at or above the service's threshold gets past it without an approval of exactly its bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from approvals.announcements import announcement_add
from approvals.choices import AnnouncementKind, ApprovalState, Decision
from approvals.models import Approval
from approvals.risk import Assessment
from core.errors import NeedsHuman
from incidents.choices import Risk
from incidents.models import Fix, Incident

ANSWERABLE = (ApprovalState.PENDING, ApprovalState.APPROVED)


class GateClosed(NeedsHuman):
    """A fix was about to become a pull request without the approval that it needs."""

    exit_reason = "GateClosed"


@dataclass(frozen=True)
class GateDecision:
    """`approval` is the question that people must answer first; None: nobody has to be asked."""

    assessment: Assessment
    approval: Approval | None

    @property
    def is_open(self) -> bool:
        return self.approval is None or self.approval.state == ApprovalState.APPROVED


def needs_person(incident: Incident, fix: Fix, risk: Risk) -> bool:
    """Return whether a fix of this risk waits for a person in this incident's service; unknown means yes.

    What a person wrote always does: two people stand behind it, as behind any change of theirs.
    """
    threshold = incident.service.approval_threshold
    if fix.author or threshold not in Risk.values:
        return True
    return risk.rank >= Risk(threshold).rank


def people_needed(risk: Risk) -> int:
    """Return how many different people must approve a fix of this risk."""
    return int(settings.ENV.approval_people_for_critical) if risk == Risk.CRITICAL else 1


def gate_ask(
    *, incident: Incident, fix: Fix, assessment: Assessment, branch_files: Mapping[str, str | None]
) -> GateDecision:
    """Let a low risk pass, else return the pending or given approval of exactly this fix, asking if there is none.

    `branch_files` are the digests of the fix's files on the default branch now. A question or approval that was
    of something else, or has expired, is ended with its reason, and people are asked again. Safe to call again.
    """
    if not needs_person(incident, fix, assessment.risk):
        return GateDecision(assessment, None)
    with transaction.atomic():
        Incident.objects.select_for_update().get(pk=incident.pk)
        for earlier in incident.approvals.filter(state__in=ANSWERABLE).order_by("-requested_at"):
            why = stale_because(earlier, fix=fix, risk=assessment.risk, branch_files=branch_files)
            if not why:
                return GateDecision(assessment, earlier)
            approval_end(earlier, ApprovalState.EXPIRED if earlier.is_expired else ApprovalState.SUPERSEDED, why)
        approval = approval_request(
            incident=incident,
            fix=fix,
            risk=assessment.risk,
            reasons=[{"risk": point.risk, "reason": point.reason} for point in assessment.points],
            branch_files=branch_files,
        )
    return GateDecision(assessment, approval)


def gate_check(*, incident: Incident, fix: Fix, risk: Risk, branch_files: Mapping[str, str | None]) -> None:
    """Raise GateClosed unless these bytes may become a pull request now; reads the live rows under a lock."""
    with transaction.atomic():
        Incident.objects.select_for_update().get(pk=incident.pk)
        if fix.patch.sha256 != fix.diff_sha256:
            raise GateClosed(f"The stored bytes of {fix} do not match their sha256; nothing was opened.")
        if not needs_person(incident, fix, risk):
            return
        approved = incident.approvals.filter(state=ApprovalState.APPROVED)
        is_approved = any(
            not stale_because(approval, fix=fix, risk=risk, branch_files=branch_files)
            and _people_who_approved(approval, fix) >= approval.people_needed
            for approval in approved
        )
    if not is_approved:
        raise GateClosed(f"{fix} has risk {risk} and no valid approval of its bytes. Resume to ask again.")


def stale_because(approval: Approval, *, fix: Fix, risk: Risk, branch_files: Mapping[str, str | None]) -> str:
    """Return why this approval, given or asked for, does not hold for this fix now; empty if it does."""
    if approval.diff_sha256 != fix.diff_sha256:
        return "a newer fix took its place"
    if approval.is_expired:
        return f"it expired at {approval.expires_at:%Y-%m-%d %H:%M} UTC"
    if risk.rank > Risk(approval.risk).rank or people_needed(risk) > approval.people_needed:
        return f"the risk is {risk} now, and {approval.risk} was asked about"
    paths = approval.branch_files.keys() | branch_files.keys()
    moved = sorted(path for path in paths if approval.branch_files.get(path, "") != branch_files.get(path, ""))
    return f"{', '.join(moved)} changed on the default branch meanwhile" if moved else ""


def approval_request(
    *,
    incident: Incident,
    fix: Fix,
    risk: Risk,
    reasons: list[dict[str, str]],
    branch_files: Mapping[str, str | None],
) -> Approval:
    """Ask people about exactly these bytes and have it announced; the caller holds the incident's lock."""
    approval = Approval.objects.create(
        incident=incident,
        fix=fix,
        diff_sha256=fix.diff_sha256,
        risk=risk,
        reasons=reasons,
        branch_files=dict(branch_files),
        people_needed=people_needed(risk),
        expires_at=timezone.now() + timedelta(hours=settings.ENV.approval_hours),
    )
    announcement_add(approval, AnnouncementKind.ASKED)
    return approval


def approval_end(approval: Approval, state: ApprovalState, why: str) -> bool:
    """End a question or approval that people did not end; return False if it had ended before."""
    ended = Approval.objects.filter(pk=approval.pk, state=approval.state).update(state=state, ended_because=why)
    return bool(ended)


def _people_who_approved(approval: Approval, fix: Fix) -> int:
    others = approval.decisions.filter(decision=Decision.APPROVE).exclude(
        user__username=fix.author.removeprefix("user:")
    )
    return others.values("user").distinct().count()
