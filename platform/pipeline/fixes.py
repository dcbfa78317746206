"""Rounds of fixing: candidates proposed by the model, tried in the sandbox, until one passes or rounds run out."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from pydantic import BaseModel

from agents.diagnosis.handoff import Diagnosis
from agents.fix.agent import propose_fix
from agents.fix.context import FixContext, PreviousAttempt
from agents.fix.patch_guard import check_patch
from agents.grounding.blast_radius import BlastRadius, radius_of_patch
from agents.grounding.kept import index_for
from agents.grounding.unproven import unproven_uses
from approvals.choices import ApprovalState
from approvals.selectors import rejection_reasons
from core.errors import NeedsHuman
from incidents.choices import Stage, Status, Verdict
from incidents.models import Fix, Incident, StageRun
from pipeline.canary_service import is_canary
from pipeline.facts import alarm_facts, deployed_checkout
from pipeline.preparation import Preparation, prepared_in
from pipeline.rounds import (
    Round,
    SameBytes,
    held,
    others_stand,
    round_begun,
    round_fresh,
    rounds_allowed,
    twin_of,
)
from pipeline.sessions import session_for
from pipeline.stages import pipeline_move, stage_output, stage_run
from sandbox.contract import TrialReport
from sandbox.runners import configured
from sandbox.trial import try_fix

logger = structlog.get_logger(__name__)

# What a second reader's words weigh where several candidates passed; the least is the best.
RISK_WEIGHTS = {"LOW": 0, "MEDIUM": 100, "HIGH": 200, "CRITICAL": 300}
FINDING_WEIGHTS = {"info": 0, "minor": 1, "major": 5, "critical": 20}


class NoFixPassed(NeedsHuman):
    exit_reason = "NoFixPassed"


class ProposalMade(BaseModel):
    """Output of the fix stage, version 1: the row that holds the change, and what the change can reach."""

    fix_id: int
    blast_radius: BlastRadius = BlastRadius()


def round_next(incident: Incident) -> Round | None:
    """Move on to review if a candidate passed; else return the next round, an unfinished one first.

    Raises NotNow while the sandbox is not prepared and NoFixPassed after the last round.
    """
    stage_output(incident, Stage.PREPARE, Preparation)
    begun = round_begun(incident)
    if begun is not None and begun.candidates:
        return begun
    passed = fix_chosen(incident)
    if passed is not None and is_canary(incident.service):
        # The verdict is what it was sent for; nothing of it goes to a code host.
        pipeline_move(incident, Status.RESOLVED, actor="system:canary", reason=f"verdict: {passed.verdict}")
        return None
    if passed is not None:
        pipeline_move(
            incident, Status.REVIEWING, actor="system:sandbox", reason=f"round {passed.attempt} passed its trial"
        )
        return None
    last = begun.attempt if begun is not None else 0
    if last >= rounds_allowed(incident):
        raise NoFixPassed(_why_none_passed(incident, last))
    return round_fresh(incident, last + 1)


def fix_chosen(incident: Incident) -> Fix | None:
    """Return the fix to go on with: one that passed its trial, no review asks for changes and no person rejected.

    Of one round it is one that was not reviewed yet, while there is one; then the one that the review likes best,
    and of equals the smallest. A review sends no person's patch back: its findings raise the risk.
    """
    rejected = set(incident.approvals.filter(state=ApprovalState.REJECTED).values_list("fix", flat=True))
    passed = [
        fix
        for fix in incident.fixes.filter(verdict=Verdict.FIXED).exclude(pk__in=rejected)
        if fix.author or not fix.review or fix.review["decision"] == "approve"
    ]
    return min(passed, key=_preference, default=None)


def fix_propose(incident: Incident, *, attempt: int, candidate: int) -> None:
    """Have one candidate written and keep it."""
    diagnosis = stage_output(incident, Stage.DIAGNOSIS, Diagnosis)
    preparation = stage_output(incident, Stage.PREPARE, Preparation)

    def work(run: StageRun) -> ProposalMade:
        checkout = deployed_checkout(incident)
        proposed = propose_fix(
            FixContext(
                alarm=alarm_facts(incident),
                diagnosis=diagnosis,
                attempt=attempt,
                candidate=candidate,
                test_framework=preparation.prepared.ecosystem,
                previous=_previous(incident, before=attempt),
                rejections=rejection_reasons(incident=incident),
                allowed_paths=incident.service.allowed_paths,
            ),
            session_for("fix", incident, run),
            checkout=checkout,
        )
        index = index_for(checkout)
        radius = radius_of_patch(proposed.patch, index=index)
        written = {
            "base_commit": checkout.commit,
            "files": dict(proposed.patch.files),
            "diff": proposed.patch.diff(checkout.path),
            "diff_sha256": proposed.patch.sha256,
            "rationale": proposed.proposal.rationale,
            "warnings": [
                *check_patch(proposed.patch, checkout=checkout.path).warnings,
                *unproven_uses(proposed.patch, index=index),
            ],
        }
        with held(run):
            fix, _ = Fix.objects.update_or_create(
                incident=incident, attempt=attempt, candidate=candidate, defaults=written
            )
        return ProposalMade(fix_id=fix.pk, blast_radius=radius)

    with _its_own_failure(incident, attempt, candidate):
        stage_run(incident, Stage.FIX, ProposalMade, work, attempt=attempt, candidate=candidate)


def fix_try(incident: Incident, *, attempt: int, candidate: int) -> None:
    """Try one candidate in the sandbox and keep what was found out."""
    proposal = stage_output(incident, Stage.FIX, ProposalMade, attempt=attempt, candidate=candidate)
    preparation = stage_output(incident, Stage.PREPARE, Preparation)
    fix = Fix.objects.get(pk=proposal.fix_id)

    def work(run: StageRun) -> TrialReport:
        twin = twin_of(run, fix.diff_sha256)
        if twin is not None:
            raise SameBytes(f"Candidate {twin} of round {attempt} is the same change; its trial counts.")
        sandbox = configured()
        # This worker may be on another host than the one that prepared: the cache makes this free on the same one.
        prepared = prepared_in(sandbox, incident)
        report = try_fix(sandbox, prepared, fix.patch, baseline=preparation.baseline)
        with held(run):
            Fix.objects.filter(pk=fix.pk, diff_sha256=report.patch_sha256).update(
                verdict=report.verdict, report=report.model_dump(mode="json")
            )
        return report

    with _its_own_failure(incident, attempt, candidate):
        stage_run(incident, Stage.TRIAL, TrialReport, work, attempt=attempt, candidate=candidate)


@contextmanager
def _its_own_failure(incident: Incident, attempt: int, candidate: int) -> Iterator[None]:
    """Let a candidate that cannot be written or tried take no other with it; the last one goes to a person."""
    try:
        yield
    except NeedsHuman as stop:
        if not others_stand(incident, attempt):
            raise
        logger.info("fix.candidate_out", attempt=attempt, candidate=candidate, reason=stop.reason)


def _preference(fix: Fix) -> tuple[int, bool, int, int]:
    """Return what puts the fixes that passed in order: the best comes first."""
    review = fix.review or {}
    weight = RISK_WEIGHTS[review["risk"]] if review else 0
    findings = sum(FINDING_WEIGHTS[finding["severity"]] for finding in review.get("findings", []))
    return -fix.attempt, bool(review), weight + findings, len(fix.diff)


def _previous(incident: Incident, *, before: int) -> list[PreviousAttempt]:
    attempts = []
    for fix in incident.fixes.filter(attempt__lt=before).order_by("attempt", "candidate"):
        report = TrialReport.model_validate(fix.report) if fix.report else None
        asked = (fix.review or {}).get("findings", [])
        attempts.append(
            PreviousAttempt(
                diff=fix.diff,
                verdict=fix.verdict or "not tried",
                reason=" ".join(
                    [report.reason if report else "", *(finding["message"] for finding in asked)]
                ).strip(),
                failing_output=report.failing_output if report else "",
            )
        )
    return attempts


def _why_none_passed(incident: Incident, rounds: int) -> str:
    last = incident.fixes.order_by("-attempt", "-candidate").first()
    verdict = f" The last one: {last.verdict}, {(last.report or {}).get('reason', '')}" if last else ""
    return f"No fix passed its tests in {rounds} rounds.{verdict} Read the attempts, then resume or fix by hand."
