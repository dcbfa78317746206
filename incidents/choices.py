"""The words that rows, the API and the dashboard share."""

from django.db.models import TextChoices


class Status(TextChoices):
    """Where an incident is; `incidents/lifecycle.py` alone moves it."""

    OPEN = "open"
    TRIAGING = "triaging"
    DIAGNOSING = "diagnosing"
    FIXING = "fixing"
    REVIEWING = "reviewing"
    AWAITING_APPROVAL = "awaiting_approval"
    OPENING_PR = "opening_pr"
    PR_OPEN = "pr_open"
    MONITORING = "monitoring"
    NEEDS_HUMAN = "needs_human"
    RESOLVED = "resolved"
    NOISE = "noise"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    CLOSED = "closed"


# Statuses that the pipeline itself moves on from: whatever stands in one of them too long is nudged.
MOVING = frozenset(
    {
        Status.OPEN,
        Status.TRIAGING,
        Status.DIAGNOSING,
        Status.FIXING,
        Status.REVIEWING,
        Status.OPENING_PR,
        Status.MONITORING,
    }
)

# Statuses after which the same fingerprint opens a new incident.
ENDED = frozenset({Status.RESOLVED, Status.NOISE, Status.DUPLICATE, Status.REJECTED, Status.CLOSED})


class Classification(TextChoices):
    UNKNOWN = "unknown"
    REAL = "real"
    NOISE = "noise"
    DUPLICATE = "duplicate"


class Severity(TextChoices):
    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class Risk(TextChoices):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"

    @property
    def rank(self) -> int:
        """Position in the order LOW < MEDIUM < HIGH < CRITICAL, from 0."""
        return list(Risk).index(self)


class Mode(TextChoices):
    OBSERVE = "observe", "observe: diagnose, open no pull request"
    PROPOSE = "propose", "propose: open pull requests"


class MergePolicy(TextChoices):
    PEOPLE = "people", "people merge"
    WHEN_GREEN = "when_green", "the platform merges what is below the approval threshold"


class AlarmPolicy(TextChoices):
    CREATE = "create", "missing alarms are created"
    PROPOSE = "propose", "missing alarms wait for a click"


class Disposition(TextChoices):
    """What became of a notification."""

    RECEIVED = "received", "stored, not yet drained"
    OPENED = "opened", "opened an incident"
    ATTACHED = "attached", "one more occurrence of an open incident"
    OK = "ok", "the alarm went back to OK"
    INSUFFICIENT_DATA = "insufficient_data"
    UNROUTED = "unrouted", "matches no service or is not an alarm; a person can route it"
    CONFIRMED = "confirmed", "subscription confirmed"
    UNSUBSCRIBED = "unsubscribed", "subscription ended"


class Stage(TextChoices):
    """One unit of work of a run; the order is the order in which a person reads them."""

    TRIAGE = "triage"
    LOGS = "logs"
    COMMITS = "commits"
    SIMILAR = "similar"
    OWNERS = "owners"
    DIAGNOSIS = "diagnosis"
    PREPARE = "prepare"
    FIX = "fix"
    TRIAL = "trial"
    REVIEW = "review"
    GATE = "gate"
    PULL_REQUEST = "pull_request"
    MERGE = "merge"
    MONITOR = "monitor"


class StageStatus(TextChoices):
    RUNNING = "running"
    WAITING = "waiting", "an outside system was unavailable; goes on where it stopped"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Verdict(TextChoices):
    """What the sandbox says of a fix; only FIXED can reach a pull request."""

    FIXED = "fixed"
    NO_SIGNAL = "no_signal"
    REGRESSION = "regression"
    STILL_FAILING = "still_failing"
    FLAKY = "flaky"
    WEAKENED_TESTS = "weakened_tests"
    NO_VERDICT = "no_verdict"


class GoldenCaseState(TextChoices):
    LABELLED = "labelled"
    REVIEWED = "reviewed", "reviewed by a second look; the next export takes it"
    EXCLUDED = "excluded", "not fit for the dataset"


class PullRequestState(TextChoices):
    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed", "closed unmerged"


class AlarmProposalState(TextChoices):
    PROPOSED = "proposed"
    APPROVED = "approved", "a person wants it; a worker creates it"
    CREATED = "created"
    DECLINED = "declined", "a person does not want it"
    REFUSED = "refused", "failed its dry run"
