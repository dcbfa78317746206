"""What was measured: one row for a run, one for each case in it, written as it is answered."""

from django.db import models
from django.db.models import TextChoices


class RunState(TextChoices):
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped", "ended by its budget; the same command goes on"
    FAILED = "failed", "reached for the network, or broke"


class Outcome(TextChoices):
    ANSWERED = "answered"
    ABSTAINED = "abstained", "handed to a person with a reason"
    FAILED = "failed", "an error that was no answer"


class EvalRun(models.Model):
    """One entrant over one suite. An unfinished run with the same settings is gone on with, not begun again."""

    suite = models.CharField(max_length=20)
    model = models.CharField(max_length=80)
    settings = models.JSONField(help_text="what decides which cases are run and how often")
    material_sha256 = models.CharField(
        max_length=64, help_text="of the cases: figures compare only where it is equal"
    )
    commit = models.CharField(max_length=40, blank=True)
    changes_sha256 = models.CharField(
        max_length=64, blank=True, db_default="", help_text="of what was not committed"
    )
    agents = models.JSONField(
        db_default=models.Value({}, models.JSONField()),
        default=dict,
        help_text="the model of each agent; empty for an offline entrant",
    )
    state = models.CharField(max_length=10, choices=RunState, default=RunState.RUNNING)
    state_reason = models.TextField(blank=True)
    metrics = models.JSONField(default=dict)
    cost_usd = models.DecimalField(max_digits=10, decimal_places=6, default=0)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["suite", "-id"], name="eval_run_by_suite")]

    def __str__(self) -> str:
        return f"eval {self.pk}: {self.suite} by {self.model}"


class EvalResult(models.Model):
    """What came out of one case; `is_right` is the suite's own question, null where there was no answer."""

    run = models.ForeignKey(EvalRun, models.CASCADE, related_name="results")
    case_id = models.CharField(max_length=120)
    repeat = models.PositiveSmallIntegerField(default=1)
    outcome = models.CharField(max_length=10, choices=Outcome)
    is_right = models.BooleanField(null=True)
    expected = models.JSONField(default=dict)
    answer = models.JSONField(default=dict)
    exit_reason = models.CharField(max_length=60, blank=True)
    error = models.TextField(blank=True)
    cost_usd = models.DecimalField(max_digits=10, decimal_places=6, default=0)
    seconds = models.FloatField()
    answered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "case_id", "repeat"], name="eval_result_once"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.outcome}"
