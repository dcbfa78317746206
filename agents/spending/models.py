from django.db import models


class Reservation(models.Model):
    """Money set aside for a model call that is going on, until its price is recorded.

    It counts while the worker that made it holds the stage run: the lease of a killed worker runs out, and what
    takes the run over has another number of claims.
    """

    stage_run = models.ForeignKey("incidents.StageRun", models.CASCADE, related_name="reservations")
    claims = models.PositiveSmallIntegerField(help_text="of the stage run when the call began")
    usd = models.DecimalField(max_digits=10, decimal_places=6)
    reserved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.usd} USD for {self.stage_run}"
