"""Past incidents that read alike. The index suggests ids; whoever wants to decide anything reads the rows live."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import QuerySet
from pgvector.django import CosineDistance

from incidents.models import Event, Incident, Service
from incidents.selectors import known_incidents

# How far the HNSW index looks. With a filter, only a part of what it finds counts: it then looks further, in order
# (pgvector, "Iterative index scans").
EF_SEARCH = 70
# Of a service with so many incidents all are compared, which takes some milliseconds and misses none. With more
# the index must be used: the planner does not know that vectors lie outside their rows, and would compare all.
EXACT_UP_TO = 2_000


@dataclass(frozen=True)
class Candidate:
    """An id that the index suggests, and its cosine distance from 0 (same) to 2 (opposite)."""

    id: int
    distance: float


def similar_candidates(
    *, vector: Sequence[float], embedding_model: str, service: Service, limit: int
) -> list[Candidate]:
    """Return the nearest incidents of the service as ids and distances only: re-read before you decide.

    Only vectors of the same embedder can be compared; others count again once they are re-indexed.
    """
    rows = (
        Incident.objects.filter(service=service, embedding_model=embedding_model)
        .annotate(distance=CosineDistance("embedding", list(vector)))
        .order_by("distance")
        .values_list("pk", "distance")[:limit]
    )
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_SEARCH_AS, [str(EF_SEARCH), EXACT_UP_TO, service.pk, EXACT_UP_TO])
        return [Candidate(id=pk, distance=float(distance)) for pk, distance in rows]


# Without sorting only the index gives an order.
_SEARCH_AS = """
    SELECT set_config('hnsw.ef_search', %s, true), set_config('hnsw.iterative_scan', 'strict_order', true),
        set_config('enable_sort', CASE WHEN count(*) > %s THEN 'off' ELSE 'on' END, true)
    FROM (SELECT FROM incidents_incident WHERE service_id = %s LIMIT %s + 1) AS counted
"""


def incident_texts(*, ids: Collection[int]) -> dict[int, str]:
    """Return what is embedded of each incident: its alarm, its error, and what was found out about it so far."""
    events = Event.objects.filter(incident__in=ids).order_by("-id")
    described = dict(events.values_list("incident", "alarm__AlarmDescription"))
    return {
        known.incident.pk: "\n".join(
            str(part)
            for part in (
                known.incident.title,
                described.get(known.incident.pk),
                *(known.incident.error_fingerprint_parts.get(name, "") for name in ("type", "message", "frames")),
                known.root_cause,
                known.fix_summary,
            )
            if part
        )
        for known in known_incidents(ids=ids)
    }


def embedding_store(*, incident_id: int, vector: Sequence[float], embedding_model: str) -> None:
    """Keep an incident's vector with the name of the embedder that made it."""
    Incident.objects.filter(pk=incident_id).update(embedding=list(vector), embedding_model=embedding_model)


def not_indexed_by(embedding_model: str) -> QuerySet[Incident, Incident]:
    """Return the incidents whose vector another embedder made, or none; newest first, which matter most."""
    return Incident.objects.exclude(embedding_model=embedding_model).order_by("-id")
