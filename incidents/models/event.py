from django.db import models
from django.db.models import Q

from incidents.choices import Disposition
from incidents.models.incident import Incident
from incidents.models.service import Service


class Event(models.Model):
    """One SNS notification, kept whole, and what became of it."""

    message_id = models.CharField(max_length=100, unique=True)
    topic_arn = models.CharField(max_length=300)
    raw = models.TextField(help_text="the request body as it was signed")
    subject = models.CharField(max_length=200, blank=True)
    alarm = models.JSONField(null=True, help_text="the alarm document inside the message, if it is one")
    alarm_arn = models.CharField(max_length=500, blank=True)
    alarm_name = models.CharField(max_length=255, blank=True)
    alarm_state = models.CharField(max_length=20, blank=True)
    state_changed_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(auto_now_add=True)
    drained_at = models.DateTimeField(null=True)
    disposition = models.CharField(max_length=20, choices=Disposition, default=Disposition.RECEIVED)
    disposition_reason = models.CharField(max_length=500, blank=True)
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, related_name="events")
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, blank=True, related_name="events")

    class Meta:
        ordering = ["-id"]
        constraints = [
            # CloudWatch may publish the same state change again under a new MessageId.
            models.UniqueConstraint(
                fields=["alarm_arn", "state_changed_at", "alarm_state"],
                condition=~Q(alarm_arn=""),
                name="event_once_per_state_change",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(disposition=Disposition.RECEIVED), name="event_undrained"),
            models.Index(
                fields=["drained_at"], condition=Q(disposition=Disposition.UNROUTED), name="event_unrouted"
            ),
            models.Index(fields=["incident", "id"], name="event_by_incident"),
        ]

    def __str__(self) -> str:
        return self.alarm_name or self.subject or self.message_id
