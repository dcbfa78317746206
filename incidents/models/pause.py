from django.db import models
from django.db.models import Q, Value


class Pause(models.Model):
    """A time in which nothing new enters the pipeline; alarms are still stored. At most one is in force."""

    reason = models.CharField(max_length=500)
    started_by = models.CharField(max_length=150, help_text="user:<name> or system:<task>")
    started_at = models.DateTimeField()
    ended_by = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(Value(1), condition=Q(ended_at=None), name="pause_one_in_force"),
        ]

    def __str__(self) -> str:
        return f"since {self.started_at:%Y-%m-%d %H:%M} UTC: {self.reason}"
