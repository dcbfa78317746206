"""What became of earlier fixes of the same files: pull requests of this platform and people's rejections."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from operator import itemgetter
from typing import Any

from django.db.models import QuerySet
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
    opened = PullRequest.objects.filter(
        repository=repository, opened_at__gte=since, fix__files__has_any_keys=list(paths)
    ).exclude(incident=fix.incident_id)
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
        EarlierFix(path, _became(pull_request), is_refused=pull_request["state"] == PullRequestState.CLOSED)
        for pull_request in _newest(opened)
        for path in sorted(paths)
        if path in pull_request["fix__files"]
    ]
    found += [
        EarlierFix(path, f"a person rejected a fix of it ({decision.get_reason_display()})", is_refused=True)
        for decision in rejected
        for path in sorted(paths)
        if path in decision.approval.fix.files
    ]
    return found


def _newest(opened: QuerySet[PullRequest]) -> Sequence[Mapping[str, Any]]:
    """Return the newest MOST, those that were refused before the rest.

    MOST of each state by its own index, so that a repository with years of pull requests is not read through.
    """
    refused, *others = [
        opened.filter(state=state)
        .order_by("-opened_at")
        .values("repository", "number", "state", "opened_at", "fix__files")[:MOST]
        for state in (PullRequestState.CLOSED, PullRequestState.OPEN, PullRequestState.MERGED)
    ]
    newest = sorted(refused.union(*others, all=True), key=itemgetter("opened_at"), reverse=True)
    return sorted(newest, key=lambda each: each["state"] != PullRequestState.CLOSED)[:MOST]


def _became(pull_request: Mapping[str, Any]) -> str:
    ends = {
        PullRequestState.OPEN: "is open",
        PullRequestState.MERGED: "was merged",
        PullRequestState.CLOSED: "was closed unmerged",
    }
    state = PullRequestState(pull_request["state"])
    return f"{pull_request['repository']}#{pull_request['number']} {ends[state]}"
