"""Everything that one approval page shows, gathered from rows as they are now, without secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings

from approvals.choices import Decision
from approvals.diff_page import DiffPage, diff_page
from approvals.models import Approval, ApprovalDecision, BetterPatch
from approvals.pairs import rejections_of_error
from approvals.transcript import Conversation, conversations
from core.errors import PlatformError
from core.redact import redact
from incidents import selectors
from incidents.api.redacted import redacted
from incidents.choices import MergePolicy, Stage, StageStatus
from incidents.models import Fix, Incident, PullRequest, Transition
from incidents.selectors import KnownIncident
from integrations.codehosts import code_host

EARLIER_SHOWN = 5
# A browser sends every edited file back whole.
EDITABLE_CHARACTERS = 200_000


@dataclass(frozen=True)
class CausalStep:
    claim: str
    reference: str
    url: str


@dataclass(frozen=True)
class EditableFile:
    path: str
    content: str


@dataclass(frozen=True)
class SimilarIncident:
    """A past incident that reads alike, with how its own fix ended."""

    known: KnownIncident
    pull_request: PullRequest | None


@dataclass(frozen=True)
class Radius:
    """What the change can reach: who calls it, and the routes, tasks and exports at the end."""

    callers: Sequence[dict[str, Any]]
    contracts: Sequence[str]
    is_cut: bool

    @property
    def files(self) -> int:
        return len({caller.get("path") for caller in self.callers})


@dataclass(frozen=True)
class DecisionPage:
    """Cause, proof, risk and change, each in the form that the template needs."""

    diagnosis: dict[str, Any]
    location_url: str
    steps: Sequence[CausalStep]
    report: dict[str, Any]
    review: dict[str, Any]
    warnings: Sequence[str]
    diff: DiffPage
    radius: Radius | None
    editable: Sequence[EditableFile]
    approvals_given: Sequence[ApprovalDecision]
    earlier_rejections: Sequence[ApprovalDecision]
    better_patches: Sequence[BetterPatch]
    similar: Sequence[SimilarIncident]
    timeline: Sequence[Transition]
    conversations: Sequence[Conversation]
    cost_usd: Decimal
    is_merge_offered: bool
    address: str


def decision_page(approval: Approval) -> DecisionPage:
    """Return what a person needs to decide, without another click."""
    incident, fix = approval.incident, approval.fix
    diagnosis = redacted(selectors.diagnosis_output(incident=incident))
    location = diagnosis.get("location") or {}
    rejections = rejections_of_error(incident).exclude(approval=approval)
    return DecisionPage(
        diagnosis=diagnosis,
        location_url=_url(approval, f"{location.get('path', '')}:{location.get('line_start', '')}"),
        steps=[_step(approval, step) for step in diagnosis.get("causal_chain", [])],
        report=redacted(fix.report or {}),
        review=redacted(fix.review or {}),
        warnings=redacted(fix.warnings),
        diff=diff_page(fix.diff),
        radius=_radius(fix),
        editable=_editable(fix.files),
        approvals_given=[given for given in approval.decisions.all() if given.decision == Decision.APPROVE],
        earlier_rejections=list(rejections[:EARLIER_SHOWN]),
        better_patches=list(
            fix.better_patches.filter(decision__approval=approval).select_related("fix__incident", "accepted_by")
        ),
        similar=_similar(incident),
        timeline=list(incident.transitions.order_by("id")),
        conversations=conversations(incident),
        cost_usd=selectors.spent_usd(incident=incident),
        is_merge_offered=incident.service.merge_policy == MergePolicy.WHEN_GREEN,
        address=settings.ENV.address,
    )


def _radius(fix: Fix) -> Radius | None:
    """Return what the fix's round handed on; None where it was not measured."""
    run = fix.incident.stage_runs.filter(
        stage=Stage.FIX, attempt=fix.attempt, candidate=fix.candidate, status=StageStatus.SUCCEEDED
    ).first()
    found = redacted(((run.output if run else None) or {}).get("blast_radius"))
    if not found or not found.get("changed"):
        return None
    return Radius(found.get("callers", []), found.get("contracts", []), bool(found.get("is_cut")))


def _step(approval: Approval, step: dict[str, Any]) -> CausalStep:
    citation = step.get("citation") or {}
    reference = str(citation.get("reference", ""))
    url = _url(approval, reference) if citation.get("kind") == "code" else ""
    return CausalStep(str(step.get("claim", "")), reference, url)


def _url(approval: Approval, reference: str) -> str:
    """Return a permanent link to `path:line` or `path:line-line` at the fix's base commit, or "" if it is none."""
    path, _, lines = reference.rpartition(":")
    first = lines.split("-")[0]
    if not path or not first.isdecimal():
        return ""
    try:
        return code_host().file_url(
            approval.incident.service.repository, approval.fix.base_commit, path, int(first)
        )
    except PlatformError:
        return ""  # a page without one link is worth more than none


def _editable(files: dict[str, str | None]) -> list[EditableFile]:
    """Return the files that can be edited in the page: text of a sensible size in which nothing must be hidden."""
    return [
        EditableFile(path, content)
        for path, content in sorted(files.items())
        if content is not None and len(content) <= EDITABLE_CHARACTERS and redact(content) == content
    ]


def _similar(incident: Incident) -> list[SimilarIncident]:
    found = selectors.newest_output(incident=incident, stage=Stage.SIMILAR).get("incidents", [])
    known = selectors.known_incidents(ids=[entry["id"] for entry in found])
    opened = PullRequest.objects.filter(incident__in=[other.incident.pk for other in known])
    by_incident = {pull_request.incident_id: pull_request for pull_request in opened}
    return [SimilarIncident(other, by_incident.get(other.incident.pk)) for other in known]
