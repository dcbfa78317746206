"""The pull request: exactly the bytes that passed, at most one for an incident, however often it is tried."""

from datetime import timedelta

from django.utils import timezone
from pydantic import BaseModel

from approvals.branch import files_on_branch
from approvals.choices import Decision
from approvals.gate import GateDecision
from core.errors import NeedsHuman
from incidents.choices import MergePolicy, PullRequestState, Stage, StageStatus, Status, Verdict
from incidents.lifecycle import incident_move
from incidents.models import Fix, Incident, PullRequest, StageRun
from incidents.services import pull_request_merged
from integrations.codehost import ChecksPending, CodeHost, CodeHostError
from integrations.codehosts import code_host
from pipeline.fix_facts import fix_assessment
from pipeline.fixes import fix_chosen
from pipeline.gates import gate_pass
from pipeline.indexing import incident_refresh
from pipeline.pull_request_body import pull_request_body, pull_request_title
from pipeline.reviewers import reviewers_of
from pipeline.stages import pipeline_move, stage_run

ACTOR = "system:pull_request"
# What does not end within a day will not end by itself.
CHECKS_WAITED_FOR = timedelta(hours=24)


class NotTheTriedBytes(NeedsHuman):
    exit_reason = "NotTheTriedBytes"


class NotMerged(NeedsHuman):
    exit_reason = "NotMerged"


class PullRequestOpened(BaseModel):
    """Output of the pull request stage, version 1."""

    number: int
    url: str
    branch: str
    diff_sha256: str


class Merged(BaseModel):
    """Output of the merge stage, version 1."""

    merge_commit: str


def pull_request_open(incident: Incident) -> None:
    """Open the incident's pull request from the fix that passed, was reviewed and is allowed through the gate.

    The branch name follows from the incident, so that a second try finds the first one's work. Without an
    approval that holds now, people are asked again and nothing is opened.
    Raises NotTheTriedBytes or GateClosed instead of opening anything else.
    """
    fix = _fix_to_open(incident)
    host, repository = code_host(), incident.service.repository
    branch = f"agent-platform/incident-{incident.pk}-{incident.fingerprint[:8]}"
    recorded = PullRequest.objects.filter(incident=incident, diff_sha256=fix.diff_sha256).first()
    assessment = None
    if recorded is not None:
        # The gate was for opening it: what is open already is only brought to its end.
        may_merge = recorded.is_merged_by_platform
    elif _has_ended(incident, host, branch):
        may_merge = False  # its merge is what moved the default branch: there is nothing left to ask about
    else:
        decision = gate_pass(incident, fix)
        if decision is None:
            return
        may_merge, assessment = _may_merge(incident, decision), decision.assessment

    def work(_run: object) -> PullRequestOpened:
        opened = host.open_pull_request(
            repository=repository,
            base_branch=incident.service.default_branch,
            base_commit=fix.base_commit,
            branch=branch,
            title=pull_request_title(fix),
            body=pull_request_body(fix, assessment or fix_assessment(fix, files_on_branch(fix))),
            files=fix.patch.files,
            labels=["agent-platform", f"severity:{incident.severity}"],
            reviewers=reviewers_of(fix, host),
        )
        now = timezone.now()
        row = {
            "fix": fix,
            "repository": repository,
            "number": opened.number,
            "url": opened.url,
            "branch": opened.branch,
            "head_commit": opened.head_commit,
            "diff_sha256": fix.diff_sha256,
            "is_merged_by_platform": may_merge,
            "opened_at": now,
        }
        # One that a killed worker opened may have ended before this row could be found by the webhook that told.
        end = {
            "state": opened.state,
            "merge_commit": opened.merge_commit,
            "closed_at": None if opened.state == "open" else now,
        }
        PullRequest.objects.update_or_create(incident=incident, defaults=row, create_defaults={**row, **end})
        return PullRequestOpened(
            number=opened.number, url=opened.url, branch=opened.branch, diff_sha256=fix.diff_sha256
        )

    opened = stage_run(incident, Stage.PULL_REQUEST, PullRequestOpened, work)
    incident_refresh(incident)
    pipeline_move(incident, Status.PR_OPEN, actor=ACTOR, reason=opened.url)
    # What ended before the incident came here, no webhook will tell of again.
    match PullRequest.objects.get(incident=incident).state:
        case PullRequestState.MERGED:
            incident_move(incident=incident, target=Status.MONITORING, actor=ACTOR, reason="merged before")
        case PullRequestState.CLOSED:
            incident_move(incident=incident, target=Status.REJECTED, actor=ACTOR, reason="closed before")


def pull_request_merge(incident: Incident) -> None:
    """Merge what the platform may merge itself; the host's webhook tells the rest.

    Called again after a merge whose webhook never came, it asks the host and records what it says.
    While the host's checks go on, the incident waits and the sweeper tries again. What the host refuses to merge,
    and what is not green after a day, is left to people with its reason.
    """
    pull_request = PullRequest.objects.get(incident=incident)
    if not pull_request.is_merged_by_platform:
        return
    host = code_host()
    was_merged = StageRun.objects.filter(
        incident=incident, stage=Stage.MERGE, status=StageStatus.SUCCEEDED
    ).exists()

    def work(_run: object) -> Merged:
        return Merged(
            merge_commit=host.merge_pull_request(
                pull_request.repository, pull_request.number, head_commit=pull_request.head_commit
            )
        )

    try:
        merged = stage_run(incident, Stage.MERGE, Merged, work)
    except CodeHostError as refusal:
        raise _left_to_people(pull_request, refusal) from refusal
    except ChecksPending as pending:
        if timezone.now() - pull_request.opened_at > CHECKS_WAITED_FOR:
            raise _left_to_people(pull_request, pending) from pending
        raise
    if was_merged:
        pull_request_merged(pull_request=pull_request, merge_commit=merged.merge_commit, actor="system:sweeper")


def _has_ended(incident: Incident, host: CodeHost, branch: str) -> bool:
    """Return whether people have ended the pull request that a worker opened before it was killed."""
    if not StageRun.objects.filter(incident=incident, stage=Stage.PULL_REQUEST).exists():
        return False
    found = host.find_pull_request(incident.service.repository, branch)
    return found is not None and found.state != "open"


def _left_to_people(pull_request: PullRequest, why: Exception) -> NotMerged:
    PullRequest.objects.filter(pk=pull_request.pk).update(is_merged_by_platform=False)
    return NotMerged(f"{pull_request} was not merged: {why}. Merge or close it by hand.")


def _may_merge(incident: Incident, decision: GateDecision) -> bool:
    """Return whether the platform merges it: the service wants that, and where people decided each ticked it."""
    if incident.service.merge_policy != MergePolicy.WHEN_GREEN:
        return False
    if decision.approval is None:
        return True
    decided = list(decision.approval.decisions.all())
    return bool(decided) and all(given.decision == Decision.APPROVE and given.may_merge for given in decided)


def _fix_to_open(incident: Incident) -> Fix:
    fix = fix_chosen(incident)
    if fix is None or fix.verdict != Verdict.FIXED or not fix.report:
        raise NotTheTriedBytes("There is no fix with a passed trial; nothing was opened.")
    if not (fix.patch.sha256 == fix.diff_sha256 == fix.report["patch_sha256"]):
        raise NotTheTriedBytes(f"The bytes of {fix} are not the ones that passed the sandbox; nothing was opened.")
    return fix
