from django.contrib.postgres.indexes import GinIndex
from django.db import models

from core.patch import Patch
from incidents.choices import AlarmProposalState, PullRequestState, Verdict
from incidents.models.incident import Incident


class Fix(models.Model):
    """One candidate change and everything that was found out about it."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="fixes")
    attempt = models.PositiveSmallIntegerField(help_text="round, from 1")
    candidate = models.PositiveSmallIntegerField(default=1)
    author = models.CharField(
        max_length=150,
        blank=True,
        db_default="",
        help_text="user:<name> of the person who wrote it; empty: an agent",
    )
    base_commit = models.CharField(max_length=40)
    files = models.JSONField(help_text="new content by path; null deletes")
    diff = models.TextField()
    diff_sha256 = models.CharField(max_length=64, help_text="core.patch.Patch.sha256 of files")
    rationale = models.TextField()
    warnings = models.JSONField(default=list, help_text="what the patch guard found suspicious, as sentences")
    verdict = models.CharField(max_length=20, choices=Verdict, blank=True, help_text="empty: not tried yet")
    report = models.JSONField(null=True, help_text="sandbox.verdict.TrialReport")
    review = models.JSONField(null=True, help_text="agents.review.handoff.Review")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["attempt", "candidate"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "attempt", "candidate"], name="fix_once"),
        ]
        indexes = [
            # Which fixes changed a file: `files ?| paths`.
            GinIndex(fields=["files"], name="fix_files"),
        ]

    def __str__(self) -> str:
        return f"fix {self.attempt}.{self.candidate} of incident {self.incident_id}"

    @property
    def patch(self) -> Patch:
        return Patch(self.files)


class PullRequest(models.Model):
    """The one pull request of an incident."""

    incident = models.OneToOneField(Incident, models.CASCADE, related_name="pull_request")
    fix = models.ForeignKey(Fix, models.RESTRICT, related_name="pull_requests")
    repository = models.CharField(max_length=200)
    number = models.PositiveIntegerField()
    url = models.URLField(max_length=500)
    branch = models.CharField(max_length=200)
    head_commit = models.CharField(max_length=40)
    diff_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=PullRequestState, default=PullRequestState.OPEN)
    merge_commit = models.CharField(max_length=40, blank=True)
    is_merged_by_platform = models.BooleanField(
        default=False, help_text="below the threshold in a service whose policy is when_green"
    )
    merge_held_by = models.CharField(
        max_length=150,
        blank=True,
        db_default="",
        help_text="who took the merge from the platform and left it to people",
    )
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["repository", "number"], name="pull_request_once"),
        ]
        indexes = [
            models.Index(fields=["repository", "state", "-opened_at"], name="pull_request_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"


class AlarmProposal(models.Model):
    """A CloudWatch alarm that was missing: proposed, dry-run, where the service wants it decided, and created."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="alarm_proposals")
    name = models.CharField(max_length=255)
    definition = models.JSONField(help_text="agents.monitor.handoff.AlarmSpec")
    dry_run = models.JSONField(default=dict, help_text="each check with its outcome")
    state = models.CharField(max_length=10, choices=AlarmProposalState, default=AlarmProposalState.PROPOSED)
    alarm_arn = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField(null=True, help_text="since when people may decide; null: nobody was asked")
    decided_by = models.CharField(max_length=150, blank=True, db_default="", help_text="user:<name>")
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "name"], name="alarm_proposal_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_asked(self) -> bool:
        """Return whether it waits for a person's decision."""
        return self.state == AlarmProposalState.PROPOSED and self.asked_at is not None
