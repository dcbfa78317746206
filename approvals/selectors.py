"""Reads about decisions."""

from approvals.choices import RejectionReason
from approvals.pairs import closings_of_error, rejections_of_error
from core.redact import redact
from incidents.models import Incident

REASONS_GIVEN = 10


def rejection_reasons(*, incident: Incident) -> list[str]:
    """Return why people rejected earlier fixes for this incident's error, newest first, at most ten.

    A fix is rejected in the console, or by closing its pull request unmerged.
    """
    decided = [
        (decision.at, f"{RejectionReason(decision.reason).label}: {decision.comment}")
        for decision in rejections_of_error(incident)[:REASONS_GIVEN]
    ]
    closed = [(closing.at, closing.reason) for closing in closings_of_error(incident)[:REASONS_GIVEN]]
    newest = sorted([*decided, *closed], reverse=True)[:REASONS_GIVEN]
    return [redact(reason) for _, reason in newest]
