"""Langfuse on loopback: takes OTLP over HTTP and keeps the spans; the rest is answered by its public API."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from integrations.langfuse.tests.public_api import NoSuchThing, PublicApi
from integrations.loopback import listening


@dataclass(frozen=True)
class Span:
    name: str
    id: str
    parent: str
    trace: str
    attributes: dict[str, str]
    raw: str

    @property
    def kind(self) -> str:
        return self.attributes.get("langfuse.observation.type", "")


@dataclass
class Receiver:
    url: str
    spans: list[Span] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    api: PublicApi = field(default_factory=PublicApi)

    def tree(self) -> list[str]:
        """Return each span as `kind name < parent's name`, in the order in which they began."""
        by_id = {span.id: span for span in self.spans}
        return sorted(
            f"{span.kind} {span.name} < {by_id[span.parent].name if span.parent in by_id else 'trace'}"
            for span in self.spans
        )


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            found.headers.append({name.lower(): value for name, value in self.headers.items()})
            if not self.path.endswith("/otel/v1/traces"):
                self._by_api(json.loads(body))
                return
            found.spans.extend(_spans(body))
            answer = ExportTraceServiceResponse().SerializeToString()
            self._send(200, "application/x-protobuf", answer)

        def do_GET(self) -> None:
            self._by_api(None)

        def _by_api(self, body: Any) -> None:
            try:
                status, document = found.api.answer(
                    self.command, self.path, self.headers.get("authorization", ""), body
                )
            except NoSuchThing as error:
                status, document = 404, {"message": str(error), "error": "LangfuseNotFoundError"}
            self._send(status, "application/json", json.dumps(document).encode())

        def _send(self, status: int, kind: str, answer: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any, **kwargs: Any) -> None:
            """Tests need no access log."""

    with listening(Handler) as address:
        found = Receiver(address)
        yield found


def _spans(body: bytes) -> Iterator[Span]:
    request = ExportTraceServiceRequest.FromString(body)
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Span(
                    name=span.name,
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    trace=span.trace_id.hex(),
                    attributes={item.key: _text(item.value) for item in span.attributes},
                    raw=str(span),
                )


def _text(value: Any) -> str:
    return str(getattr(value, value.WhichOneof("value")))
