"""Reads of the API, each in a number of queries that does not grow with the rows."""

from decimal import Decimal

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from incidents.choices import ENDED, StageStatus
from incidents.models import AgentStep, Incident, Service, StageRun

UNFINISHED = [StageStatus.RUNNING, StageStatus.WAITING]


def incident_rows() -> QuerySet[Incident, Incident]:
    """Return incidents as a list shows them, with `cost_usd`, `running_stage` and `unfinished_runs`."""
    running = StageRun.objects.filter(incident=OuterRef("pk"), status=StageStatus.RUNNING).order_by("-id")
    costs = StageRun.objects.filter(incident=OuterRef("pk")).order_by().values("incident")
    return (
        Incident.objects.select_related("service", "pull_request")
        .annotate(
            cost_usd=Coalesce(Subquery(costs.annotate(total=Sum("cost_usd")).values("total")), Value(Decimal(0))),
            running_stage=Coalesce(Subquery(running.values("stage")[:1]), Value("")),
        )
        .prefetch_related(
            Prefetch(
                "stage_runs",
                queryset=StageRun.objects.filter(status__in=UNFINISHED),
                to_attr="unfinished_runs",
            )
        )
        .defer("embedding")
        .order_by("-id")
    )


def incident_details() -> QuerySet[Incident, Incident]:
    """Return incidents with everything that one page shows; `approvals` is a relation of a room above."""
    return incident_rows().prefetch_related(
        Prefetch("stage_runs", queryset=_runs_with_steps()),
        "transitions",
        "fixes",
        "alarm_proposals",
        Prefetch("duplicates", queryset=Incident.objects.defer("embedding")),
        "approvals__decisions__user",
    )


def _runs_with_steps() -> QuerySet[StageRun, StageRun]:
    """Return runs with `step_count` and, of those that failed, `steps_of_failed`."""
    failed = AgentStep.objects.filter(stage_run__status=StageStatus.FAILED).order_by("number")
    runs = StageRun.objects.annotate(step_count=Count("steps")).order_by("id")
    return runs.prefetch_related(Prefetch("steps", queryset=failed, to_attr="steps_of_failed"))


def service_rows() -> QuerySet[Service, Service]:
    """Return services with `open_incidents`."""
    return Service.objects.annotate(
        open_incidents=Count("incidents", filter=~Q(incidents__status__in=ENDED))
    ).order_by("name")
