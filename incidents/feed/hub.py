"""One reader of Redis for all clients of a server process: each message is read once and written down once."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import Error as DatabaseError
from redis.exceptions import RedisError

from core.broadcast import INCIDENTS_GROUP, IncidentChanged, incident_group
from incidents.feed.catch_up import active_now, newest_cursor, transitions_besides
from incidents.feed.messages import Changes
from incidents.feed.outbox import Outbox

logger = structlog.get_logger(__name__)

# The first change after a quiet time is told at once; in a storm what comes within this time is told together.
PAUSE_SECONDS = 0.05
# How often the database is compared with what Redis brought: a message that it lost is late by no more.
COMPARE_SECONDS = 2.0
# For so many comparisons a transition that commits late, with a lower id, is still found.
COMPARISONS = 5


class Hub:
    """Tells its outboxes what changed; exists while there is one."""

    def __init__(self) -> None:
        self._outboxes: set[Outbox] = set()
        self._watchers: defaultdict[int, set[Outbox]] = defaultdict(set)
        self._changes: dict[int, IncidentChanged] = {}
        self._summary_changed = False
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()
        self._channel = ""
        self._tasks: list[asyncio.Task[None]] = []
        # What Redis brought lately: transitions, and when each incident was told of.
        self._told: set[int] = set()
        self._told_at: dict[int, float] = {}

    async def join(self, outbox: Outbox) -> None:
        """Offer `outbox` every change from now on. Raises RedisError if the hub cannot listen."""
        async with self._lock:
            if not self._tasks:
                await self._start()
            self._outboxes.add(outbox)

    async def leave(self, outbox: Outbox) -> None:
        """Offer `outbox` nothing more."""
        async with self._lock:
            self._outboxes.discard(outbox)
            if not self._outboxes and self._tasks:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
                self._tasks = []

    async def watch(self, outbox: Outbox, incident_id: int) -> None:
        """Offer `outbox` also what the agents of one incident do."""
        async with self._lock:
            if not self._watchers[incident_id]:
                await _layer().group_add(incident_group(incident_id), self._channel)
            self._watchers[incident_id].add(outbox)

    async def unwatch(self, outbox: Outbox, incident_id: int) -> None:
        """Offer `outbox` no more of that. Never raises: what Redis brings nevertheless is offered to nobody."""
        async with self._lock:
            watchers = self._watchers[incident_id]
            watchers.discard(outbox)
            if not watchers:
                del self._watchers[incident_id]
                try:
                    await _layer().group_discard(incident_group(incident_id), self._channel)
                except (RedisError, OSError) as error:
                    logger.warning("feed.still_subscribed", incident_id=incident_id, error=str(error))

    async def _start(self) -> None:
        self._channel = await _layer().new_channel()
        await _layer().group_add(INCIDENTS_GROUP, self._channel)
        floor = await database_sync_to_async(newest_cursor)()
        self._tasks = [
            asyncio.create_task(self._read()),
            asyncio.create_task(self._tell()),
            asyncio.create_task(self._compare(floor)),
        ]

    async def _read(self) -> None:
        """Take in what Redis brings."""
        while True:
            message = await _layer().receive(self._channel)
            if message["type"] == "incident.changed":
                # What the comparison found first is not told again.
                if message["cursor"] == 0 or message["cursor"] not in self._told:
                    self._take(message)
            elif message["type"] == "summary.changed":
                self._summary_changed = True
                self._wake.set()
            else:
                self._pass_on(message)

    def _take(self, change: IncidentChanged) -> None:
        """Keep the newest change of each incident; one without a transition of its own keeps the known cursor."""
        known = self._changes.get(change["incident_id"])
        if known is None or known["cursor"] <= change["cursor"]:
            self._changes[change["incident_id"]] = change
        self._told.add(change["cursor"])
        self._told_at[change["incident_id"]] = time.monotonic()
        self._wake.set()

    async def _tell(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._summary_changed:
                self._summary_changed = False
                _offer(self._outboxes, json.dumps({"type": "summary.changed"}), 0, key="summary")
            if self._changes:
                told = sorted(self._changes.values(), key=lambda change: change["cursor"])
                self._changes = {}
                changes = Changes(type="changes", cursor=told[-1]["cursor"], changes=told)
                _offer(self._outboxes, json.dumps(changes), changes["cursor"])
            await asyncio.sleep(PAUSE_SECONDS)

    def _pass_on(self, message: dict[str, Any]) -> None:
        """Offer the watchers of an incident what its agents do; of one agent's words the newest are enough."""
        parts = ("type", "stage", "stage_run", "attempt", "candidate")
        key = tuple(message.get(part) for part in parts)
        _offer(self._watchers.get(message["incident_id"], ()), json.dumps(message), 0, key=key)

    async def _compare(self, floor: int) -> None:
        """Tell what is in the database and did not come: Redis was restarted, or a sender was cut off."""
        floors = [floor] * COMPARISONS
        while True:
            await asyncio.sleep(COMPARE_SECONDS)
            try:
                late = await database_sync_to_async(transitions_besides)(self._told, floors[0])
                active = await database_sync_to_async(active_now)(2 * COMPARE_SECONDS)
            except DatabaseError as error:
                logger.warning("feed.not_compared", error=str(error))
                continue
            self._forget(time.monotonic() - 3 * COMPARE_SECONDS)
            # Redis may have brought one of them while the database was asked.
            late = [change for change in late if change["cursor"] not in self._told]
            late += [change for change in active if change["incident_id"] not in self._told_at]
            if late:
                logger.info("feed.told_late", changes=len(late))
            for change in late:
                self._take(change)
            floors = [*floors[1:], max([floors[-1], *self._told])]
            self._told = {cursor for cursor in self._told if cursor > floors[0]}

    def _forget(self, before: float) -> None:
        self._told_at = {incident: at for incident, at in self._told_at.items() if at > before}


def _offer(outboxes: Iterable[Outbox], frame: str, cursor: int, *, key: object = None) -> None:
    for outbox in outboxes:
        outbox.offer(frame, cursor, key=key)


def _layer() -> Any:
    layer = get_channel_layer()
    if layer is None:
        raise RuntimeError("CHANNEL_LAYERS names no default layer")
    return layer


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop: a server process has one."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
