from django.contrib.postgres.fields import ArrayField
from django.db import models


class State(models.TextChoices):
    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


class LocalPullRequest(models.Model):
    """A pull request of the local code host: a branch in a bare repository and this row."""

    repository = models.CharField(max_length=200)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True)
    branch = models.CharField(max_length=200)
    base_branch = models.CharField(max_length=200)
    base_commit = models.CharField(max_length=40)
    head_commit = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    merge_commit = models.CharField(max_length=40, blank=True)
    labels = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    reviewers = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    webhook_delivered_at = models.DateTimeField(
        null=True, blank=True, help_text="empty on a closed one: its webhook still has to be delivered"
    )

    class Meta:
        ordering = ["repository", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["repository", "number"], name="local_pull_request_number_once"),
            models.UniqueConstraint(fields=["repository", "branch"], name="local_pull_request_branch_once"),
        ]

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"
