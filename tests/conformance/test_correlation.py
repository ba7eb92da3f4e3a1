"""One correlation id from a door to Spectrum: in the log, the ledger, the call, and the trace."""

import logging
from contextlib import contextmanager

import pytest
import structlog
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from adapter.telemetry.traces import Traces, trace_id_of

GUID = "c3f1a6d2-7b48-4e90-8d5c-60e2b9f4a713"
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@contextmanager
def logged():
    """Keep every line of the log, with the context it was written in."""
    lines = []
    keep = [
        structlog.contextvars.merge_contextvars,
        lambda _, __, line: lines.append(line) or line,
    ]
    before = structlog.get_config()
    structlog.configure(
        processors=[*keep, lambda _, __, line: str(line)],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    try:
        yield lines
    finally:
        structlog.configure(**before)


def pay(doors, **headers):
    doors.client.headers.update(headers)
    answer = doors.pay()
    assert answer.status_code == 202
    doors.world.clock.settle()
    return answer


def told_to_spectrum(doors):
    """Return the ids that Spectrum received, by operation; those without one are None."""
    calls = doors.world.journal.entries(kind="call", target="spectrum")
    return {call.operation: call.tags.get("correlation_id") for call in calls}


@pytest.mark.requirement("A3")
@pytest.mark.parametrize(
    ("header", "value"),
    [("X-Correlation-Id", "IC-2026.01.05:0007"), ("traceparent", TRACEPARENT)],
)
def test_one_id_leads_from_the_door_to_spectrum(doors, header, value):
    with logged() as lines:
        answer = pay(doors, **{header: value})
    assert answer.headers["X-Correlation-Id"] == value
    events = {line["event"]: line for line in lines}
    assert events["request answered"]["correlation_id"] == value
    assert events["an item was looked at"]["correlation_id"] == value
    assert events["an item was looked at"]["payment_guid"] == GUID
    assert doors.story()["delivery"]["correlation_id"] == value
    told = told_to_spectrum(doors)
    assert told["InvoiceBalanceDue"] == told["OnlineReceipt"] == value


def test_a_notice_without_an_id_gets_one(doors):
    made = pay(doors).headers["X-Correlation-Id"]
    assert doors.story()["delivery"]["correlation_id"] == made
    assert told_to_spectrum(doors)["OnlineReceipt"] == made


def test_the_first_notice_names_the_payment(doors):
    pay(doors, **{"X-Correlation-Id": "first"})
    again = pay(doors, **{"X-Correlation-Id": "second"})
    assert again.headers["X-Correlation-Id"] == "second"
    assert doors.story()["delivery"]["correlation_id"] == "first"


def test_a_balance_that_is_asked_for_bears_the_askers_id(doors):
    number, _, _ = doors.invoice()
    doors.client.headers["X-Correlation-Id"] = "rtdr-1"
    doors.balance(number)
    assert told_to_spectrum(doors)["InvoiceBalanceDue"] == "rtdr-1"


@pytest.mark.requirement("A3")
def test_a_payment_is_one_trace_without_a_secret(doors, monkeypatch):
    exporter = InMemorySpanExporter()
    traces = Traces(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(doors.adapter.watch, "_traces", traces)
    pay(doors, **{"X-Correlation-Id": "IC-7"})
    spans = exporter.get_finished_spans()
    mine = [s.name for s in spans if s.context.trace_id == trace_id_of("IC-7")]
    assert mine[0] == "POST /billers/<biller>/payments"
    assert mine[-1] == "spectrum OnlineReceipt"
    assert "post_payments" in {span.name for span in spans}
    told = "".join(span.to_json() for span in spans)
    secrets = doors.adapter.source.current().secrets
    assert not [secret for secret in secrets if secret in told]
    traces.close()


def test_metrics_tell_what_happened(doors):
    """Prometheus's own parser reads them."""
    pay(doors)
    answer = doors.client.get("/metrics")
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    slug = doors.biller.slug
    door = ("/billers/<biller>/payments", "202", "POST")
    assert found["adapter_delivery_outcomes_total", "answer", "applied", slug, "payment"] == 1
    assert found["adapter_door_requests_total", *door] == 1
    call = ("OnlineReceipt", "ok", "spectrum")
    assert found["adapter_partner_call_seconds_count", *call] == 1
    assert found["adapter_ledger_readable",] == 1
    assert not [name for name in found if name[0] == "adapter_deliveries"]
    proxied = doors.client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"})
    assert proxied.status_code == 403
