"""Reads that other rooms take decisions or prompts from; always from live rows."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from incidents.choices import ENDED, Stage, StageStatus, Status, Verdict
from incidents.models import (
    AgentStep,
    DaySpend,
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
    return _pauses_in_force().first()


def is_paused() -> Exists:
    """Return the condition that a pause is in force, for a query that asks for something else as well."""
    return Exists(_pauses_in_force())


def _pauses_in_force() -> QuerySet[Pause, Pause]:
    return Pause.objects.filter(ended_at=None)


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
    causes = {incident: str(cause or "") for incident, cause in runs.values_list("incident", "output__root_cause")}
    fixes = Fix.objects.filter(incident__in=ids, verdict=Verdict.FIXED).order_by("attempt")
    summaries = dict(fixes.values_list("incident", "rationale"))
    return [
        KnownIncident(incident, causes.get(incident.pk, ""), summaries.get(incident.pk, ""))
        for incident in Incident.objects.filter(pk__in=ids).defer("embedding")
    ]


class Spent(NamedTuple):
    """What model calls have cost in US dollars: of one stage run, its incident, its service and all of today."""

    stage_usd: Decimal
    incident_usd: Decimal
    service_today_usd: Decimal
    all_today_usd: Decimal


def spent_around(*, run: StageRun, service: Service) -> Spent:
    """Return what every purse that a call of `run` is paid from has spent, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SPENT,
            {"run": run.pk, "incident": run.incident_id, "service": service.pk, "today": day_began_at().date()},
        )
        return Spent._make(cursor.fetchone())


_SPENT = """
    SELECT runs.stage_usd, runs.incident_usd, today.service_usd, today.all_usd
    FROM (
        SELECT coalesce(sum(cost_usd) FILTER (WHERE id = %(run)s), 0) AS stage_usd,
            coalesce(sum(cost_usd), 0) AS incident_usd
        FROM incidents_stagerun WHERE incident_id = %(incident)s
    ) AS runs, (
        SELECT coalesce(sum(usd) FILTER (WHERE service_id = %(service)s), 0) AS service_usd,
            coalesce(sum(usd), 0) AS all_usd
        FROM incidents_dayspend WHERE day = %(today)s
    ) AS today
"""


def spent_usd(*, incident: Incident) -> Decimal:
    """Return what the model calls of one incident have cost."""
    return _sum(StageRun.objects.filter(incident=incident), "cost_usd")


def spent_today_usd() -> Decimal:
    """Return what all model calls have cost since midnight UTC."""
    return _sum(DaySpend.objects.filter(day=day_began_at().date()), "usd")


def day_began_at() -> datetime:
    """Return the last midnight UTC: when the purses of a day were filled."""
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)


def _sum(rows: QuerySet[Any, Any], field: str) -> Decimal:
    total: Decimal = rows.aggregate(total=Coalesce(Sum(F(field)), Value(Decimal(0))))["total"]
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
