"""Everything that one approval page shows, gathered from rows as they are now."""

from dataclasses import dataclass
from typing import Any, Literal

from approvals.models import Approval
from incidents import selectors

DIFF_LINES_SHOWN = 2000


@dataclass(frozen=True)
class DiffLine:
    kind: Literal["file", "hunk", "added", "removed", "same"]
    text: str


@dataclass(frozen=True)
class DecisionPage:
    """Cause, proof, risk and change, each in the form that the template needs."""

    diagnosis: dict[str, Any]
    report: dict[str, Any]
    review: dict[str, Any]
    diff: list[DiffLine]
    is_cut: bool


def decision_page(approval: Approval) -> DecisionPage:
    """Return what a person needs to decide, without another click."""
    fix = approval.fix
    lines = fix.diff.splitlines()
    return DecisionPage(
        diagnosis=selectors.diagnosis_output(incident=approval.incident),
        report=fix.report or {},
        review=fix.review or {},
        diff=[_diff_line(line) for line in lines[:DIFF_LINES_SHOWN]],
        is_cut=len(lines) > DIFF_LINES_SHOWN,
    )


def _diff_line(line: str) -> DiffLine:
    if line.startswith(("diff ", "--- ", "+++ ")):
        return DiffLine("file", line)
    if line.startswith("@@"):
        return DiffLine("hunk", line)
    if line.startswith("+"):
        return DiffLine("added", line)
    if line.startswith("-"):
        return DiffLine("removed", line)
    return DiffLine("same", line)
