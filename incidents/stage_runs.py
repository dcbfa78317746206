"""How a stage run begins and ends: one statement each, with the note in its incident that it was worked on.

Every stage of every incident does both. Composed row by row they were half of what a stage asked the database.
"""

from datetime import datetime
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from core.broadcast import broadcast
from incidents.choices import Stage, StageStatus
from incidents.models import StageRun


def stage_run_begin(
    *,
    incident_id: int,
    stage: Stage,
    attempt: int | None,
    candidate: int,
    queued_at: datetime | None,
    now: datetime,
    lease_expires_at: datetime,
) -> StageRun | None:
    """Begin the first try at a stage, or that `attempt`, and return it; None if there is one already.

    Of two that call at once one begins it: the unique row decides.
    """
    run = StageRun(
        incident_id=incident_id,
        stage=stage,
        attempt=attempt or 1,
        candidate=candidate,
        status=StageStatus.RUNNING,
        queued_at=queued_at,
        started_at=now,
        lease_expires_at=lease_expires_at,
    )
    columns = {field.attname: field.get_db_prep_save(getattr(run, field.attname), connection) for field in _FIELDS}
    status, cursor, run_id = _told(_BEGIN, {**columns, "now": now, "any_attempt": attempt is None})
    if run_id is None:
        return None
    _announce(incident_id, status, cursor)
    run.pk = run_id
    run._state.adding = False
    return run


def stage_run_end(
    *,
    run: StageRun,
    status: StageStatus,
    now: datetime,
    exit_reason: str,
    error: str = "",
    output: dict[str, Any] | None = None,
    output_version: int | None = None,
) -> bool:
    """Close the run if whoever loaded it still holds it; False if another one took it over."""
    incident_status, cursor, run_id = _told(
        _END,
        {
            "incident_id": run.incident_id,
            "now": now,
            "id": run.pk,
            "claims": run.claims,
            "running": str(StageStatus.RUNNING),
            "status": str(status),
            "exit_reason": exit_reason,
            "error": error,
            "output": None if output is None else Jsonb(output),
            "output_version": output_version or run.output_version,
        },
    )
    if run_id is None:
        return False
    _announce(run.incident_id, incident_status, cursor)
    return True


def _told(statement: str, values: dict[str, Any]) -> tuple[str, int | None, int | None]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row: tuple[str, int | None, int | None] = cursor.fetchone()
        return row


def _announce(incident_id: int, status: str, cursor: int | None) -> None:
    # A cursor that is behind by a move makes a dashboard ask for more, never for less.
    broadcast({"type": "incident.changed", "incident_id": incident_id, "status": status, "cursor": cursor or 0})


_FIELDS = [field for field in StageRun._meta.concrete_fields if not field.primary_key]
# The incident's row comes first in both, as wherever else both are locked.
_TOUCHED = """
    WITH touched AS (
        UPDATE incidents_incident SET active_at = %(now)s WHERE id = %(incident_id)s
        RETURNING status, (SELECT max(id) FROM incidents_transition WHERE incident_id = %(incident_id)s) AS cursor
    ), run AS (
"""
_BEGIN = f"""{_TOUCHED}
        INSERT INTO incidents_stagerun ({", ".join(field.attname for field in _FIELDS)})
        SELECT {", ".join(f"%({field.attname})s" for field in _FIELDS)} FROM touched
        WHERE NOT EXISTS (
            SELECT FROM incidents_stagerun
            WHERE incident_id = %(incident_id)s AND stage = %(stage)s AND candidate = %(candidate)s
                AND (%(any_attempt)s OR attempt = %(attempt)s)
        )
        ON CONFLICT DO NOTHING RETURNING id
    )
    SELECT touched.status, touched.cursor, run.id FROM touched LEFT JOIN run ON true
"""  # noqa: S608  # columns of the model
_END = f"""{_TOUCHED}
        UPDATE incidents_stagerun AS ended
        SET status = %(status)s, finished_at = %(now)s, lease_expires_at = NULL, exit_reason = %(exit_reason)s,
            error = %(error)s, output = coalesce(%(output)s, ended.output), output_version = %(output_version)s
        FROM touched
        WHERE ended.id = %(id)s AND ended.claims = %(claims)s AND ended.status = %(running)s
        RETURNING ended.id
    )
    SELECT touched.status, touched.cursor, run.id FROM touched LEFT JOIN run ON true
"""  # noqa: S608  # words of this file
