"""How a stage run begins, keeps a message of its conversation and ends: one statement each.

Every stage of every incident does this. Composed row by row it was half of what a stage asked the database.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone
from psycopg.types.json import Jsonb

from incidents.choices import Stage, StageStatus
from incidents.lifecycle import TOUCH, touched_announce
from incidents.models import StageRun
from incidents.selectors import day_began_at


class TokensAdded(NamedTuple):
    """Tokens of one call: all of its input, the part of it that came from the provider's cache, and its output."""

    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0


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
    touched_announce(incident_id, status, cursor)
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
    touched_announce(run.incident_id, incident_status, cursor)
    return True


def agent_step_store(
    *,
    run: StageRun,
    number: int,
    role: str,
    content: Sequence[Any],
    cost_usd: Decimal,
    stop_reason: str = "",
    usage: Mapping[str, int] | None = None,
    tokens: TokensAdded | None = None,
    model: str = "",
    model_seconds: float = 0,
    tool_seconds: float = 0,
) -> None:
    """Store a message as `number` of the run's conversation, and add what it cost to the run and to the day.

    Raises IntegrityError if the conversation has that number already; nothing is stored or added then.
    """
    values: dict[str, Any] = {
        "run": run.pk,
        "incident": run.incident_id,
        "number": number,
        "role": role,
        "content": Jsonb(list(content)),
        "stop_reason": stop_reason,
        "usage": Jsonb(dict(usage or {})),
        "cost_usd": cost_usd,
        "now": timezone.now(),
        "today": day_began_at().date(),
        "model": model,
        "model_seconds": model_seconds,
        "tool_seconds": tool_seconds,
        **(tokens or TokensAdded())._asdict(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_STEP, values)


def loss_record(*, stage_run_id: int, usd: Decimal, day: date) -> None:
    """Add what a call may have cost whose price nobody knows to its run and to that day (UTC)."""
    with connection.cursor() as cursor:
        cursor.execute(_LOSS, {"run": stage_run_id, "usd": usd, "day": day})


def day_spend_recount() -> None:
    """Raise what services have spent today to what the day's steps cost.

    A release that does not know the day's rows may have run since midnight. Nothing is lowered: what calls without
    a known price may have cost stands in no step.
    """
    began = day_began_at()
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT, {"began": began, "today": began.date()})


def _told(statement: str, values: dict[str, Any]) -> tuple[str, int | None, int | None]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row: tuple[str, int | None, int | None] = cursor.fetchone()
        return row


_FIELDS = [field for field in StageRun._meta.concrete_fields if not field.primary_key]
# The incident's row comes first in both, as wherever else both are locked.
_TOUCHED = f"WITH touched AS ({TOUCH}), run AS ("
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
_STEP = """
    WITH step AS (
        INSERT INTO incidents_agentstep
            (stage_run_id, number, role, content, stop_reason, usage, cost_usd, created_at)
        VALUES (%(run)s, %(number)s, %(role)s, %(content)s, %(stop_reason)s, %(usage)s, %(cost_usd)s, %(now)s)
    ), day AS (
        INSERT INTO incidents_dayspend AS spend (service_id, day, usd)
        SELECT service_id, %(today)s, %(cost_usd)s FROM incidents_incident
        WHERE id = %(incident)s AND %(cost_usd)s > 0
        ON CONFLICT (day, service_id) DO UPDATE SET usd = spend.usd + excluded.usd
    )
    UPDATE incidents_stagerun
    SET model = coalesce(nullif(%(model)s, ''), model),
        input_tokens = input_tokens + %(input_tokens)s,
        cached_input_tokens = cached_input_tokens + %(cached_input_tokens)s,
        output_tokens = output_tokens + %(output_tokens)s,
        cost_usd = cost_usd + %(cost_usd)s,
        model_seconds = model_seconds + %(model_seconds)s,
        tool_seconds = tool_seconds + %(tool_seconds)s
    WHERE id = %(run)s
"""
# The run's row before the day's, as in a step.
_LOSS = """
    WITH run AS (
        UPDATE incidents_stagerun SET cost_usd = cost_usd + %(usd)s WHERE id = %(run)s RETURNING incident_id
    )
    INSERT INTO incidents_dayspend AS spend (service_id, day, usd)
    SELECT service_id, %(day)s, %(usd)s FROM run JOIN incidents_incident ON incidents_incident.id = run.incident_id
    ON CONFLICT (day, service_id) DO UPDATE SET usd = spend.usd + excluded.usd
"""
_RECOUNT = """
    INSERT INTO incidents_dayspend AS spend (service_id, day, usd)
    SELECT incident.service_id, %(today)s, sum(step.cost_usd)
    FROM incidents_agentstep AS step
    JOIN incidents_stagerun AS run ON run.id = step.stage_run_id
    JOIN incidents_incident AS incident ON incident.id = run.incident_id
    WHERE step.created_at >= %(began)s AND step.cost_usd > 0
    GROUP BY incident.service_id ORDER BY incident.service_id
    ON CONFLICT (day, service_id) DO UPDATE SET usd = excluded.usd WHERE spend.usd < excluded.usd
"""
