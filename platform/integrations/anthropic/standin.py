"""A stand-in for the Messages API that plays a script: real requests, real replies, no model behind them.

    PYTHONPATH=platform python -m integrations.anthropic.standin --script FILE --port N

It keeps no state but its prompt cache: the number of assistant messages in a request says which turn comes next,
so that a conversation that was killed and resumed goes on rightly, with this process or another one.
"""

import argparse
import hashlib
import json
import sys
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self

import structlog
from anthropic.types import Message

from integrations.anthropic.prompt_cache import PromptCache
from integrations.anthropic.request import Refused, Request, check_headers, read_request
from integrations.anthropic.script import BadScript, NotForeseen, Scenario, Script, Turn, load_script
from integrations.anthropic.sse import encoded, events_of
from integrations.anthropic.token_estimate import estimated_input_tokens, estimated_usage

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Outage:
    """What every request is answered with while the stand-in plays a provider's bad hour."""

    status: int = 529
    kind: str = "overloaded_error"
    retry_after_seconds: float | None = None


@dataclass(frozen=True)
class Played:
    """One answered request; `turn` counts from 1."""

    scenario: str
    turn: int
    request: Request


class StandIn:
    """The stand-in as a server in a thread of this process: `with StandIn(script) as standin: standin.url`."""

    def __init__(self, script: Script, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Bind the port (0: any free one). Raises OSError if it is taken."""
        self.script = script
        self._server = ThreadingHTTPServer((host, port), type("Handler", (_Handler,), {"standin": self}))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="standin", daemon=True)
        self.url = f"http://{host}:{self._server.server_port}"
        self.played: deque[Played] = deque(maxlen=1000)
        self.outage: Outage | None = None
        self.refused_in_outage = 0
        self._cache = PromptCache()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self) -> None:
        """Answer in this thread until it is interrupted."""
        self._server.serve_forever()

    def answer(self, headers: Mapping[str, str], body: Any) -> tuple[dict[str, Any], float]:
        """Return the reply to a request and how long it takes. Raises Refused where API or script have none."""
        request = self._admitted(headers, body)
        scenario, turn = self._turn_for(request)
        try:
            content = scenario.content(turn, request.first_text)
        except NotForeseen as error:
            raise _not_foreseen(str(error)) from error
        reply = _message(request, scenario, turn, content, self._cache)
        delay = self.script.latency_seconds if turn.delay_seconds is None else turn.delay_seconds
        self.played.append(Played(scenario.name, request.turn + 1, request))
        logger.info("standin.played", scenario=scenario.name, turn=request.turn + 1, model=request.model)
        return reply, delay

    def count(self, headers: Mapping[str, str], body: Any) -> dict[str, Any]:
        """Return the answer to /v1/messages/count_tokens. Raises Refused."""
        # The count takes the same request without what only a reply needs.
        request = self._admitted(headers, {"max_tokens": 1, **body} if isinstance(body, dict) else body)
        return {"input_tokens": estimated_input_tokens(request)}

    def _admitted(self, headers: Mapping[str, str], body: Any) -> Request:
        if self.outage:
            self.refused_in_outage += 1
            raise Refused(self.outage.status, self.outage.kind, "Overloaded")
        check_headers(headers)
        return read_request(body)

    def _turn_for(self, request: Request) -> tuple[Scenario, Turn]:
        scenario = self.script.scenario_for(tools=request.tool_names, text=request.first_text)
        if scenario is None:
            offered = ", ".join(sorted(request.tool_names)) or "none"
            task = request.messages[0]["content"][0].get("text", "")[:80]
            known = ", ".join(repr(scenario.name) for scenario in self.script.scenarios)
            raise _not_foreseen(f"no scenario fits (tools: {offered}; task: {task!r}; scenarios: {known})")
        number = request.turn
        if number >= len(scenario.turns):
            raise _not_foreseen(
                f"the scenario {scenario.name!r} has {len(scenario.turns)} turns, and this is number {number + 1}"
            )
        turn = scenario.turns[number]
        _check_possible(request, turn, f"turn {number + 1} of the scenario {scenario.name!r}")
        return scenario, turn


def _check_possible(request: Request, turn: Turn, place: str) -> None:
    """Raise Refused for a turn that the API could not take in answer to this request."""
    for name in turn.tools_used:
        if name not in request.tool_names:
            offered = ", ".join(sorted(request.tool_names))
            raise _not_foreseen(f"{place} uses the tool {name!r}, which the request does not offer ({offered})")
    kind, forced = request.tool_choice["type"], request.tool_choice.get("name")
    if turn.ends_with == "tool_use" and kind == "none":
        raise _not_foreseen(f"{place} uses a tool, and tool_choice forbids it")
    if turn.ends_with == "end_turn" and kind in ("any", "tool"):
        raise _not_foreseen(f"{place} uses no tool, and tool_choice demands one")
    if forced and any(name != forced for name in turn.tools_used):
        raise _not_foreseen(f"{place} uses {', '.join(turn.tools_used)}, and tool_choice demands {forced}")


def _message(
    request: Request, scenario: Scenario, turn: Turn, content: list[dict[str, Any]], cache: PromptCache
) -> dict[str, Any]:
    """Return the reply as the API writes it, checked by the SDK's own type."""
    key = f"{scenario.name}/{request.turn}"
    for index, block in enumerate(content):
        if block["type"] == "tool_use":
            block["id"] = f"toolu_{_digest(f'{key}/{index}')}"
    reply = {
        "id": f"msg_{_digest(key)}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": content,
        "stop_reason": turn.ends_with,
        "stop_sequence": None,
        "usage": estimated_usage(request, content, cache),
    }
    Message.model_validate(reply)
    return reply


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _not_foreseen(message: str) -> Refused:
    return Refused(400, "invalid_request_error", f"stand-in: {message}")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    standin: StandIn

    def do_GET(self) -> None:
        names = [scenario.name for scenario in self.standin.script.scenarios]
        self._send(200, {"type": "standin", "scenarios": names})

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("content-length", 0)))
        path = self.path.partition("?")[0]
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            try:
                body = json.loads(data)
            except ValueError as error:
                raise Refused(400, "invalid_request_error", f"the body is no JSON: {error}") from error
            if path == "/v1/messages/count_tokens":
                self._send(200, self.standin.count(headers, body))
            elif path == "/v1/messages":
                self._reply(*self.standin.answer(headers, body), is_stream=bool(body.get("stream")))
            else:
                raise Refused(404, "not_found_error", f"the stand-in has no {self.path}")
        except Refused as refused:
            logger.warning("standin.refused", status=refused.status, reason=str(refused))
            self._send(refused.status, {"type": "error", "error": {"type": refused.kind, "message": str(refused)}})

    def _reply(self, reply: dict[str, Any], delay: float, *, is_stream: bool) -> None:
        if not is_stream:
            time.sleep(delay)
            self._send(200, reply)
            return
        events = list(events_of(reply))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("request-id", "req_standin")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            for event in events:
                self.wfile.write(encoded(event))
                time.sleep(delay / len(events))
        except ConnectionError:
            logger.info("standin.client_gone")

    def _send(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps({**body, **({"request_id": "req_standin"} if status >= 400 else {})}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.send_header("request-id", "req_standin")
        outage = self.standin.outage
        if status >= 400 and outage and outage.retry_after_seconds is not None:
            self.send_header("retry-after", str(outage.retry_after_seconds))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing for each line of HTTP: what was played or refused is logged by name."""


def main() -> None:
    """Serve one script until interrupted; one clear sentence and status 1 if that cannot be."""
    parser = argparse.ArgumentParser(description="Play a script as the Messages API.")
    parser.add_argument("--script", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    try:
        standin = StandIn(load_script(options.script), host=options.host, port=options.port)
    except BadScript as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(
            f"port {options.port} on {options.host} cannot be used ({error.strerror}): end what listens there"
        )
    logger.info("standin.ready", url=standin.url, script=str(options.script))
    try:
        standin.serve()
    except KeyboardInterrupt:
        logger.info("standin.stopped")


if __name__ == "__main__":
    main()
