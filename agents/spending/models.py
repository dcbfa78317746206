from django.db import models


class Reservation(models.Model):
    """Money set aside for a model call, until its price is recorded.

    It is held for a call that is going on while the worker that made it holds the stage run. Once that worker's
    lease has run out or its run was taken over, which gives it another number of claims, it counts as spent; the
    sweeper records it as that a little later.
    """

    stage_run = models.ForeignKey("incidents.StageRun", models.CASCADE, related_name="reservations")
    claims = models.PositiveSmallIntegerField(help_text="of the stage run when the call began")
    usd = models.DecimalField(max_digits=10, decimal_places=6)
    reserved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.usd} USD for {self.stage_run}"
