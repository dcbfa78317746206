"""What a running agent says and does, told to whoever looks at its incident, at most five times a second.

The steps that are stored are the truth; this only shows them while they come. Nothing here holds an agent up.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import structlog
from redis.exceptions import RedisError

from core.broadcast import ToolActivity, broadcast_activity
from core.model import Reply
from core.redact import redact
from core.shared_store import shared_store
from incidents.models import StageRun

logger = structlog.get_logger(__name__)

PAUSE_SECONDS = 0.2
TEXT_CHARACTERS = 2_000
ARGUMENTS_CHARACTERS = 200


class LiveActivity:
    """Listens to the agent of one stage run (agents.runtime.listening.Listener)."""

    def __init__(self, run: StageRun, *, next_step: Callable[[], int]) -> None:
        self._run = run
        self._next_step = next_step
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._next_at = 0.0
        self._step = 0
        self._text = ""
        self._is_whole = True
        self._tools: list[ToolActivity] = []
        self._running = 0

    @contextmanager
    def agent_run(self, *, agent: str) -> Iterator[None]:
        yield

    @contextmanager
    def model_call(self, **_call: Any) -> Iterator["LiveActivity"]:
        with self._lock:
            self._step = self._next_step()
            self._text, self._is_whole, self._tools, self._running = "", True, [], 0
        self._tell()
        yield self

    def text(self, words_so_far: str) -> None:
        with self._lock:
            self._text, self._is_whole = words_so_far, False
        self._tell()

    def replied(self, reply: Reply) -> None:
        with self._lock:
            self._text = "\n".join(block["text"] for block in reply.content if block["type"] == "text")
            self._is_whole = True
            self._tools = [
                ToolActivity(name=block["name"], arguments=_line(block["input"]), state="asked")
                for block in reply.content
                if block["type"] == "tool_use"
            ]
        self._tell()

    @contextmanager
    def tool_call(self, *, name: str, arguments: Mapping[str, Any]) -> Iterator["LiveActivity"]:
        """Hear one call; the calls of a message run in their order."""
        with self._lock:
            if self._running == len(self._tools):  # resumed: the message that asked for it was heard elsewhere
                self._tools.append(ToolActivity(name=name, arguments=_line(arguments), state="asked"))
        self._mark("running")
        yield self
        self._running += 1

    def answered(self, text: str, *, is_error: bool) -> None:
        self._mark("failed" if is_error else "done")

    def _mark(self, state: Literal["running", "done", "failed"]) -> None:
        with self._lock:
            self._tools[self._running]["state"] = state
        self._tell()

    def _tell(self) -> None:
        """Send the state of things now, or soon if something was sent just before."""
        with self._lock:
            if self._timer is not None:
                return
            if time.monotonic() < self._next_at or not self._is_our_turn():
                self._timer = threading.Timer(PAUSE_SECONDS, self._tell_late)
                self._timer.daemon = True
                self._timer.start()
                return
            self._next_at = time.monotonic() + PAUSE_SECONDS
            text = self._text if self._is_whole else _up_to_last_space(self._text)
            message = {
                "incident_id": self._run.incident_id,
                "stage": self._run.stage,
                "attempt": self._run.attempt,
                "candidate": self._run.candidate,
                "step": self._step,
                "text": redact(text)[-TEXT_CHARACTERS:],
                "tools": [ToolActivity(**tool) for tool in self._tools],
            }
        broadcast_activity({"type": "agent.activity", **message})  # type: ignore[typeddict-item]  # built above

    def _tell_late(self) -> None:
        with self._lock:
            self._timer = None
        self._tell()

    def _is_our_turn(self) -> bool:
        """Return whether nobody else told of this incident in the pause: several candidates may run at once."""
        key = f"activity:{self._run.incident_id}"
        try:
            return bool(shared_store().set(key, 1, nx=True, px=int(PAUSE_SECONDS * 1000)))
        except RedisError as error:
            logger.info("activity.not_shared", error=str(error))
            return True


def _up_to_last_space(text: str) -> str:
    """Return what is complete of a text that still comes: half a secret would not be recognised as one."""
    return text[: max(text.rfind(" "), text.rfind("\n")) + 1]


def _line(arguments: Mapping[str, Any]) -> str:
    return redact(json.dumps(arguments, ensure_ascii=False))[:ARGUMENTS_CHARACTERS]
