from django.db import models

from incidents.choices import Stage, StageStatus
from incidents.models.incident import Incident
from incidents.models.service import Service


class StageRun(models.Model):
    """One try at one stage: who runs it until when (lease), what came out, and what it cost."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="stage_runs")
    stage = models.CharField(max_length=20, choices=Stage)
    attempt = models.PositiveSmallIntegerField(default=1, help_text="round of fixing, else 1 and up on resume")
    candidate = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=10, choices=StageStatus, default=StageStatus.RUNNING)
    lease_expires_at = models.DateTimeField(null=True)
    claims = models.PositiveSmallIntegerField(default=1, help_text="above 1: a worker died and another took over")
    queued_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    output = models.JSONField(null=True)
    output_version = models.PositiveSmallIntegerField(default=1)
    exit_reason = models.CharField(max_length=60, blank=True)
    error = models.TextField(blank=True)
    model = models.CharField(max_length=80, blank=True)
    input_tokens = models.PositiveIntegerField(default=0)
    cached_input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=10, decimal_places=6, default=0)
    model_seconds = models.FloatField(default=0, help_text="spent waiting for the model's answers")
    tool_seconds = models.FloatField(default=0, help_text="spent in the agent's tools")
    trace_id = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "stage", "attempt", "candidate"], name="stage_run_once"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} {self.attempt}.{self.candidate} {self.status}"


class AgentStep(models.Model):
    """One message of an agent's conversation, written when it happens: a killed worker goes on after it."""

    stage_run = models.ForeignKey(StageRun, models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=10, choices=[("assistant", "assistant"), ("user", "user")])
    content = models.JSONField(help_text="content blocks as the Messages API has them")
    stop_reason = models.CharField(max_length=40, blank=True)
    usage = models.JSONField(default=dict)
    cost_usd = models.DecimalField(max_digits=10, decimal_places=6, default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["stage_run", "number"], name="agent_step_once"),
        ]
        indexes = [models.Index(fields=["created_at"], name="agent_step_by_time")]

    def __str__(self) -> str:
        return f"{self.number} {self.role}"


class DaySpend(models.Model):
    """What the model calls of one service have cost on one day (UTC); each call asks for it before it begins."""

    service = models.ForeignKey(Service, models.CASCADE)
    day = models.DateField()
    usd = models.DecimalField(max_digits=12, decimal_places=6)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "service"], name="day_spend_once")]

    def __str__(self) -> str:
        return f"{self.service} {self.day} {self.usd}"
