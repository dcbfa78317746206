"""What became of earlier fixes of the same files: pull requests of this platform and people's rejections."""

from collections.abc import Collection
from datetime import timedelta

from django.db.models import Case, When
from django.utils import timezone

from approvals.choices import Decision
from approvals.models import ApprovalDecision
from approvals.risk import EarlierFix
from incidents.choices import PullRequestState
from incidents.models import Fix, PullRequest

LOOK_BACK = timedelta(days=90)
# Of each kind, the newest and what was refused before the rest: two make the risk high, however many there are.
MOST = 20


def earlier_fixes(fix: Fix, *, paths: Collection[str]) -> list[EarlierFix]:
    """Return what was done to `paths` in the repository's other incidents within 90 days, MOST of each kind."""
    since = timezone.now() - LOOK_BACK
    repository = fix.incident.service.repository
    opened = (
        PullRequest.objects.filter(
            repository=repository, opened_at__gte=since, fix__files__has_any_keys=list(paths)
        )
        .exclude(incident=fix.incident_id)
        .select_related("fix")
        .only("repository", "number", "state", "fix__files")
        .order_by(Case(When(state=PullRequestState.CLOSED, then=0), default=1), "-opened_at")[:MOST]
    )
    rejected = (
        ApprovalDecision.objects.filter(
            decision=Decision.REJECT,
            at__gte=since,
            approval__incident__service__repository=repository,
            approval__fix__files__has_any_keys=list(paths),
        )
        .exclude(approval__incident=fix.incident_id)
        .select_related("approval__fix", "user")
        .order_by("-at")[:MOST]
    )
    found = [
        EarlierFix(path, _became(pull_request), is_refused=pull_request.state == PullRequestState.CLOSED)
        for pull_request in opened
        for path in sorted(paths)
        if path in pull_request.fix.files
    ]
    found += [
        EarlierFix(path, f"a person rejected a fix of it ({decision.get_reason_display()})", is_refused=True)
        for decision in rejected
        for path in sorted(paths)
        if path in decision.approval.fix.files
    ]
    return found


def _became(pull_request: PullRequest) -> str:
    ends = {
        PullRequestState.OPEN: "is open",
        PullRequestState.MERGED: "was merged",
        PullRequestState.CLOSED: "was closed unmerged",
    }
    return f"{pull_request} {ends[PullRequestState(pull_request.state)]}"
