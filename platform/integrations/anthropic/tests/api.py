"""An API that answers as a test says, and requests in the form that MessagesModel takes."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from integrations.anthropic.client import MessagesModel
from integrations.anthropic.sse import encoded, events_of
from integrations.loopback import listening

SUBMIT = {"name": "submit_triage", "description": "Hand in.", "input_schema": {"type": "object"}}
READ = {"name": "read_file", "description": "Read.", "input_schema": {"type": "object"}}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def model_at(url: str) -> MessagesModel:
    return MessagesModel("claude-haiku-4-5", api_key="test-key", base_url=url)


@dataclass
class Answering:
    """One fixed answer and what was asked for it."""

    url: str
    status: int
    body: bytes
    headers: Mapping[str, str]
    requests: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def answering(
    body: object, *, status: int = 200, headers: Mapping[str, str] = {"retry-after-ms": "1"}
) -> Iterator[Answering]:
    """Serve `body` for every request until the block ends: bytes and a whole message as a stream, else as JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["content-length"]))
            found.requests.append({"headers": dict(self.headers), "body": json.loads(asked)})
            self.send_response(found.status)
            for name, value in {"content-type": kind, **found.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(found.body)

        def log_message(self, *args: Any, **kwargs: Any) -> None:
            """Tests need no access log."""

    kind, data = _served(body)
    with listening(Handler) as address:
        found = Answering(address, status, data, headers)
        yield found


def stream_of(message: dict[str, Any]) -> bytes:
    """Return the message as the API streams it."""
    return b"".join(encoded(event) for event in events_of(message))


def _served(body: object) -> tuple[str, bytes]:
    if isinstance(body, bytes):
        return "text/event-stream", body
    if isinstance(body, dict) and body.get("content") and body.get("usage"):
        return "text/event-stream", stream_of(body)
    return "application/json", body.encode() if isinstance(body, str) else json.dumps(body).encode()
