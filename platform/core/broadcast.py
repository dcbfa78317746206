"""Tell connected dashboards that something changed; they re-read it through the API."""

from typing import Literal, TypedDict

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

INCIDENTS_GROUP = "incidents"


class IncidentChanged(TypedDict):
    """An incident's status, stages or fixes changed; `cursor` is its newest transition id."""

    type: Literal["incident.changed"]
    incident_id: int
    status: str
    cursor: int


def broadcast(message: IncidentChanged) -> None:
    """Send `message` to every connected dashboard after commit.

    Never raises: a dashboard that missed a message asks for what came after its cursor when it reconnects.
    """
    transaction.on_commit(lambda: _send(message), robust=True)


def _send(message: IncidentChanged) -> None:
    layer = get_channel_layer()
    if layer is None:
        raise RuntimeError("CHANNEL_LAYERS names no default layer")
    try:
        async_to_sync(layer.group_send)(INCIDENTS_GROUP, dict(message))
    except (RedisError, OSError) as error:
        logger.warning("broadcast.lost", message=message, error=str(error))
