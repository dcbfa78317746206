"""The words of a decision."""

from django.db.models import TextChoices


class ApprovalState(TextChoices):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded", "a newer fix took its place"


class Decision(TextChoices):
    APPROVE = "approve"
    REJECT = "reject"


class RejectionReason(TextChoices):
    ANALYSIS_WRONG = "analysis_wrong"
    FIX_WRONG = "fix_wrong"
    FIX_INCOMPLETE = "fix_incomplete"
    STYLE = "style"
    NOT_WANTED = "not_wanted"
    ALREADY_FIXED = "already_fixed"
    UNCLEAR = "unclear"


class PairSource(TextChoices):
    EDITED_PATCH = "edited_patch", "a person rejected the fix and gave a better one"
