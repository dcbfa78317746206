"""Reads about decisions."""

from approvals.choices import RejectionReason
from approvals.pairs import rejections_of_error
from core.redact import redact
from incidents.models import Incident

REASONS_GIVEN = 10


def rejection_reasons(*, incident: Incident) -> list[str]:
    """Return why people rejected earlier fixes for this incident's error, newest first, at most ten."""
    return [
        redact(f"{RejectionReason(decision.reason).label}: {decision.comment}")
        for decision in rejections_of_error(incident)[:REASONS_GIVEN]
    ]
