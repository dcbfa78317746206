"""Keep an incident findable by what is known of it: embedded when its alarm came, its cause and its fix."""

from collections.abc import Sequence

import structlog

from core.errors import PlatformError
from incidents.models import Incident
from incidents.similarity import embedding_store, incident_texts
from integrations.embeddings import embedder

logger = structlog.get_logger(__name__)


def incidents_index(ids: Sequence[int]) -> list[list[float]]:
    """Embed these incidents as they are known now; return their vectors in the order of `ids`.

    Raises as the embedder does.
    """
    texts, model = incident_texts(ids=ids), embedder()
    vectors = model.embed([texts[pk] for pk in ids])
    for pk, vector in zip(ids, vectors, strict=True):
        embedding_store(incident_id=pk, vector=vector, embedding_model=model.name)
    return vectors


def incident_refresh(incident: Incident) -> None:
    """Embed again after something was found out. A fault only makes later hints poorer, so it stops nothing."""
    try:
        incidents_index([incident.pk])
    except PlatformError as error:
        logger.warning("indexing.skipped", incident=incident.pk, error=str(error))
