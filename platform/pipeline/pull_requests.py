"""The pull request: exactly the bytes that passed, at most one for an incident, however often it is tried."""

from django.utils import timezone
from pydantic import BaseModel

from approvals.gate import gate_check, needs_person
from core.errors import NeedsHuman
from incidents.choices import MergePolicy, PullRequestState, Stage, StageStatus, Status, Verdict
from incidents.lifecycle import incident_move
from incidents.models import Fix, Incident, PullRequest, StageRun
from incidents.services import pull_request_merged
from integrations.codehost import CodeHostError
from integrations.codehosts import code_host
from pipeline.fixes import fix_chosen
from pipeline.gates import fix_assessment
from pipeline.indexing import incident_refresh
from pipeline.pull_request_body import pull_request_body, pull_request_title
from pipeline.stages import pipeline_move, stage_run

ACTOR = "system:pull_request"


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

    The branch name follows from the incident, so that a second try finds the first one's work.
    Raises NotTheTriedBytes or GateClosed instead of opening anything else.
    """
    fix = _fix_to_open(incident)
    risk = fix_assessment(fix).risk
    gate_check(incident=incident, fix=fix, risk=risk)
    is_platforms_to_merge = incident.service.merge_policy == MergePolicy.WHEN_GREEN
    may_merge = is_platforms_to_merge and not needs_person(incident, risk)

    def work(_run: object) -> PullRequestOpened:
        opened = code_host().open_pull_request(
            repository=incident.service.repository,
            base_branch=incident.service.default_branch,
            base_commit=fix.base_commit,
            branch=f"agent-platform/incident-{incident.pk}-{incident.fingerprint[:8]}",
            title=pull_request_title(fix),
            body=pull_request_body(fix),
            files=fix.patch.files,
            labels=["agent-platform", f"severity:{incident.severity}"],
            reviewers=incident.service.owners,
        )
        PullRequest.objects.update_or_create(
            incident=incident,
            defaults={
                "fix": fix,
                "repository": incident.service.repository,
                "number": opened.number,
                "url": opened.url,
                "branch": opened.branch,
                "head_commit": opened.head_commit,
                "diff_sha256": fix.diff_sha256,
                "is_merged_by_platform": may_merge,
                "opened_at": timezone.now(),
            },
        )
        return PullRequestOpened(
            number=opened.number, url=opened.url, branch=opened.branch, diff_sha256=fix.diff_sha256
        )

    opened = stage_run(incident, Stage.PULL_REQUEST, PullRequestOpened, work)
    incident_refresh(incident)
    pipeline_move(incident, Status.PR_OPEN, actor=ACTOR, reason=opened.url)
    if PullRequest.objects.filter(incident=incident, state=PullRequestState.MERGED).exists():
        # Resumed after its merge: no webhook will tell of that again.
        incident_move(incident=incident, target=Status.MONITORING, actor=ACTOR, reason="merged before")


def pull_request_merge(incident: Incident) -> None:
    """Merge what the platform may merge itself; the host's webhook tells the rest.

    Called again after a merge whose webhook never came, it asks the host and records what it says.
    What the host refuses to merge is left to people, with its reason.
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
        PullRequest.objects.filter(pk=pull_request.pk).update(is_merged_by_platform=False)
        raise NotMerged(f"{pull_request} was not merged: {refusal}. Merge or close it by hand.") from refusal
    if was_merged:
        pull_request_merged(pull_request=pull_request, merge_commit=merged.merge_commit, actor="system:sweeper")


def _fix_to_open(incident: Incident) -> Fix:
    fix = fix_chosen(incident)
    if fix is None or fix.verdict != Verdict.FIXED or not fix.report:
        raise NotTheTriedBytes("There is no fix with a passed trial; nothing was opened.")
    if not (fix.patch.sha256 == fix.diff_sha256 == fix.report["patch_sha256"]):
        raise NotTheTriedBytes(f"The bytes of {fix} are not the ones that passed the sandbox; nothing was opened.")
    return fix
