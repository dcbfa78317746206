"""One websocket for each open dashboard. It only reads."""

import json
from typing import Any

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseError
from redis.exceptions import RedisError

from incidents.feed.catch_up import missed
from incidents.feed.hub import hub
from incidents.feed.messages import Hello, Refused, Watch
from incidents.feed.outbox import Outbox
from incidents.feed.plain_send import plain_send
from incidents.feed.sessions import FORBIDDEN, UNAUTHENTICATED, VIEW, Admission, doorkeeper

logger = structlog.get_logger(__name__)

# Close codes beside those of incidents/feed/sessions.py.
BAD_MESSAGE = 4400
UNAVAILABLE = 4503

LARGEST_MESSAGE_BYTES = 4096


class IncidentFeed(AsyncWebsocketConsumer):
    """Answers `hello` with what the client missed, then passes on what changes.

    After `watch` it also passes on what the agents of that one incident do.
    """

    # The hub listens for all clients of the process; a channel for each of them would be read a thousand times.
    channel_layer_alias = ""

    outbox: Outbox | None = None
    admission: Admission | None = None
    watched: int | None = None

    async def connect(self) -> None:
        # Accepted before it is closed, because a browser sees the code of an open connection only.
        await self.accept()
        user = self.scope["user"]
        if user is None or not user.is_authenticated:
            await self.close(UNAUTHENTICATED)
        elif not await database_sync_to_async(user.has_perm)(VIEW):
            await self.close(FORBIDDEN)
        else:
            self._plain_send = plain_send(self.scope)
            self.outbox = Outbox(self._tell, self._catch_up)
            session_key = self.scope["session"].session_key
            self.admission = Admission(session_key, user.pk, user.get_session_auth_hash(), self._end)
            doorkeeper().admit(self.admission)

    async def disconnect(self, code: int) -> None:
        if self.admission is not None:
            doorkeeper().leave(self.admission)
        await self._leave()

    async def _end(self, code: int) -> None:
        await self._leave()
        await self.close(code)

    async def _leave(self) -> None:
        if self.outbox is None:
            return
        await self._watch(self.outbox, None)
        await hub().leave(self.outbox)
        await self.outbox.close()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.outbox is None:
            return
        try:
            message = _read(text_data)
        except ValueError as error:
            await self.send(json.dumps(Refused(type="error", error=str(error))))
            await self.close(BAD_MESSAGE)
            return
        try:
            # Joined before the rows are read, so that nothing falls between the snapshot and what follows it.
            await hub().join(self.outbox)
            if message["type"] == "watch":
                await self._watch(self.outbox, message["incident_id"])
            else:
                self.outbox.begin(message["cursor"])
        except (RedisError, OSError) as error:
            logger.warning("feed.not_joined", error=str(error))
            await self.close(UNAVAILABLE)

    async def _watch(self, outbox: Outbox, incident_id: int | None) -> None:
        before, self.watched = self.watched, incident_id
        if before is not None:
            await hub().unwatch(outbox, before)
        if incident_id is not None:
            await hub().watch(outbox, incident_id)

    async def _tell(self, frame: str) -> None:
        await self._plain_send({"type": "websocket.send", "text": frame})

    async def _catch_up(self, cursor: int) -> tuple[str, int]:
        try:
            message = await database_sync_to_async(missed)(cursor)
        except DatabaseError:
            # The client comes back by itself, and asks again.
            await self.close(UNAVAILABLE)
            raise
        return json.dumps(message), message["cursor"]


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
