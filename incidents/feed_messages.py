"""What the live feed and its clients say to each other; frontend/src/features/live/messages.ts reads the same."""

from typing import Literal, TypedDict

from core.broadcast import AgentActivity, IncidentChanged


class Hello(TypedDict):
    """From the client, first: tell me what came after this transition id; 0 is before all of them."""

    type: Literal["hello"]
    cursor: int


class Watch(TypedDict):
    """From the client: tell me as well what the agents of this incident do now; null ends it."""

    type: Literal["watch"]
    incident_id: int | None


class Snapshot(TypedDict):
    """The newest change of each incident that moved after the client's cursor, and where the feed stands now."""

    type: Literal["snapshot"]
    cursor: int
    changes: list[IncidentChanged]


class Reload(TypedDict):
    """Too much happened while the client was away: read everything again through the API."""

    type: Literal["reload"]
    cursor: int


class Refused(TypedDict):
    """The client's message cannot be used; the connection is closed after this."""

    type: Literal["error"]
    error: str


ServerMessage = Snapshot | Reload | Refused | IncidentChanged | AgentActivity
