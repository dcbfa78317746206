"""The pull request's text: readable in half a minute, every claim with its link."""

from pathlib import Path
from string import Template

from agents.diagnosis.handoff import Citation, Diagnosis
from agents.review.handoff import Review
from approvals.risk import Assessment
from core.redact import redact
from incidents.choices import Stage
from incidents.models import Fix
from integrations.codehosts import code_host
from pipeline.stages import stage_output
from sandbox.contract import TrialReport

TEMPLATE = Template((Path(__file__).parent / "pull_request.md").read_text(encoding="utf-8"))
TESTS_NAMED = 10
# GitHub refuses a longer text: "body is too long (maximum is 65536 characters)".
MOST_CHARACTERS = 65_536
CUT = "\n\n… cut here: the rest stands in the incident.\n\n"


def pull_request_title(fix: Fix) -> str:
    """Return the diagnosis in one line."""
    return f"Fix: {stage_output(fix.incident, Stage.DIAGNOSIS, Diagnosis).title}"


def pull_request_body(fix: Fix, assessment: Assessment) -> str:
    """Return the Markdown body with cause, proof, risk and how to reject."""
    incident = fix.incident
    diagnosis = stage_output(incident, Stage.DIAGNOSIS, Diagnosis)
    report = TrialReport.model_validate(fix.report)
    review = Review.model_validate(fix.review)
    approval = incident.approvals.filter(diff_sha256=fix.diff_sha256).order_by("-requested_at").first()
    decided = (
        [f"{decision.decision} by {decision.user}" for decision in approval.decisions.all()] if approval else []
    )
    place = diagnosis.location
    marker = f"<!-- agent-platform incident:{incident.pk} sha256:{fix.diff_sha256} -->"
    body = TEMPLATE.substitute(
        incident=incident.pk,
        severity=incident.severity,
        alarm=incident.title,
        occurrences="once" if incident.occurrences == 1 else f"{incident.occurrences} times",
        root_cause=diagnosis.root_cause,
        location=f"{_code_link(fix, f'{place.path}:{place.line_start}')} `{place.function}`",
        chain="\n".join(
            f"{n}. {step.claim} ({_cited(fix, step.citation)})" for n, step in enumerate(diagnosis.causal_chain, 1)
        ),
        rationale=fix.rationale,
        fail_to_pass="\n".join(f"- {line}" for line in _named(report.fail_to_pass)),
        verdict=report.verdict,
        pass_to_pass=report.pass_to_pass,
        broken=len(report.broken),
        red_before=len(report.red_before),
        runner=report.runner if report.is_isolated else f"{report.runner} (NOT isolated)",
        seconds=f"{report.fix_seconds:.1f}",
        remarks="".join(f"\n- {remark}" for remark in _remarks(report)),
        risk=assessment.risk,
        reasons="\n".join(f"- {point.risk}: {point.reason}" for point in assessment.points),
        approval="; ".join(decided) or "not needed: the risk is below the service's threshold",
        review=review.summary,
        sha256=fix.diff_sha256,
        marker=marker,
    )
    redacted = redact(body)
    if len(redacted) <= MOST_CHARACTERS:
        return redacted
    return f"{redacted[: MOST_CHARACTERS - len(CUT) - len(marker)]}{CUT}{marker}"


def _remarks(report: TrialReport) -> list[str]:
    """Return what weakens the proof, so that nobody has to look for it in the report."""
    remarks = []
    if report.by_exit_code:
        remarks.append(
            "**Judged by the exit code of the test command alone**: it leaves no report of single tests, so that "
            "a lost one would not show."
        )
    if report.changed_tests:
        remarks.append(f"Changes existing tests: {_tests(report.changed_tests)}")
    if report.flaky:
        remarks.append(f"Flaky, so they prove nothing here: {_tests(report.flaky)}")
    return remarks


def _tests(names: list[str]) -> str:
    named = _named(names)
    return ", ".join(named) if len(names) <= TESTS_NAMED else f"{', '.join(named[:-1])} {named[-1]}"


def _named(names: list[str]) -> list[str]:
    more = len(names) - TESTS_NAMED
    return [*(f"`{name}`" for name in names[:TESTS_NAMED]), *([f"and {more} more"] if more > 0 else [])]


def _cited(fix: Fix, citation: Citation) -> str:
    if citation.kind != "code":
        return f"{citation.kind.replace('_', ' ')} `{citation.reference}`"
    return _code_link(fix, citation.reference)


def _code_link(fix: Fix, reference: str) -> str:
    """Return a link to `path:line` or `path:line-line` at the fix's base commit."""
    path, _, lines = reference.rpartition(":")
    first_line = int(lines.split("-")[0])
    url = code_host().file_url(fix.incident.service.repository, fix.base_commit, path, first_line)
    return f"[`{reference}`]({url})"
