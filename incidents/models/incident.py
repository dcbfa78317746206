from django.db import models
from django.db.models import Q
from pgvector.django import HnswIndex, VectorField

from core.embedding import EMBEDDING_DIMENSIONS
from incidents.choices import ENDED, MOVING, Classification, Severity, Status
from incidents.models.service import Service


class Incident(models.Model):
    """Something wrong in one service, from its first alarm to its end."""

    service = models.ForeignKey(Service, models.PROTECT, related_name="incidents")
    fingerprint = models.CharField(max_length=64)
    fingerprint_parts = models.JSONField(default=dict, help_text="what went into the fingerprint, by name")
    error_fingerprint = models.CharField(
        max_length=64, blank=True, help_text="of the normalised error in the logs; empty: not known yet"
    )
    error_fingerprint_parts = models.JSONField(default=dict, help_text="what went into it, by name")
    title = models.CharField(max_length=300)
    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN)
    status_reason = models.TextField(blank=True)
    classification = models.CharField(max_length=10, choices=Classification, default=Classification.UNKNOWN)
    severity = models.CharField(max_length=2, choices=Severity, blank=True)
    occurrences = models.PositiveIntegerField(default=1)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    deployed_commit = models.CharField(max_length=40, blank=True)
    duplicate_of = models.ForeignKey("self", models.RESTRICT, null=True, blank=True, related_name="duplicates")
    embedding = VectorField(dimensions=EMBEDDING_DIMENSIONS, null=True)
    embedding_model = models.CharField(max_length=40, blank=True, help_text="name of the embedder that made it")
    active_at = models.DateTimeField(
        auto_now_add=True, help_text="last transition or stage start or end; the sweeper looks at it"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"],
                condition=~Q(status__in=sorted(ENDED)),
                name="incident_one_open_per_fingerprint",
            ),
        ]
        indexes = [
            models.Index(fields=["active_at"], condition=Q(status__in=sorted(MOVING)), name="incident_moving"),
            models.Index(fields=["status", "-id"], name="incident_by_status"),
            models.Index(
                fields=["service", "error_fingerprint", "id"],
                condition=~Q(error_fingerprint=""),
                name="incident_by_error",
            ),
            HnswIndex(
                name="incident_embedding",
                fields=["embedding"],
                opclasses=["vector_cosine_ops"],
                m=16,
                ef_construction=64,
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}"

    @property
    def is_open(self) -> bool:
        return self.status not in ENDED


class Transition(models.Model):
    """One status change: the audit trail, the timeline, the outbox and the only source of MTTR."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="transitions")
    source = models.CharField(max_length=20, choices=Status, blank=True, help_text="empty: the incident opened")
    target = models.CharField(max_length=20, choices=Status)
    actor = models.CharField(max_length=150, help_text="user:<name>, agent:<name> or system:<task>")
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["incident", "id"], name="transition_by_incident"),
            models.Index(
                fields=["at"], condition=Q(source=Status.OPEN, target=Status.TRIAGING), name="transition_entered"
            ),
            # Asked for each fix: which pull requests for its error did people close?
            models.Index(
                fields=["incident"],
                condition=Q(source=Status.PR_OPEN, target=Status.REJECTED),
                name="transition_closed_unmerged",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source or 'new'} -> {self.target}"
