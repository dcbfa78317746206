"""Insert-or-attach: the one statement by which a notification opens an incident or becomes one more occurrence."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

from incidents.choices import ENDED, Classification, Status
from incidents.fingerprint import FingerprintParts
from incidents.lifecycle import transition_record
from incidents.models import Incident, Service

# The conflict target repeats the predicate of the index incident_one_open_per_fingerprint, so that PostgreSQL
# finds it. xmax is 0 in a row that this statement inserted and not in one that it updated.
_INSERT_OR_ATTACH = sql.SQL("""
    INSERT INTO {table} AS incident (
        service_id, fingerprint, fingerprint_parts, error_fingerprint, error_fingerprint_parts, title, status,
        status_reason, classification, severity, occurrences, first_seen_at, last_seen_at, deployed_commit,
        embedding_model, active_at
    )
    VALUES (
        %(service)s, %(fingerprint)s, %(parts)s::jsonb, '', '{{}}', %(title)s, {opened},
        '', {unknown}, '', 1, %(seen_at)s, %(seen_at)s, '',
        '', %(now)s
    )
    ON CONFLICT (fingerprint) WHERE NOT (status IN ({ended}))
    DO UPDATE SET
        occurrences = incident.occurrences + 1,
        first_seen_at = LEAST(incident.first_seen_at, EXCLUDED.first_seen_at),
        last_seen_at = GREATEST(incident.last_seen_at, EXCLUDED.last_seen_at)
    RETURNING id, (xmax = 0)
""").format(
    table=sql.Identifier(Incident._meta.db_table),
    opened=sql.Literal(Status.OPEN.value),
    unknown=sql.Literal(Classification.UNKNOWN.value),
    ended=sql.SQL(", ").join(sql.Literal(status.value) for status in sorted(ENDED)),
)


@dataclass(frozen=True)
class Occurrence:
    """The incident that a notification belongs to, and whether it was opened by it."""

    incident: Incident
    is_new: bool


def incident_open_or_attach(
    *, service: Service, parts: FingerprintParts, title: str, seen_at: datetime, actor: str, reason: str
) -> Occurrence:
    """Open an incident, or count one more occurrence of the open one with the fingerprint of `parts`.

    At most one of any number of concurrent callers opens it, and only that one wakes the pipeline.
    """
    values: dict[str, int | str | datetime] = {
        "service": service.pk,
        "fingerprint": parts.value,
        "parts": json.dumps(parts.named),
        "title": title[:300],
        "seen_at": seen_at,
        "now": timezone.now(),
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_INSERT_OR_ATTACH, values)
            incident_id, is_new = cursor.fetchone()
        incident = Incident.objects.get(pk=incident_id)
        if is_new:
            transition_record(incident=incident, source=None, target=Status.OPEN, actor=actor, reason=reason)
    return Occurrence(incident, is_new)
