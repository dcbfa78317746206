"""Labelled incidents on their way into the dataset."""

from collections.abc import Collection

from django.db.models import QuerySet
from django.utils import timezone

from incidents.choices import GoldenCaseState
from incidents.models import GoldenCase


def golden_cases_ready() -> QuerySet[GoldenCase, GoldenCase]:
    """Return the reviewed cases that no export has taken yet, oldest first."""
    ready = GoldenCase.objects.filter(state=GoldenCaseState.REVIEWED, exported_at=None)
    return ready.select_related("incident__service").order_by("id")


def golden_cases_exported(*, ids: Collection[int]) -> None:
    """Record that these cases are in the dataset now."""
    GoldenCase.objects.filter(pk__in=ids, exported_at=None).update(exported_at=timezone.now())
