"""Rounds of fixing: candidates proposed by the model, tried in the sandbox, until one passes or rounds run out."""

from dataclasses import dataclass

from django.conf import settings
from pydantic import BaseModel

from agents.diagnosis.handoff import Diagnosis
from agents.fix.agent import propose_fix
from agents.fix.context import FixContext, PreviousAttempt
from agents.fix.patch_guard import check_patch
from agents.grounding.blast_radius import BlastRadius, radius_of_patch
from agents.grounding.kept import index_for
from approvals.selectors import rejection_reasons
from core.errors import NeedsHuman
from incidents.choices import Stage, StageStatus, Status, Verdict
from incidents.models import Fix, Incident, StageRun
from pipeline.canary_service import is_canary
from pipeline.facts import alarm_facts, deployed_checkout
from pipeline.preparation import Preparation, prepared_in
from pipeline.sessions import session_for
from pipeline.stages import pipeline_move, stage_output, stage_run
from sandbox.contract import TrialReport
from sandbox.runners import configured
from sandbox.trial import try_fix

CANDIDATES = 1


class NoFixPassed(NeedsHuman):
    exit_reason = "NoFixPassed"


@dataclass(frozen=True)
class Round:
    """The next round: its number from 1 and how many candidates it tries."""

    attempt: int
    candidates: int


class ProposalMade(BaseModel):
    """Output of the fix stage, version 1: the row that holds the change, and what the change can reach."""

    fix_id: int
    blast_radius: BlastRadius = BlastRadius()


def round_next(incident: Incident) -> Round | None:
    """Move on to review if a candidate passed; else return the next round, an unfinished one first.

    Raises NotNow while the sandbox is not prepared and NoFixPassed after the last round.
    """
    stage_output(incident, Stage.PREPARE, Preparation)
    passed = fix_chosen(incident)
    if passed is not None and not _is_recorded(passed):
        # Its worker died between the verdict and its end: the round goes on there, and the stage is closed.
        return Round(passed.attempt, CANDIDATES)
    if passed is not None and is_canary(incident.service):
        # The verdict is what it was sent for; nothing of it goes to a code host.
        pipeline_move(incident, Status.RESOLVED, actor="system:canary", reason=f"verdict: {passed.verdict}")
        return None
    if passed is not None:
        pipeline_move(
            incident, Status.REVIEWING, actor="system:sandbox", reason=f"round {passed.attempt} passed its trial"
        )
        return None
    last = (
        StageRun.objects.filter(incident=incident, stage=Stage.FIX)
        .order_by("-attempt")
        .values_list("attempt", flat=True)
        .first()
        or 0
    )
    if last and not _is_over(incident, last):
        return Round(last, CANDIDATES)
    if last >= _rounds_allowed(incident):
        raise NoFixPassed(_why_none_passed(incident, last))
    return Round(last + 1, CANDIDATES)


def fix_chosen(incident: Incident) -> Fix | None:
    """Return the fix to go on with: passed its trial, no changes requested by review; the smallest of a round."""
    passed = [
        fix
        for fix in incident.fixes.filter(verdict=Verdict.FIXED).order_by("-attempt")
        if not fix.review or fix.review["decision"] == "approve"
    ]
    return min(passed, key=lambda fix: (-fix.attempt, len(fix.diff)), default=None)


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
        radius = radius_of_patch(proposed.patch, index=index_for(checkout))
        fix, _ = Fix.objects.update_or_create(
            incident=incident,
            attempt=attempt,
            candidate=candidate,
            defaults={
                "base_commit": checkout.commit,
                "files": dict(proposed.patch.files),
                "diff": proposed.patch.diff(checkout.path),
                "diff_sha256": proposed.patch.sha256,
                "rationale": proposed.proposal.rationale,
                "warnings": [
                    *check_patch(proposed.patch, checkout=checkout.path).warnings,
                    *_width_warnings(radius),
                ],
            },
        )
        return ProposalMade(fix_id=fix.pk, blast_radius=radius)

    stage_run(incident, Stage.FIX, ProposalMade, work, attempt=attempt, candidate=candidate)


def fix_try(incident: Incident, *, attempt: int, candidate: int) -> None:
    """Try one candidate in the sandbox and keep what was found out."""
    proposal = stage_output(incident, Stage.FIX, ProposalMade, attempt=attempt, candidate=candidate)
    preparation = stage_output(incident, Stage.PREPARE, Preparation)
    fix = Fix.objects.get(pk=proposal.fix_id)

    def work(_run: StageRun) -> TrialReport:
        sandbox = configured()
        # This worker may be on another host than the one that prepared: the cache makes this free on the same one.
        prepared = prepared_in(sandbox, incident)
        report = try_fix(sandbox, prepared, fix.patch, baseline=preparation.baseline)
        Fix.objects.filter(pk=fix.pk, diff_sha256=report.patch_sha256).update(
            verdict=report.verdict, report=report.model_dump(mode="json")
        )
        return report

    stage_run(incident, Stage.TRIAL, TrialReport, work, attempt=attempt, candidate=candidate)


def _width_warnings(radius: BlastRadius) -> list[str]:
    """A fix may touch more than the diagnosis named: past the limit that is a warning, which raises its risk."""
    most = settings.ENV.pipeline_max_blast_radius
    return [f"reaches more than {most} functions: {radius}"] if most and radius.size > most else []


def _is_recorded(fix: Fix) -> bool:
    """Return whether the stage that tried the fix has come to its end."""
    return StageRun.objects.filter(
        incident=fix.incident_id,
        stage=Stage.TRIAL,
        attempt=fix.attempt,
        candidate=fix.candidate,
        status=StageStatus.SUCCEEDED,
    ).exists()


def _is_over(incident: Incident, attempt: int) -> bool:
    """Return whether every candidate of the round either failed to be written or has been tried."""
    runs = StageRun.objects.filter(incident=incident, attempt=attempt)
    failed = runs.filter(stage=Stage.FIX, status=StageStatus.FAILED).count()
    tried = runs.filter(stage=Stage.TRIAL, status__in=[StageStatus.SUCCEEDED, StageStatus.FAILED]).count()
    return failed + tried >= CANDIDATES


def _rounds_allowed(incident: Incident) -> int:
    """A person who resumes gives a fresh set of rounds; a review that asks for changes gives one more."""
    resumed = incident.transitions.filter(source=Status.NEEDS_HUMAN, target=Status.OPEN).count()
    sent_back = incident.transitions.filter(source=Status.REVIEWING, target=Status.FIXING).count()
    return int(settings.ENV.pipeline_fix_rounds) * (1 + resumed) + sent_back


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
