"""A person's patch that was taken as the fix, made a round of its own: written by a person, tried already."""

from django.db import transaction
from django.db.models import Max

from agents.grounding.blast_radius import radius_of_patch
from agents.grounding.kept import index_for
from approvals.accepting import patch_made, patch_taken
from approvals.models import BetterPatch
from incidents.choices import Stage, StageStatus
from incidents.models import Fix, Incident, StageRun
from integrations.codehosts import code_host
from pipeline.fixes import ProposalMade
from pipeline.stages import stage_run
from sandbox.contract import TrialReport


def persons_fix_make(incident: Incident) -> None:
    """Make a fix of the patch that people took, if there is one; safe to call again after a crash anywhere."""
    patch = patch_taken(incident)
    if patch is None:
        return
    report = TrialReport.model_validate(patch.report)
    attempt = patch.accepted_as.attempt if patch.accepted_as else _next_attempt(incident)
    stage_run(incident, Stage.FIX, ProposalMade, lambda _run: _made(patch, report, attempt), attempt=attempt)
    stage_run(incident, Stage.TRIAL, TrialReport, lambda _run: report, attempt=attempt)


def _made(patch: BetterPatch, report: TrialReport, attempt: int) -> ProposalMade:
    replaced = patch.fix
    checkout = code_host().checkout(replaced.incident.service.repository, replaced.base_commit)
    radius = radius_of_patch(patch.patch, index=index_for(checkout))
    if patch.accepted_as:  # a worker died between this and the end of the stage
        return ProposalMade(fix_id=patch.accepted_as.pk, blast_radius=radius)
    with transaction.atomic():
        fix = Fix.objects.create(
            incident=replaced.incident,
            attempt=attempt,
            author=patch.origin,
            base_commit=replaced.base_commit,
            files=patch.files,
            diff=patch.diff,
            diff_sha256=patch.sha256,
            rationale=_rationale(patch),
            warnings=patch.warnings,
            verdict=report.verdict,
            report=report.model_dump(mode="json"),
        )
        patch_made(patch, fix)
    return ProposalMade(fix_id=fix.pk, blast_radius=radius)


def _rationale(patch: BetterPatch) -> str:
    comment = f" {patch.decision.comment}" if patch.decision else ""
    return f"Written by {patch.origin.removeprefix('user:')} instead of {patch.fix}.{comment}"


def _next_attempt(incident: Incident) -> int:
    # A round that a killed worker began is not ended, and is taken up again under its own number.
    ended = StageRun.objects.filter(
        incident=incident, stage=Stage.FIX, status__in=[StageStatus.SUCCEEDED, StageStatus.FAILED]
    )
    return int(ended.aggregate(Max("attempt"))["attempt__max"] or 0) + 1
