"""Tell connected dashboards that something changed, which they re-read through the API, and what agents do now.

Redis carries a message and may lose it: what is told here is in the database first, or gone in a second anyway.
"""

import asyncio
import atexit
import os
import threading
from concurrent.futures import Future, wait
from functools import cache
from typing import Literal

import structlog
from channels.layers import get_channel_layer
from django.db import transaction
from typing_extensions import TypedDict  # the one that pydantic reads before Python 3.12

logger = structlog.get_logger(__name__)

INCIDENTS_GROUP = "incidents"
# More than these are dropped: Redis is away, and the feed finds in the database what it was not told.
MOST_UNSENT = 500
LAST_WORDS_SECONDS = 2


class IncidentChanged(TypedDict):
    """An incident's status, stages, fixes or alarms changed; `cursor` is its transition's id, 0 if none."""

    type: Literal["incident.changed"]
    incident_id: int
    status: str
    cursor: int


class SummaryChanged(TypedDict):
    """Something that belongs to no single incident changed: a pause began or ended."""

    type: Literal["summary.changed"]


class StepStored(TypedDict):
    """A message of a running agent's conversation was stored, as `number` of its stage run."""

    type: Literal["step.stored"]
    incident_id: int
    stage_run: int
    number: int


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


Message = IncidentChanged | SummaryChanged | StepStored | AgentActivity


def incident_group(incident_id: int) -> str:
    """Return the group of those who look at one incident."""
    return f"incident.{incident_id}"


def broadcast_activity(message: AgentActivity) -> None:
    """Send `message` at once to whoever looks at the incident. Never raises."""
    _send(incident_group(message["incident_id"]), message)


def broadcast_step(message: StepStored) -> None:
    """Tell whoever looks at the incident, after commit. Never raises."""
    transaction.on_commit(lambda: _send(incident_group(message["incident_id"]), message), robust=True)


def broadcast(message: IncidentChanged | SummaryChanged) -> None:
    """Send `message` to every connected dashboard after commit.

    Never raises: a dashboard that missed a message asks for what came after its cursor when it reconnects.
    """
    transaction.on_commit(lambda: _send(INCIDENTS_GROUP, message), robust=True)


def _send(group: str, message: Message) -> None:
    """Hand `message` to the thread that speaks to Redis; whoever committed waits for neither."""
    sender = _sender()
    if len(sender.unsent) >= MOST_UNSENT:
        logger.warning("broadcast.dropped", group=group, kind=message["type"], unsent=len(sender.unsent))
        return
    layer = get_channel_layer()
    if layer is None:
        raise RuntimeError("CHANNEL_LAYERS names no default layer")
    told = asyncio.run_coroutine_threadsafe(layer.group_send(group, dict(message)), sender.loop)
    sender.unsent.add(told)
    told.add_done_callback(sender.done)


class _Sender:
    """One event loop in a thread of its own, and with it one kept connection to Redis."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.unsent: set[Future[None]] = set()
        threading.Thread(target=self.loop.run_forever, name="broadcast", daemon=True).start()

    def done(self, told: "Future[None]") -> None:
        self.unsent.discard(told)
        error = None if told.cancelled() else told.exception()
        if error is not None:
            logger.warning("broadcast.lost", error=f"{type(error).__name__}: {error}")


@cache
def _sender() -> _Sender:
    sender = _Sender()
    # A command that commits and ends at once would take its last words with it.
    atexit.register(lambda: wait(set(sender.unsent), timeout=LAST_WORDS_SECONDS))
    return sender


# A forked process has the parent's object but not its thread.
os.register_at_fork(after_in_child=_sender.cache_clear)
