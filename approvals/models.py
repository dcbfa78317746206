from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import MD5
from django.utils import timezone

from approvals.choices import (
    AnnouncementKind,
    ApprovalState,
    Decision,
    PairSource,
    RejectionReason,
    Scope,
    TrialState,
)
from core.patch import Patch
from incidents.choices import Risk, Verdict
from incidents.models import Fix, Incident, PullRequest

# In the database as well: the release before knows no such column and inserts without it.
NO_SENTENCES = models.Value([], output_field=models.JSONField())


class Approval(models.Model):
    """A question to people about exactly one patch: its risk, why, and what they answered."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="approvals")
    fix = models.ForeignKey(Fix, models.RESTRICT, related_name="approvals")
    diff_sha256 = models.CharField(max_length=64)
    risk = models.CharField(max_length=10, choices=Risk)
    reasons = models.JSONField(help_text="each point with the risk it raises to: [{risk, reason}]")
    branch_files = models.JSONField(
        default=dict, help_text="sha256 of the fix's files on the default branch when asked; null: no such file"
    )
    people_needed = models.PositiveSmallIntegerField(default=1, help_text="how many different people must approve")
    state = models.CharField(max_length=12, choices=ApprovalState, default=ApprovalState.PENDING)
    ended_because = models.TextField(blank=True, help_text="why it is no longer asked, where no person decided")
    requested_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident"],
                condition=Q(state=ApprovalState.PENDING),
                name="approval_one_pending_per_incident",
            ),
        ]
        permissions = [("decide_approval", "Can approve or reject a fix")]

    def __str__(self) -> str:
        return f"{self.risk} fix of {self.incident}"

    @property
    def is_pending(self) -> bool:
        return self.state == ApprovalState.PENDING

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()


class ApprovalDecision(models.Model):
    """Who decided what, when and why."""

    approval = models.ForeignKey(Approval, models.CASCADE, related_name="decisions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="approval_decisions")
    decision = models.CharField(max_length=10, choices=Decision)
    reason = models.CharField(max_length=20, choices=RejectionReason, blank=True)
    comment = models.TextField(blank=True)
    may_merge = models.BooleanField(
        default=False, help_text="the person ticked that the platform may merge it when its checks are green"
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["approval", "user"], name="decision_once_per_user")]

    def __str__(self) -> str:
        return f"{self.decision} by {self.user}"


class BetterPatch(models.Model):
    """What a person wrote instead of a fix; it counts once the sandbox has tried exactly these bytes."""

    fix = models.ForeignKey(Fix, models.CASCADE, related_name="better_patches", help_text="the one it replaces")
    decision = models.OneToOneField(
        ApprovalDecision, models.CASCADE, null=True, blank=True, related_name="better_patch"
    )
    source = models.CharField(max_length=20, choices=PairSource)
    files = models.JSONField(help_text="new content by path; null deletes")
    diff = models.TextField(help_text="against the fix's base commit")
    sha256 = models.CharField(max_length=64, help_text="core.patch.Patch.sha256 of files")
    origin = models.CharField(max_length=200, help_text="where it comes from: a user, or a commit")
    author = models.CharField(
        max_length=200,
        blank=True,
        db_default="",
        help_text="who wrote a commit: a name at the host, or an e-mail address",
    )
    state = models.CharField(max_length=10, choices=TrialState, default=TrialState.WAITING)
    verdict = models.CharField(max_length=20, choices=Verdict, blank=True)
    explanation = models.TextField(blank=True, help_text="what the sandbox says, or why it was not tried")
    report = models.JSONField(null=True, help_text="sandbox.verdict.TrialReport; null: not tried")
    problems = models.JSONField(
        default=list,
        db_default=NO_SENTENCES,
        help_text="what no fix of the platform may do; it can be a preference all the same",
    )
    warnings = models.JSONField(
        default=list, db_default=NO_SENTENCES, help_text="what the patch guard found suspicious, as sentences"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    tried_at = models.DateTimeField(null=True)
    lease_expires_at = models.DateTimeField(null=True, help_text="a worker tries it until then")
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="accepted_patches"
    )
    accepted_at = models.DateTimeField(null=True, help_text="when that person took it as the fix")
    accepted_as = models.OneToOneField(
        Fix, models.SET_NULL, null=True, related_name="made_of_patch", help_text="the fix that it became"
    )

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "better patches"
        constraints = [
            models.UniqueConstraint(fields=["fix", "source", "sha256"], name="better_patch_once"),
        ]

    def __str__(self) -> str:
        return f"better patch for {self.fix} by {self.origin}"

    @property
    def patch(self) -> Patch:
        return Patch(self.files)


class PreferencePair(models.Model):
    """Two answers to one prompt, of which people or tests preferred one: material for preference training."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="preference_pairs")
    prompt = models.JSONField(help_text="the conversation both answers reply to: [{role, content}]")
    chosen = models.TextField()
    rejected = models.TextField()
    source = models.CharField(max_length=20, choices=PairSource)
    reason = models.CharField(max_length=20, choices=RejectionReason, blank=True)
    comment = models.TextField(blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    author = models.CharField(
        max_length=200,
        blank=True,
        db_default="",
        help_text="who wrote the chosen answer at the code host: a name there, or an e-mail address",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(chosen=models.F("rejected")), name="pair_differs"),
            models.UniqueConstraint("incident", "source", MD5("chosen"), MD5("rejected"), name="pair_once"),
        ]

    def __str__(self) -> str:
        return f"{self.source} pair of {self.incident}"


class PairSearch(models.Model):
    """How far an ended pull request was searched for what people made of it; kept so that none is read forever."""

    pull_request = models.OneToOneField(PullRequest, models.CASCADE, related_name="pair_search")
    looked_at_commit = models.CharField(max_length=40, blank=True, help_text="newest commit seen so far")
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"search in {self.pull_request}: {self.outcome or 'goes on'}"


class Message(models.Model):
    """Words that have to reach one URL; a row until it is sent, and after."""

    target = models.CharField(max_length=16, help_text="digest of the URL told, which holds a secret")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, help_text="why the last attempt failed")

    class Meta:
        abstract = True


class Announcement(Message):
    """One message about an approval."""

    approval = models.ForeignKey(Approval, models.CASCADE, related_name="announcements")
    kind = models.CharField(max_length=12, choices=AnnouncementKind)
    number = models.PositiveSmallIntegerField(default=1, help_text="which reminder it is, from 1")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["approval", "kind", "number", "target"], name="announced_once"),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(sent_at=None), name="announcement_unsent"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number} of {self.approval}"


class AlarmAnnouncement(Message):
    """The message that an incident's proposed alarms wait for a click."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="alarm_announcements")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "target"], name="alarms_announced_once"),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(sent_at=None), name="alarm_announcement_unsent"),
        ]

    def __str__(self) -> str:
        return f"alarms of {self.incident}"


class AccessToken(models.Model):
    """A person's token for a program, for example a chat bot: it may do what its scopes say and the person may."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=100, help_text="what uses it")
    digest = models.CharField(max_length=64, unique=True, help_text="sha256 of the token, which is kept nowhere")
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"
