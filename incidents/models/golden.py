from django.conf import settings
from django.db import models

from incidents.choices import Classification, GoldenCaseState, Severity
from incidents.models.incident import Incident


class GoldenCase(models.Model):
    """What a person said an alarm really was, with all that triage saw of it: a case for the next evaluation."""

    incident = models.OneToOneField(Incident, models.CASCADE, related_name="golden_case")
    material = models.JSONField(help_text="the notification, logs and other incidents that triage saw; redacted")
    was_classification = models.CharField(max_length=10, choices=Classification)
    was_severity = models.CharField(max_length=2, choices=Severity, blank=True)
    classification = models.CharField(max_length=10, choices=Classification)
    severity = models.CharField(max_length=2, choices=Severity, blank=True)
    fixable_in_code = models.BooleanField(null=True)
    why = models.TextField(blank=True, help_text="the person's reason")
    provenance = models.CharField(max_length=60, help_text="where it was said: admin, api, pull_request")
    labelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    labelled_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=GoldenCaseState, default=GoldenCaseState.LABELLED)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    exported_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.incident}: {self.was_classification} was {self.classification}"
