"""A collector of traces: takes what OpenTelemetry's exporter posts, by OTLP over HTTP, and keeps the spans."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SentSpan


@dataclass(frozen=True)
class Span:
    service: str
    sent: SentSpan

    @property
    def name(self) -> str:
        return self.sent.name

    @property
    def id(self) -> bytes:
        return self.sent.span_id

    @property
    def parent(self) -> bytes:
        return self.sent.parent_span_id

    @property
    def trace(self) -> str:
        return self.sent.trace_id.hex()

    @property
    def failed(self) -> bool:
        return self.sent.status.code == self.sent.status.STATUS_CODE_ERROR

    @property
    def attributes(self) -> dict[str, str | int | bool]:
        found = {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in self.sent.attributes}
        assert len(found) == len(self.sent.attributes)
        return found

    @property
    def events(self) -> list[str]:
        return [event.name for event in self.sent.events]


@dataclass
class Collector:
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)

    def spans(self) -> list[Span]:
        return [
            Span(service, span)
            for body in list(self.bodies)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for service in [one.value.string_value for one in resource.resource.attributes if one.key == "service.name"]
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def of(self, number: int) -> list[Span]:
        """Return the spans of the trace that has this number."""
        return [span for span in self.spans() if span.trace == f"{number:032x}"]


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            assert self.path == "/v1/traces"
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
