"""What the live feed and its clients say to each other; the dashboard's types are generated from these.

incidents/api/feed_schema.py puts them into the API's schema.
"""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from core.broadcast import AgentActivity, IncidentChanged, StepStored, SummaryChanged


class Hello(TypedDict):
    """From the client, first: tell me what came after this transition id; 0 is before all of them."""

    type: Literal["hello"]
    cursor: int


class Watch(TypedDict):
    """From the client: tell me as well what the agents of this incident do now; null ends it."""

    type: Literal["watch"]
    incident_id: int | None


class Snapshot(TypedDict):
    """The newest change of each incident that moved after the client's cursor, and where the feed stands now.

    What belongs to no transition (a stage that began, a further alarm) may have changed as well.
    """

    type: Literal["snapshot"]
    cursor: int
    changes: list[IncidentChanged]


class Reload(TypedDict):
    """Too much happened while the client was away: read everything again through the API."""

    type: Literal["reload"]
    cursor: int


class Changes(TypedDict):
    """What changed since the last message, each incident once; `cursor` is the highest of theirs."""

    type: Literal["changes"]
    cursor: int
    changes: list[IncidentChanged]


class Refused(TypedDict):
    """The client's message cannot be used; the connection is closed after this."""

    type: Literal["error"]
    error: str


ClientMessage = Annotated[Hello | Watch, Field(discriminator="type")]
ServerMessage = Annotated[
    Snapshot | Reload | Changes | SummaryChanged | StepStored | AgentActivity | Refused,
    Field(discriminator="type"),
]
