"""Evidence in parallel: a piece that cannot be had says why and does not stop the others."""

from collections.abc import Callable, Iterable, Sequence

import structlog
from pydantic import BaseModel

from agents.evidence import CommitNote, Commits, LogEvent, Logs, Owners, Similar, SimilarIncident
from core.errors import PlatformError
from core.redact import redact
from incidents import selectors
from incidents.choices import Stage
from incidents.models import Incident
from incidents.similarity import similar_candidates
from integrations.cloudwatch.log_search import FoundEvent
from integrations.embeddings import embedder
from pipeline.canary_service import code_host_of
from pipeline.code_owners import owners_of
from pipeline.facts import alarm_of, cloudwatch_at, deployed_checkout
from pipeline.indexing import incidents_index
from pipeline.stages import stage_run

logger = structlog.get_logger(__name__)

COMMITS_SHOWN = 20
SIMILAR_SHOWN = 5


def evidence_collect(incident: Incident, stage: Stage) -> None:
    """Collect one piece once; a failure is part of the piece, so that the join goes on without it."""
    output, collect = COLLECTORS[stage]

    def work(_run: object) -> BaseModel:
        try:
            return collect(incident)
        except PlatformError as error:
            logger.warning("evidence.missing", stage=stage, error=str(error))
            return output(missing=redact(str(error)))

    stage_run(incident, stage, output, work)


def logs_or_missing(incident: Incident) -> Logs:
    """Return the log events around the alarm, or an empty piece that says why there are none."""
    try:
        return _logs(incident)
    except PlatformError as error:
        return Logs(missing=redact(str(error)))


def log_events_shown(found: Iterable[FoundEvent]) -> list[LogEvent]:
    """Return log events as agents see them: without secrets."""
    return [
        LogEvent(
            id=event.id,
            at=event.at,
            log_group=event.log_group,
            log_stream=event.log_stream,
            message=redact(event.message),
        )
        for event in found
    ]


def _logs(incident: Incident) -> Logs:
    alarm = alarm_of(incident)
    found = cloudwatch_at(alarm).log_events(alarm, log_groups=incident.service.log_groups)
    events = log_events_shown(found.events)
    return Logs(
        events=events, log_groups=found.log_groups, filter_pattern=found.filter_pattern, missing=found.gaps
    )


def _commits(incident: Incident) -> Commits:
    checkout = deployed_checkout(incident)
    found = code_host_of(incident.service).commits(checkout.repository, checkout.commit, limit=COMMITS_SHOWN)
    return Commits(
        commits=[
            CommitNote(
                sha=commit.sha,
                author=commit.author,
                authored_at=commit.authored_at,
                subject=commit.subject,
                paths=list(commit.paths),
            )
            for commit in found
        ]
    )


def _similar(incident: Incident) -> Similar:
    [vector] = incidents_index([incident.pk])
    return _near(vector, incident)


def similar_to(text: str, *, incident: Incident) -> Similar:
    """Return incidents of the same service that read like `text`, read live."""
    [vector] = embedder().embed([text])
    return _near(vector, incident)


def _near(vector: Sequence[float], incident: Incident) -> Similar:
    near = similar_candidates(
        vector=vector, embedding_model=embedder().name, service=incident.service, limit=SIMILAR_SHOWN + 1
    )
    distances = {candidate.id: candidate.distance for candidate in near if candidate.id != incident.pk}
    # The index suggests ids; what is shown of them is read live.
    return Similar(
        incidents=[
            SimilarIncident(
                id=known.incident.pk,
                title=known.incident.title,
                status=known.incident.status,
                distance=distances[known.incident.pk],
                root_cause=known.root_cause,
                fix_summary=known.fix_summary,
            )
            for known in selectors.known_incidents(ids=distances.keys())
        ]
    )


def _owners(incident: Incident) -> Owners:
    found = owners_of(deployed_checkout(incident).path)
    owners = sorted({*incident.service.owners, *found})
    return Owners(owners=owners, missing="" if owners else "neither the service nor CODEOWNERS names owners")


COLLECTORS: dict[Stage, tuple[type[BaseModel], Callable[[Incident], BaseModel]]] = {
    Stage.LOGS: (Logs, _logs),
    Stage.COMMITS: (Commits, _commits),
    Stage.SIMILAR: (Similar, _similar),
    Stage.OWNERS: (Owners, _owners),
}
