"""Reads that other rooms take decisions or prompts from; always from live rows."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from incidents.choices import ENDED, Stage, StageStatus, Status, Verdict
from incidents.models import (
    AgentStep,
    Event,
    Fix,
    GoldenCase,
    Incident,
    Pause,
    PullRequest,
    Service,
    StageRun,
    Transition,
)


def live_incidents(*, service: Service) -> QuerySet[Incident, Incident]:
    """Return the service's incidents that have not ended, newest first."""
    return Incident.objects.filter(service=service).exclude(status__in=ENDED).order_by("-id")


def pause_in_force() -> Pause | None:
    """Return the pause that stops the pipeline at this moment, or None."""
    return Pause.objects.filter(ended_at=None).first()


def waiting_by_service(*, is_held: bool = False) -> list[dict[str, Any]]:
    """Return `service`, `count` and `incidents_per_hour` where open incidents have not entered the pipeline.

    With `is_held` only those that the limit of an hour holds back: not one that came a moment ago.
    """
    entered = Transition.objects.filter(incident=OuterRef("pk"), source=Status.OPEN)
    waiting = Incident.objects.filter(~Exists(entered), status=Status.OPEN).order_by("service__name")
    if is_held:
        waiting = waiting.exclude(status_reason="")  # written by admission alone
    counts = waiting.values("service").annotate(count=Count("pk"))
    return [
        {"service": name, "incidents_per_hour": limit, "count": count}
        for name, limit, count in counts.values_list("service__name", "service__incidents_per_hour", "count")
    ]


def first_alarm_names(*, ids: Collection[int]) -> dict[int, str]:
    """Return the name of the alarm that opened each of these incidents, by incident id."""
    events = Event.objects.filter(incident__in=ids).exclude(alarm=None).order_by("-id")
    return {incident_id: name for incident_id, name in events.values_list("incident", "alarm_name") if incident_id}


def is_live(*, incident_id: int, service: Service) -> bool:
    """Return whether this incident of the service is open at this moment."""
    return live_incidents(service=service).filter(pk=incident_id).exists()


def last_pull_request(*, service: Service, error_fingerprint: str, besides: Incident) -> PullRequest | None:
    """Return the newest pull request of another of the service's incidents with this error, or None."""
    return (
        PullRequest.objects.filter(incident__service=service, incident__error_fingerprint=error_fingerprint)
        .exclude(incident=besides)
        .select_related("incident", "fix")
        .order_by("-opened_at")
        .first()
    )


@dataclass(frozen=True)
class KnownIncident:
    """An incident as it is now, with what was found out about it; empty where nothing was."""

    incident: Incident
    root_cause: str
    fix_summary: str


def known_incidents(*, ids: Collection[int]) -> list[KnownIncident]:
    """Return these incidents with their newest diagnosis and passing fix, read live."""
    runs = StageRun.objects.filter(incident__in=ids, stage=Stage.DIAGNOSIS, status=StageStatus.SUCCEEDED).order_by(
        "attempt"
    )
    causes = {run.incident_id: str((run.output or {}).get("root_cause", "")) for run in runs}
    fixes = Fix.objects.filter(incident__in=ids, verdict=Verdict.FIXED).order_by("attempt")
    summaries = {fix.incident_id: fix.rationale for fix in fixes}
    return [
        KnownIncident(incident, causes.get(incident.pk, ""), summaries.get(incident.pk, ""))
        for incident in Incident.objects.filter(pk__in=ids)
    ]


def spent_usd(*, incident: Incident | None = None, run: StageRun | None = None) -> Decimal:
    """Return what the model calls of one incident, or of one stage run, have cost."""
    runs = StageRun.objects.all()
    if incident:
        runs = runs.filter(incident=incident)
    return _cost(runs.filter(pk=run.pk) if run else runs)


def spent_today_usd(*, service: Service | None = None) -> Decimal:
    """Return what model calls have cost since midnight UTC, for one service or for all."""
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    steps = AgentStep.objects.filter(created_at__gte=midnight)
    return _cost(steps if service is None else steps.filter(stage_run__incident__service=service))


def _cost(rows: QuerySet[Any, Any]) -> Decimal:
    total: Decimal = rows.aggregate(total=Coalesce(Sum(F("cost_usd")), Value(Decimal(0))))["total"]
    return total


def conversation_prompt(*, incident: Incident, stage: Stage, attempt: int, candidate: int) -> list[dict[str, str]]:
    """Return the first message of a stage run's conversation as [{role, content}]: what was asked."""
    step = (
        AgentStep.objects.filter(
            stage_run__incident=incident,
            stage_run__stage=stage,
            stage_run__attempt=attempt,
            stage_run__candidate=candidate,
            number=0,
        )
        .values_list("content", flat=True)
        .first()
    )
    text = "\n\n".join(block["text"] for block in step or [] if block.get("type") == "text")
    return [{"role": "user", "content": text}]


def diagnosis_output(*, incident: Incident) -> dict[str, Any]:
    """Return the newest diagnosis as it was handed on, or an empty dict."""
    return newest_output(incident=incident, stage=Stage.DIAGNOSIS)


def newest_output(*, incident: Incident, stage: Stage) -> dict[str, Any]:
    """Return what the stage handed on last, or an empty dict."""
    outputs = StageRun.objects.filter(incident=incident, stage=stage, status=StageStatus.SUCCEEDED).order_by(
        "-attempt"
    )
    return outputs.values_list("output", flat=True).first() or {}


def newest_attempt(*, incident: Incident, stage: Stage) -> int:
    """Return the number of the stage's newest run, 1 if there was none."""
    runs = StageRun.objects.filter(incident=incident, stage=stage).order_by("-attempt")
    return runs.values_list("attempt", flat=True).first() or 1


def person_label(*, incident: Incident) -> GoldenCase | None:
    """Return what a person said that this incident really was, if one did."""
    return GoldenCase.objects.filter(incident=incident).select_related("labelled_by").first()


def agent_runs(*, incident: Incident) -> QuerySet[StageRun, StageRun]:
    """Return the stage runs in which an agent spoke, in order, with their steps."""
    spoke = StageRun.objects.filter(incident=incident, steps__isnull=False).distinct()
    return spoke.order_by("id").prefetch_related("steps")
