"""A receiver of Apprise's `json://` messages on loopback, for tests and for trying announcements out.

The fields are those of https://github.com/caronc/apprise/wiki/Notify_Custom_JSON
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from integrations.loopback import listening


@dataclass(frozen=True)
class Received:
    path: str
    title: str
    message: str


@dataclass
class Receiver:
    """What has arrived; the next `refusals` requests are answered with 503 and not kept."""

    place: str
    received: list[Received] = field(default_factory=list)
    refusals: int = 0

    def url(self, name: str = "room", *, token: str = "") -> str:
        """Return the Apprise URL of a room of this receiver."""
        who = f"bot:{token}@" if token else ""
        return f"json://{who}{self.place}/{name}"


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen on a free loopback port until the block is left."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the base class's name
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            is_refused = receiver.refusals > 0
            if is_refused:
                receiver.refusals -= 1
            else:
                receiver.received.append(Received(self.path, document["title"], document["message"]))
            self.send_response(503 if is_refused else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            """Say nothing: what arrived is in `received`."""

    with listening(Handler) as address:
        receiver = Receiver(address.removeprefix("http://"))
        yield receiver
