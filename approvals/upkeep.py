"""What happens to questions while nobody looks: they expire and are asked again, remind, or are withdrawn."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from approvals.announcements import announcements_send, reminders_add
from approvals.better_patches import better_patches_nudge
from approvals.choices import ApprovalState
from approvals.gate import approval_end, approval_request
from approvals.hand_work import hand_work_search
from approvals.models import Approval
from approvals.pairs import pairs_of_approvals, pairs_of_candidates
from incidents.choices import Risk, Status
from incidents.models import Incident

# The gate asks first and moves the incident then: in between its question is its own to end or to keep.
AT_THE_GATE = (Status.REVIEWING, Status.OPENING_PR)
PAIRS_LOOK_BACK = timedelta(days=30)


def upkeep() -> None:
    """Do all of it once; safe to run again and beside itself."""
    questions_renew()
    questions_withdraw()
    reminders_add(now=timezone.now())
    announcements_send()
    better_patches_nudge()


def questions_renew() -> None:
    """Ask again what nobody answered in time."""
    late = Approval.objects.filter(state=ApprovalState.PENDING, expires_at__lte=timezone.now())
    for approval in late.select_related("incident__service", "fix"):
        with transaction.atomic():
            incident = Incident.objects.select_for_update().get(pk=approval.incident_id)
            if incident.status in AT_THE_GATE:
                continue
            why = f"nobody answered until {approval.expires_at:%Y-%m-%d %H:%M} UTC"
            is_ended = approval_end(approval, ApprovalState.EXPIRED, why)
            if is_ended and incident.status == Status.AWAITING_APPROVAL:
                approval_request(
                    incident=approval.incident,
                    fix=approval.fix,
                    risk=Risk(approval.risk),
                    reasons=approval.reasons,
                    branch_files=approval.branch_files,
                )


def questions_withdraw() -> None:
    """End the questions of incidents that wait for no decision any more."""
    answerable = (Status.AWAITING_APPROVAL, *AT_THE_GATE)
    left = Approval.objects.filter(state=ApprovalState.PENDING).exclude(incident__status__in=answerable)
    for approval in left:
        with transaction.atomic():
            incident = Incident.objects.select_for_update().get(pk=approval.incident_id)
            if incident.status not in answerable:
                approval_end(approval, ApprovalState.WITHDRAWN, f"the incident is {incident.status}")


def pairs_collect() -> None:
    """Make the preference pairs that rows and the code host have in them and that are not kept yet."""
    since = timezone.now() - PAIRS_LOOK_BACK
    pairs_of_candidates(incidents=Incident.objects.filter(active_at__gte=since))
    pairs_of_approvals(approvals=Approval.objects.filter(decided_at__gte=since))
    hand_work_search()
