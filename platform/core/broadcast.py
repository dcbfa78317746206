"""Tell connected dashboards that something changed, which they re-read through the API, and what agents do now."""

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


class ToolActivity(TypedDict):
    """One tool call of the message at hand; `arguments` is JSON, cut to what fits on a line."""

    name: str
    arguments: str
    state: Literal["asked", "running", "done", "failed"]


class AgentActivity(TypedDict):
    """What a running agent says and does at this moment: all of it, so that a lost message costs nothing.

    `step` is the number that the message has in the conversation once it is stored, `text` the end of its words.
    """

    type: Literal["agent.activity"]
    incident_id: int
    stage: str
    attempt: int
    candidate: int
    step: int
    text: str
    tools: list[ToolActivity]


def incident_group(incident_id: int) -> str:
    """Return the group of those who look at one incident."""
    return f"incident.{incident_id}"


def broadcast_activity(message: AgentActivity) -> None:
    """Send `message` at once to whoever looks at the incident. Never raises."""
    _send(incident_group(message["incident_id"]), message)


def broadcast(message: IncidentChanged) -> None:
    """Send `message` to every connected dashboard after commit.

    Never raises: a dashboard that missed a message asks for what came after its cursor when it reconnects.
    """
    transaction.on_commit(lambda: _send(INCIDENTS_GROUP, message), robust=True)


def _send(group: str, message: IncidentChanged | AgentActivity) -> None:
    layer = get_channel_layer()
    if layer is None:
        raise RuntimeError("CHANNEL_LAYERS names no default layer")
    try:
        async_to_sync(layer.group_send)(group, dict(message))
    except (RedisError, OSError) as error:
        logger.warning("broadcast.lost", group=group, kind=message["type"], error=str(error))
