"""The gate's step: the policy's risk, then on to the pull request or to a person."""

from collections.abc import Mapping

from pydantic import BaseModel

from approvals.branch import files_on_branch
from approvals.gate import GateDecision, gate_ask, gate_check
from incidents.choices import Risk, Stage, Status
from incidents.models import Fix, Incident
from pipeline.fix_facts import fix_assessment
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
    decision = _asked(incident, fix, files_on_branch(fix))
    assessment = decision.assessment
    outcome = GateOutcome(
        fix_id=fix.pk,
        risk=assessment.risk,
        reasons=[f"{point.risk}: {point.reason}" for point in assessment.points],
        needs_person=decision.approval is not None,
    )
    stage_run(incident, Stage.GATE, GateOutcome, lambda _run: outcome, attempt=fix.attempt)
    target = Status.OPENING_PR if decision.is_open else Status.AWAITING_APPROVAL
    pipeline_move(incident, target, actor=ACTOR, reason=_why(decision))


def gate_pass(incident: Incident, fix: Fix) -> GateDecision | None:
    """Return the decision that lets exactly this fix become a pull request now, or None after asking people again.

    An approval that has expired, or that was given before the default branch changed the same files, asks again.
    Raises GateClosed where the rows contradict one another.
    """
    branch_files = files_on_branch(fix)
    decision = _asked(incident, fix, branch_files)
    if not decision.is_open:
        pipeline_move(incident, Status.AWAITING_APPROVAL, actor=ACTOR, reason=f"asked again: {_why(decision)}")
        return None
    gate_check(incident=incident, fix=fix, risk=decision.assessment.risk, branch_files=branch_files)
    return decision


def _asked(incident: Incident, fix: Fix, branch_files: Mapping[str, str | None]) -> GateDecision:
    assessment = fix_assessment(fix, branch_files)
    return gate_ask(incident=incident, fix=fix, assessment=assessment, branch_files=branch_files)


def _why(decision: GateDecision) -> str:
    return f"risk {decision.assessment.risk}: {decision.assessment.points[0].reason}"
