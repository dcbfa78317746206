"""What must be true of an incident whatever was killed, from the rows and from the stand-ins' records."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from django.db.models import Sum

from approvals.choices import ApprovalState
from approvals.models import Approval
from incidents.choices import AlarmProposalState, Risk, Stage, StageStatus, Status
from incidents.models import AgentStep, Event, Incident, PullRequest, StageRun
from integrations.git import git
from integrations.github.standin import GitHubStandin
from integrations.localgit.configured import local_git_host


def broken_of(alarm: str, github: GitHubStandin, *, sent: int = 1) -> list[str]:
    """Return every promise that is broken for the incident of `alarm`, as sentences; none is what is wanted."""
    if problems := miscounted_of(alarm, sent, ends_as=Status.RESOLVED):
        return problems
    incident = Incident.objects.select_related("service").get(title=alarm)
    checks = (
        _moves(incident),
        _stages(incident),
        _pull_request(incident, github),
        _spend(incident),
        _alarms(incident),
    )
    return [f"{alarm}: {problem}" for found in checks for problem in found]


def miscounted_of(alarm: str, sent: int, *, ends_as: Status) -> list[str]:
    """Return what is wrong unless every notification is one event, and all of them are one incident that ended.

    Noise ends within a second: what repeats after that is another incident, and noise again.
    """
    events = Event.objects.filter(alarm_name=alarm).count()
    if events != sent:
        return [f"{alarm}: {events} events are stored of {sent} notifications"]
    incidents = list(Incident.objects.filter(title=alarm))
    if not incidents or (len(incidents) > 1 and ends_as != Status.NOISE):
        return [f"{alarm}: {len(incidents)} incidents were opened by {sent} notifications"]
    return [
        f"{alarm}: #{incident.pk} is {incident.status} ({incident.status_reason[:200]})"
        for incident in incidents
        if incident.status != ends_as
    ]


def _moves(incident: Incident) -> Iterator[str]:
    """Each status change is one row, and each begins where the one before ended."""
    moves = list(incident.transitions.order_by("id"))
    for before, after in pairwise(moves):
        if before.target != after.source:
            yield f"a move from {after.source} follows one to {before.target}"
        if after.at < before.at:
            yield f"the move to {after.target} is dated before the move to {before.target}"
    if not moves or moves[0].source or moves[-1].target != incident.status:
        yield "its moves do not lead from its opening to its status"
    if sum(move.target == Status.PR_OPEN for move in moves) > 1:
        yield "it was moved to pr_open more than once"


def _stages(incident: Incident) -> Iterator[str]:
    runs = StageRun.objects.filter(incident=incident)
    for run in runs.filter(status__in=[StageStatus.RUNNING, StageStatus.WAITING]):
        yield f"its stage {run} was never finished"
    done = set(runs.filter(status=StageStatus.SUCCEEDED).values_list("stage", flat=True))
    for stage in sorted(set(Stage) - done):
        yield f"its stage {stage} never succeeded"


def _pull_request(incident: Incident, github: GitHubStandin) -> Iterator[str]:
    """One, with the bytes that passed the sandbox, and none at or above the threshold without an approval."""
    ours = PullRequest.objects.select_related("fix").get(incident=incident)
    fix, repository = ours.fix, incident.service.repository
    head = f"{repository.partition('/')[0]}:{ours.branch}"
    pulls = github.answer_as_client("GET", f"/repos/{repository}/pulls", {"state": "all", "head": head})
    if len(pulls) != 1:
        yield f"the code host has {len(pulls)} pull requests of {ours.branch}"
    report = fix.report or {}
    if not (fix.patch.sha256 == fix.diff_sha256 == ours.diff_sha256 == report.get("patch_sha256")):
        yield "the bytes of its pull request are not the ones that were tried"
    if report.get("verdict") != "fixed":
        yield f"its pull request stands on the verdict {report.get('verdict')}"
    yield from _pushed(ours)
    gate = StageRun.objects.filter(incident=incident, stage=Stage.GATE, status=StageStatus.SUCCEEDED).latest("pk")
    risk, threshold = Risk((gate.output or {})["risk"]), Risk(incident.service.approval_threshold)
    approved = Approval.objects.filter(incident=incident, fix=fix, state=ApprovalState.APPROVED)
    if risk.rank >= threshold.rank and not approved.exists():
        yield f"its risk is {risk} and nobody approved it"


def _pushed(ours: PullRequest) -> Iterator[str]:
    git_dir = local_git_host().git_dir(ours.repository)
    for path, content in ours.fix.files.items():
        pushed = git("show", f"{ours.head_commit}:{path}", directory=git_dir).decode()
        if pushed != content:
            yield f"{path} was pushed with other bytes than those that were tried"


def _spend(incident: Incident) -> Iterator[str]:
    steps = AgentStep.objects.filter(stage_run__incident=incident).aggregate(total=Sum("cost_usd"))["total"]
    stages = StageRun.objects.filter(incident=incident).aggregate(total=Sum("cost_usd"))["total"]
    # More is what calls of killed workers may have cost.
    if (steps or Decimal(0)) > (stages or Decimal(0)):
        yield f"its steps cost {steps} USD and its stages {stages}"
    if (stages or Decimal(0)) > incident.service.budget_usd_per_incident:
        yield f"it cost {stages} USD, more than its budget"


def _alarms(incident: Incident) -> Iterator[str]:
    states = list(incident.alarm_proposals.values_list("state", flat=True))
    if states != [AlarmProposalState.CREATED]:
        yield f"its alarm proposals are {states}"


def lost_of(alarms: Sequence[str], answers: dict[str, int]) -> list[str]:
    """Return what was not taken in the end: SNS would have given it up."""
    return [
        f"{alarm}: its delivery ended with {answers.get(alarm, 0)}"
        for alarm in alarms
        if answers.get(alarm) != 200
    ]
