"""Review: a second reader sees the diff, the diagnosis and the verdict before anything is opened."""

from agents.diagnosis.handoff import Diagnosis
from agents.review.agent import review
from agents.review.context import ReviewContext
from agents.review.handoff import Review
from core.errors import NeedsHuman
from incidents.choices import Stage, Status, Verdict
from incidents.lifecycle import incident_move
from incidents.models import Fix, Incident, StageRun
from pipeline.fixes import ProposalMade
from pipeline.rounds import held
from pipeline.sessions import session_for
from pipeline.stages import NotNow, stage_output, stage_run
from sandbox.contract import TrialReport


class ChangesRequestedTwice(NeedsHuman):
    exit_reason = "ChangesRequestedTwice"


def review_run(incident: Incident) -> None:
    """Review each candidate that passed; where none is approved, go back to fixing once, and then to a person.

    A person's patch goes on to the people whom the gate asks, with whatever the review found.
    """
    passed = incident.fixes.filter(verdict=Verdict.FIXED).order_by("-attempt", "candidate")
    if not passed:
        raise NotNow("no fix has passed its trial")
    results = [_reviewed(incident, fix) for fix in passed if fix.attempt == passed[0].attempt]
    if passed[0].author or any(result.decision == "approve" for result in results):
        return
    summary = " ".join(result.summary for result in results)
    if incident.transitions.filter(source=Status.REVIEWING, target=Status.FIXING).exists():
        raise ChangesRequestedTwice(f"The review asked for changes twice: {summary}")
    incident_move(
        incident=incident, target=Status.FIXING, actor="agent:review", reason=f"changes requested: {summary}"
    )


def _reviewed(incident: Incident, fix: Fix) -> Review:
    diagnosis = stage_output(incident, Stage.DIAGNOSIS, Diagnosis)
    report = TrialReport.model_validate(fix.report)
    made = stage_output(incident, Stage.FIX, ProposalMade, attempt=fix.attempt, candidate=fix.candidate)

    def work(run: StageRun) -> Review:
        result = review(
            ReviewContext(
                diagnosis=diagnosis,
                diff=fix.diff,
                rationale=fix.rationale,
                verdict=report.verdict,
                fail_to_pass=report.fail_to_pass,
                pass_to_pass=report.pass_to_pass,
                warnings=fix.warnings,
                blast_radius=made.blast_radius,
            ),
            session_for("review", incident, run),
        )
        with held(run):
            Fix.objects.filter(pk=fix.pk).update(review=result.model_dump(mode="json"))
        return result

    return stage_run(incident, Stage.REVIEW, Review, work, attempt=fix.attempt, candidate=fix.candidate)
