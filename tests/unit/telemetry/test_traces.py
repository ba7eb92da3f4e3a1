"""Spans: one trace for a payment from the door to the partner, whatever process did what."""

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from adapter.correlation import correlated
from adapter.telemetry.traces import Traces, trace_id_of

UUID = "9f2c4b6e-0000-4000-8000-0123456789ab"
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def traces(exporter):
    traces = Traces(SimpleSpanProcessor(exporter))
    yield traces
    traces.close()


def spans(exporter):
    return {span.name: span for span in exporter.get_finished_spans()}


def test_a_payments_door_and_call_are_one_trace_and_its_run_is_linked(traces, exporter):
    with correlated(UUID), traces.span("door", "POST payments", {"http.route": "/x"}):
        pass
    with traces.span("job", "post_payments", {}):
        with correlated(UUID), traces.span("partner", "spectrum OnlineReceipt", {}):
            pass
        with traces.span("partner", "spectrum Token", {}):
            pass
    found = spans(exporter)
    door, job = found["POST payments"], found["post_payments"]
    post, token = found["spectrum OnlineReceipt"], found["spectrum Token"]
    assert door.context.trace_id == post.context.trace_id == int(UUID.replace("-", ""), 16)
    assert [link.context.span_id for link in post.links] == [job.context.span_id]
    assert token.parent.span_id == job.context.span_id
    assert job.context.trace_id != door.context.trace_id
    assert (door.kind, job.kind, post.kind) == (
        SpanKind.SERVER,
        SpanKind.INTERNAL,
        SpanKind.CLIENT,
    )
    assert door.attributes == {"http.route": "/x", "adapter.correlation_id": UUID}


def test_a_call_of_a_door_is_its_child(traces, exporter):
    with (
        correlated(UUID),
        traces.span("door", "GET balance", {}),
        traces.span("partner", "spectrum InvoiceBalanceDue", {}),
    ):
        pass
    found = spans(exporter)
    assert (
        found["spectrum InvoiceBalanceDue"].parent.span_id == found["GET balance"].context.span_id
    )


def test_a_callers_trace_goes_on(traces, exporter):
    with correlated(TRACEPARENT), traces.span("job", "post_payments", {}):
        pass
    [span] = exporter.get_finished_spans()
    assert f"{span.context.trace_id:032x}" == TRACEPARENT.split("-")[1]
    assert f"{span.parent.span_id:016x}" == TRACEPARENT.split("-")[2]
    assert span.parent.is_remote


def test_an_error_is_marked_without_its_words(traces, exporter):
    with pytest.raises(ValueError), traces.span("partner", "imt", {}):  # noqa: PT011
        raise ValueError("a secret")
    [span] = exporter.get_finished_spans()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "ValueError")
    assert not span.events


def test_every_id_has_one_trace():
    assert trace_id_of(UUID) == int(UUID.replace("-", ""), 16)
    assert trace_id_of("IC-7") == trace_id_of("IC-7") != trace_id_of("IC-8")
    assert 0 < trace_id_of("IC-7") < 2**128
    assert trace_id_of("00000000-0000-0000-0000-000000000000") != 0


def test_the_service_may_be_named_by_the_environment(exporter, monkeypatch):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "adapter-at-camp-point")
    traces = Traces(SimpleSpanProcessor(exporter))
    with traces.span("job", "post_payments", {}):
        pass
    traces.close()
    [span] = exporter.get_finished_spans()
    assert span.resource.attributes["service.name"] == "adapter-at-camp-point"
