from django.conf import settings
from django.db import models
from django.db.models import Q

from approvals.choices import ApprovalState, Decision, PairSource, RejectionReason
from incidents.choices import Risk
from incidents.models import Fix, Incident


class Approval(models.Model):
    """A question to people about exactly one patch: its risk, why, and what they answered."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="approvals")
    fix = models.ForeignKey(Fix, models.RESTRICT, related_name="approvals")
    diff_sha256 = models.CharField(max_length=64)
    risk = models.CharField(max_length=10, choices=Risk)
    reasons = models.JSONField(help_text="each point with the risk it raises to: [{risk, reason}]")
    state = models.CharField(max_length=12, choices=ApprovalState, default=ApprovalState.PENDING)
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


class ApprovalDecision(models.Model):
    """Who decided what, when and why."""

    approval = models.ForeignKey(Approval, models.CASCADE, related_name="decisions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="approval_decisions")
    decision = models.CharField(max_length=10, choices=Decision)
    reason = models.CharField(max_length=20, choices=RejectionReason, blank=True)
    comment = models.TextField(blank=True)
    better_files = models.JSONField(null=True, blank=True, help_text="a person's patch: new content by path")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["approval", "user"], name="decision_once_per_user")]

    def __str__(self) -> str:
        return f"{self.decision} by {self.user}"


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
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(chosen=models.F("rejected")), name="pair_differs"),
        ]

    def __str__(self) -> str:
        return f"{self.source} pair of {self.incident}"
