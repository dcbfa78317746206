"""The live feed: one websocket for each open dashboard. It only reads."""

import json
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db.models import Max

from core.broadcast import INCIDENTS_GROUP, AgentActivity, IncidentChanged, incident_group
from incidents.feed_messages import Hello, Refused, Reload, ServerMessage, Snapshot, Watch
from incidents.models import Transition

# Close codes of the range for applications (RFC 6455, 7.4.2), after the HTTP status that they resemble.
BAD_MESSAGE = 4400
UNAUTHENTICATED = 4401
FORBIDDEN = 4403

LARGEST_MESSAGE_BYTES = 4096
MOST_TRANSITIONS = 500


class IncidentFeed(AsyncWebsocketConsumer):
    """Answers `hello` with what the client missed, then passes on what changes.

    After `watch` it also passes on what the agents of that one incident do.
    """

    is_admitted = False
    is_following = False
    watched: int | None = None

    async def connect(self) -> None:
        # Accepted before it is closed, because a browser sees the code of an open connection only.
        await self.accept()
        user = self.scope["user"]
        if user is None or not user.is_authenticated:
            await self.close(UNAUTHENTICATED)
        elif not await database_sync_to_async(user.has_perm)("incidents.view_incident"):
            await self.close(FORBIDDEN)
        else:
            self.is_admitted = True

    async def disconnect(self, code: int) -> None:
        if self.is_following:
            await self.channel_layer.group_discard(INCIDENTS_GROUP, self.channel_name)
        await self._watch(None)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.is_admitted:
            return
        try:
            message = _read(text_data)
        except ValueError as error:
            await self._tell(Refused(type="error", error=str(error)))
            await self.close(BAD_MESSAGE)
            return
        if message["type"] == "watch":
            await self._watch(message["incident_id"])
            return
        if not self.is_following:
            # Joined before the rows are read, so that nothing falls between the snapshot and what follows it.
            await self.channel_layer.group_add(INCIDENTS_GROUP, self.channel_name)
            self.is_following = True
        await self._tell(await database_sync_to_async(missed)(message["cursor"]))

    async def incident_changed(self, message: IncidentChanged) -> None:
        """Pass on a message of the group; channels finds this method by the message's type."""
        await self._tell(message)

    async def agent_activity(self, message: AgentActivity) -> None:
        """Pass on what an agent of the watched incident does."""
        await self._tell(message)

    async def _watch(self, incident_id: int | None) -> None:
        if self.watched is not None:
            await self.channel_layer.group_discard(incident_group(self.watched), self.channel_name)
        if incident_id is not None:
            await self.channel_layer.group_add(incident_group(incident_id), self.channel_name)
        self.watched = incident_id

    async def _tell(self, message: ServerMessage) -> None:
        await self.send(text_data=json.dumps(message))


def missed(cursor: int) -> Snapshot | Reload:
    """Return what happened after transition `cursor`, or Reload if that is more than a client should be sent."""
    rows = list(
        Transition.objects.filter(pk__gt=cursor)
        .order_by("id")
        .values_list("pk", "incident_id", "target")[: MOST_TRANSITIONS + 1]
    )
    if len(rows) > MOST_TRANSITIONS:
        return Reload(type="reload", cursor=_newest())
    newest = {incident_id: (pk, target) for pk, incident_id, target in rows}
    return Snapshot(
        type="snapshot",
        cursor=rows[-1][0] if rows else cursor,
        changes=[
            {"type": "incident.changed", "incident_id": incident_id, "status": target, "cursor": pk}
            for incident_id, (pk, target) in newest.items()
        ],
    )


def _newest() -> int:
    return Transition.objects.aggregate(newest=Max("pk"))["newest"] or 0


def _read(text: str | None) -> Hello | Watch:
    """Return the client's message. Raises ValueError for anything that is neither `hello` nor `watch`."""
    if text is None:
        raise ValueError("this feed reads text only")
    size = len(text.encode())
    if size > LARGEST_MESSAGE_BYTES:
        raise ValueError(f"the message has {size} bytes; {LARGEST_MESSAGE_BYTES} are allowed")
    try:
        given: Any = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"the message is not JSON: {error}") from error
    match given:
        case {"type": "hello"}:
            cursor = given.get("cursor")
            if not _is_id(cursor):
                raise ValueError(f"the cursor is {cursor!r}; it must be a transition's id, or 0")
            return Hello(type="hello", cursor=cursor)
        case {"type": "watch"}:
            incident_id = given.get("incident_id")
            if incident_id is not None and not _is_id(incident_id):
                raise ValueError(f"the incident_id is {incident_id!r}; it must be an incident's id, or null")
            return Watch(type="watch", incident_id=incident_id)
        case _:
            raise ValueError('the message is unknown; say {"type": "hello", "cursor": 0}')


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
