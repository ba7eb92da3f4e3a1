"""OpenTelemetry traces, where the extra `otel` is installed and an endpoint is set; else nothing.

The trace of a payment has its correlation id, so what a door began and a job ended another day,
in another process, is one trace without anything more to store. A caller's own trace goes on.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from adapter.correlation import present_correlation_id

SERVICE = "imt-spectrum-adapter"
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
KINDS = {"door": SpanKind.SERVER, "job": SpanKind.INTERNAL, "partner": SpanKind.CLIENT}


@dataclass(frozen=True, kw_only=True)
class _UnderWay:
    """A span that encloses what is done now, and the correlation id that it has."""

    span: Span
    correlation_id: str


class Traces:
    """Makes spans and hands them to a processor; no state is global."""

    def __init__(self, processor: SpanProcessor) -> None:
        named = OTELResourceDetector().detect().attributes.get(SERVICE_NAME)
        resource = Resource.create({} if named else {SERVICE_NAME: SERVICE})
        self._provider = TracerProvider(
            resource=resource, id_generator=_CorrelatedIds(), shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer(SERVICE)
        self._under_way: ContextVar[_UnderWay | None] = ContextVar("under_way", default=None)

    def close(self) -> None:
        """Hand over what is left."""
        self._provider.shutdown()

    @contextmanager
    def span(self, kind: str, name: str, attributes: Mapping[str, Any]) -> Iterator[Span]:
        """Trace the block, within what is under way where both have the same correlation id."""
        correlation_id = present_correlation_id()
        around = self._under_way.get()
        parent, links = _place(around, correlation_id)
        span = self._tracer.start_span(
            name, context=parent, kind=KINDS[kind], attributes=dict(attributes), links=links
        )
        if correlation_id:
            span.set_attribute("adapter.correlation_id", correlation_id)
        if kind != "partner":  # the answer of a call may be read while its reader is suspended
            self._under_way.set(_UnderWay(span=span, correlation_id=correlation_id))
        try:
            yield span
        except BaseException as error:
            # Its words stay out: only the log is redacted.
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            if kind != "partner":
                self._under_way.set(around)
            span.end()


class _CorrelatedIds(RandomIdGenerator):
    """Gives a new trace the id that follows from the correlation id of the work under way."""

    def generate_trace_id(self) -> int:
        correlation_id = present_correlation_id()
        return trace_id_of(correlation_id) if correlation_id else super().generate_trace_id()


def trace_id_of(correlation_id: str) -> int:
    """Return the trace of a correlation id: a UUID is its own, any other is hashed."""
    try:
        return uuid.UUID(correlation_id).int or 1
    except ValueError:
        digest = hashlib.sha256(correlation_id.encode()).digest()
        return int.from_bytes(digest[:16], "big") or 1


def _place(around: _UnderWay | None, correlation_id: str) -> tuple[Context, tuple[Link, ...]]:
    """Return the parent of a new span, and the span of another trace that it came about in."""
    if around is not None and correlation_id in {around.correlation_id, ""}:
        return set_span_in_context(around.span, Context()), ()
    links = () if around is None else (Link(around.span.get_span_context()),)
    told = _TRACEPARENT.fullmatch(correlation_id)
    if told is None:
        return Context(), links
    remote = SpanContext(
        trace_id=int(told[1], 16),
        span_id=int(told[2], 16),
        is_remote=True,
        trace_flags=TraceFlags(int(told[3], 16)),
    )
    return set_span_in_context(NonRecordingSpan(remote), Context()), links
