"""A PostgreSQL URL as Django's settings want it."""

from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from config.env import BadEnvironment


def parse(url: str) -> dict[str, Any]:
    """Return Django's DATABASES entry for a libpq connection URL. Raises BadEnvironment for anything else."""
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError as error:
        raise BadEnvironment(
            f"DATABASE_URL is not a PostgreSQL URL ({error}). Write it as postgresql://user:password@host:5432/name."
        ) from error
    if not parts.get("dbname"):
        raise BadEnvironment(
            "DATABASE_URL names no database. Write it as postgresql://user:password@host:5432/name."
        )
    named = {name: str(parts.pop(name, "")) for name in ("dbname", "user", "password", "host", "port")}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": named["dbname"],
        "USER": named["user"],
        "PASSWORD": named["password"],
        "HOST": named["host"],
        "PORT": named["port"],
        # A thread keeps its connection; a broken one is replaced at the next request or task.
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **parts},
    }
