"""The gate's step: the policy's risk, then on to the pull request or to a person."""

from pydantic import BaseModel
from unidiff.patch import PatchSet

from agents.review.handoff import Review
from approvals.choices import ApprovalState
from approvals.gate import gate_ask
from approvals.risk import Assessment, FixFacts, assess
from core.test_paths import is_test_path
from incidents.choices import Risk, Stage, Status
from incidents.models import Fix, Incident
from pipeline.fixes import fix_chosen
from pipeline.stages import NotNow, pipeline_move, stage_run

ACTOR = "system:gate"


class GateOutcome(BaseModel):
    """Output of the gate stage, version 1."""

    fix_id: int
    risk: Risk
    reasons: list[str]
    needs_person: bool


def gate_run(incident: Incident) -> None:
    """Let the reviewed fix through if its risk is below the threshold, else ask people and wait."""
    fix = fix_chosen(incident)
    if fix is None or not fix.review:
        raise NotNow("no reviewed fix")
    decision = gate_ask(incident=incident, fix=fix, assessment=fix_assessment(fix))
    assessment = decision.assessment
    outcome = GateOutcome(
        fix_id=fix.pk,
        risk=assessment.risk,
        reasons=[f"{point.risk}: {point.reason}" for point in assessment.points],
        needs_person=decision.approval is not None,
    )
    stage_run(incident, Stage.GATE, GateOutcome, lambda _run: outcome, attempt=fix.attempt)
    highest = assessment.points[0].reason
    if decision.approval is None or decision.approval.state == ApprovalState.APPROVED:
        pipeline_move(incident, Status.OPENING_PR, actor=ACTOR, reason=f"risk {assessment.risk}: {highest}")
    else:
        pipeline_move(incident, Status.AWAITING_APPROVAL, actor=ACTOR, reason=f"risk {assessment.risk}: {highest}")


def fix_assessment(fix: Fix) -> Assessment:
    """Return the risk of a fix from its rows as they are now."""
    review = Review.model_validate(fix.review) if fix.review else None
    report = fix.report or {}
    patch = PatchSet(fix.diff)
    return assess(
        FixFacts(
            severity=fix.incident.severity,
            paths=[path for path in sorted(fix.files) if not is_test_path(path)],
            changed_lines=sum(file.added + file.removed for file in patch if not is_test_path(file.path)),
            warnings=fix.warnings,
            verdict=fix.verdict,
            is_isolated=bool(report.get("is_isolated")),
            review_risk=review.risk if review else "",
            review_findings=[(finding.severity, finding.message) for finding in review.findings] if review else [],
        )
    )
