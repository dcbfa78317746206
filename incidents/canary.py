"""The canary: a service of the platform's own, whose alarms prove that all works and count for nothing else."""

from typing import TypeVar

from django.db.models import Model, QuerySet

CANARY = "canary"

Rows = TypeVar("Rows", bound=Model)


def without_canary(rows: "QuerySet[Rows, Rows]", *, service: str = "service") -> "QuerySet[Rows, Rows]":
    """Leave the canary's rows out; `service` is the way from a row to its service."""
    return rows.exclude(**{f"{service}__name": CANARY})
