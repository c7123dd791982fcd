"""Traces by OpenTelemetry: what one request or task did, where, and how long each part took.

Off, and without cost, unless ``OTEL_EXPORTER_OTLP_ENDPOINT`` names a collector; its other variables hold too
(https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).

The id of a trace is that of the request or the task it is about: the 26 digits after the prefix and the 32 of a trace
id are the same 128 bits. So nothing is carried from the process that takes a task to those that work on it.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal

from rivya import __version__
from rivya.kit.ids import number_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer

Kind = Literal["server", "client", "internal"]
Value = str | int | float | bool | None

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_TIMEOUTS = ("OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT")
_EXPORT_S = 3.0
"""Less than OpenTelemetry's ten: a process that is to stop waits for the last export."""

_provider: TracerProvider | None = None
_tracer: Tracer | None = None
_next_trace: ContextVar[int | None] = ContextVar("next_trace", default=None)


class Span:
    """A part of a trace, as it runs. This one is told to nobody."""

    __slots__ = ()

    def set(self, **attributes: Value) -> None:
        """Set attributes, by name with ``__`` for a dot. None leaves one out."""

    def name(self, name: str) -> None: ...

    def event(self, name: str) -> None: ...

    def failed(self, why: str) -> None:
        """Mark it as failed; ``why`` is a word, never what a person wrote."""


_OFF: AbstractContextManager[Span] = nullcontext(Span())


def configure_tracing(service: str) -> None:
    """Send this process's traces to the collector that the environment names; without one do nothing."""
    global _provider, _tracer
    if not any(os.environ.get(name) for name in _ENDPOINTS) or os.environ.get("OTEL_TRACES_EXPORTER") == "none":
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            return _next_trace.get() or super().generate_trace_id()

    resource = Resource.create(
        {
            "service.name": os.environ.get("OTEL_SERVICE_NAME", service),
            "service.version": __version__,
            "service.instance.id": f"{os.uname().nodename}:{os.getpid()}",
        }
    )
    _provider = TracerProvider(resource=resource, id_generator=Ids(), shutdown_on_exit=False)
    timeout_s = None if any(name in os.environ for name in _TIMEOUTS) else _EXPORT_S
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=timeout_s)))
    _tracer = _provider.get_tracer("rivya")


def stop_tracing() -> None:
    """Send what is left, within seconds; nothing is traced from now on. Blocks."""
    global _provider, _tracer
    provider, _provider, _tracer = _provider, None, None
    if provider is not None:
        provider.shutdown()  # after what was not sent yet


def span(
    name: str, *, kind: Kind = "internal", of: str | None = None, **attributes: Value
) -> AbstractContextManager[Span]:
    """Run a block as a span of the current one, or as the first of the trace ``of`` a request or a task (its id).

    What is raised in the block is noted by its type, and goes on.
    """
    return _OFF if _tracer is None else _span(_tracer, name, kind, of, attributes)


def set_on_current(**attributes: Value) -> None:
    """Set attributes of the span that runs, if one does."""
    if _tracer is not None and (current := _current.get()) is not None:
        current.set(**attributes)


class _Traced(Span):
    __slots__ = ("otel",)

    def __init__(self, otel: OtelSpan) -> None:
        self.otel = otel

    def set(self, **attributes: Value) -> None:
        if self.otel.is_recording():  # what goes on after the answer went out is not of the request any more
            self.otel.set_attributes(_named(attributes))

    def name(self, name: str) -> None:
        self.otel.update_name(name)

    def event(self, name: str) -> None:
        self.otel.add_event(name)

    def failed(self, why: str) -> None:
        from opentelemetry.trace import StatusCode

        self.otel.set_status(StatusCode.ERROR, why)


_current: ContextVar[_Traced | None] = ContextVar("current_span", default=None)
"""Ours, not the library's: it may be left in another context than it was entered in, as generators are."""


@contextmanager
def _span(tracer: Tracer, name: str, kind: Kind, of: str | None, attributes: dict[str, Value]) -> Generator[Span]:
    before = _current.get()
    mine = _Traced(_started(tracer, name, kind, of, before if of is None else None, attributes))
    _current.set(mine)
    try:
        yield mine
    except BaseException as error:
        mine.set(error__type=type(error).__name__)
        if isinstance(error, Exception):
            mine.failed(type(error).__name__)
        raise
    finally:
        _current.set(before)
        mine.otel.end()


def _started(
    tracer: Tracer, name: str, kind: Kind, of: str | None, parent: _Traced | None, attributes: dict[str, Value]
) -> OtelSpan:
    from opentelemetry.context import Context
    from opentelemetry.trace import SpanKind, set_span_in_context

    context = Context() if parent is None else set_span_in_context(parent.otel, Context())
    forced = _next_trace.set(number_of(of) if of is not None else None)
    try:
        return tracer.start_span(name, context=context, kind=SpanKind[kind.upper()], attributes=_named(attributes))
    finally:
        _next_trace.reset(forced)


def _named(attributes: dict[str, Value]) -> dict[str, str | int | float | bool]:
    return {name.replace("__", "."): value for name, value in attributes.items() if value is not None}
