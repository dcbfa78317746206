"""How often an incident that was called real turned out to be noise, among those that a person has looked at."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from core.intervals import Interval, wilson
from incidents.canary import without_canary
from incidents.choices import Classification, GoldenCaseState, PullRequestState
from incidents.models import GoldenCase, Incident, Service


@dataclass(frozen=True)
class FalsePositives:
    """`rate` is None while nobody has reviewed anything: no figure is better than a flattering one."""

    called_real: int
    reviewed: int
    false: int
    rate: float | None
    interval: Interval | None
    reviewed_share: float | None


def false_positive_rate(*, since: datetime | None = None, service: Service | None = None) -> FalsePositives:
    """Return the rate over reviewed incidents, with its 95 % interval and how many were reviewed at all.

    Reviewed means that a person said what it was, or merged its fix and so agreed that it was real.
    """
    golden = GoldenCase.objects.exclude(state=GoldenCaseState.EXCLUDED)
    relabelled = golden.filter(was_classification=Classification.REAL)
    merged = Q(pull_request__state=PullRequestState.MERGED, pull_request__is_merged_by_platform=False)
    called_real = without_canary(Incident.objects.all()).filter(
        Q(classification=Classification.REAL) | Q(pk__in=relabelled.values("incident"))
    )
    if since is not None:
        called_real = called_real.filter(first_seen_at__gte=since)
    if service is not None:
        called_real = called_real.filter(service=service)
    reviewed = called_real.filter(merged | Q(pk__in=golden.values("incident"))).count()
    wrong = relabelled.filter(classification=Classification.NOISE)
    false = called_real.filter(pk__in=wrong.values("incident")).count()
    total = called_real.count()
    return FalsePositives(
        called_real=total,
        reviewed=reviewed,
        false=false,
        rate=false / reviewed if reviewed else None,
        interval=wilson(false, reviewed),
        reviewed_share=reviewed / total if total else None,
    )
