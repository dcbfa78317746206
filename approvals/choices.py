"""The words of a decision."""

from django.db.models import TextChoices


class ApprovalState(TextChoices):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded", "something it asked about has changed"
    WITHDRAWN = "withdrawn", "the incident went another way"


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
    ACCEPTED_LATER = "accepted_later", "after a rejection another fix for the same diagnosis was approved"
    HUMAN_COMMIT = "human_commit", "a person committed to the pull request before its merge"
    FIXED_BY_HAND = "fixed_by_hand", "a person closed the pull request and fixed the error by hand"
    SANDBOX = "sandbox", "one candidate of a round passed its trial, another did not"


class TrialState(TextChoices):
    WAITING = "waiting", "waits for the sandbox"
    PASSED = "passed", "passed in the sandbox; it counts"
    FAILED = "failed", "did not pass in the sandbox; it does not count"


class AnnouncementKind(TextChoices):
    ASKED = "asked"
    REMINDER = "reminder"
    ESCALATION = "escalation"


class Scope(TextChoices):
    """What a program may do with a person's token, besides what the person may."""

    READ = "read", "read what waits"
    DECIDE = "decide", "approve and reject"
    ACT = "act", "pause, resume, retry, send, close and relabel incidents"
