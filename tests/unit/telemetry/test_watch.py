"""The observer of an adapter: counts always, and traces where an endpoint is set."""

import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import structlog

from adapter.errors import OutcomeUnknownError
from adapter.telemetry.metrics import Metrics
from adapter.telemetry.watch import Watch, open_traces

NOW = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
# A process that has no OpenTelemetry, and one that has and sets no endpoint.
BUILD = """
import sys
if {hidden}:
    sys.modules["opentelemetry"] = None
from adapter.bootstrap import build
from adapter.telemetry.watch import open_traces
assert open_traces({environment}) is None
assert not [m for m in sys.modules if m.startswith("opentelemetry.")]
"""


class Traces:
    """Keeps the spans it is asked for."""

    def __init__(self):
        self.spans = []
        self.closed = False

    @contextmanager
    def span(self, kind, name, attributes):
        told = dict(attributes)
        self.spans.append((kind, name, told))
        yield SimpleNamespace(set_attribute=told.__setitem__, set_attributes=told.update)

    def close(self):
        self.closed = True


@pytest.fixture
def traces():
    return Traces()


@pytest.fixture
def watch(traces):
    return Watch(Metrics(SimpleNamespace(now=lambda: NOW)), traces)


def test_each_piece_of_work_is_counted_and_traced(watch, traces):
    with watch.door_request("GET", "/ready") as request:
        request.status = 503
    with watch.job_run("send_invoices", "alpha") as run:
        run.counts = {"files": 1}
    error = OutcomeUnknownError("", partner="spectrum", operation="OnlineReceipt")
    with pytest.raises(OutcomeUnknownError), watch.partner_call("spectrum", "OnlineReceipt"):
        raise error
    assert traces.spans == [
        (
            "door",
            "GET /ready",
            {
                "http.request.method": "GET",
                "http.route": "/ready",
                "http.response.status_code": 503,
            },
        ),
        (
            "job",
            "send_invoices",
            {
                "adapter.job": "send_invoices",
                "adapter.biller": "alpha",
                "adapter.failed": False,
                "adapter.count.files": 1,
            },
        ),
        (
            "partner",
            "spectrum OnlineReceipt",
            {
                "adapter.partner": "spectrum",
                "adapter.operation": "OnlineReceipt",
                "adapter.outcome": "unknown",
            },
        ),
    ]
    told = watch.metrics.text().decode()
    assert 'route="/ready",status="503"} 1.0' in told
    assert 'outcome="unknown",partner="spectrum"} 1.0' in told
    watch.close()
    assert traces.closed


def test_without_traces_the_same_is_counted():
    watch = Watch(Metrics(SimpleNamespace(now=lambda: NOW)))
    with watch.partner_call("imt", "Session"), watch.job_run("push_enrollments", "alpha"):
        pass
    watch.close()
    assert b'job="push_enrollments",outcome="ok"} 1.0' in watch.metrics.text()


@pytest.mark.parametrize(
    ("hidden", "environment"),
    [(False, {}), (True, {}), (True, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})],
)
def test_without_the_extra_or_an_endpoint_nothing_is_imported(hidden, environment):
    code = BUILD.format(hidden=hidden, environment=environment)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_endpoint_without_the_extra_is_told(monkeypatch):
    for name in [n for n in sys.modules if n.startswith("opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with structlog.testing.capture_logs() as logged:
        assert open_traces({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}) is None
    [line] = logged
    assert "imt-spectrum-adapter[otel]" in line["event"]
