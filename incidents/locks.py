"""Locks by name, for decisions that are about rows which are not there yet."""

from django.db import connection


def advisory_lock(*names: str) -> None:
    """Hold off everybody who locks one of these names until this transaction ends; taken in the order given."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(value, 0)) FROM unnest(%s::text[]) AS value",
            [list(names)],
        )
