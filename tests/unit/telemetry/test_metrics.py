"""Counting: what was done, how long it took, what came of it; two registries stay apart."""

from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace

import pytest

from adapter.domain.work_item import Evidence
from adapter.errors import (
    BadInputError,
    ConfigurationError,
    LeaseLostError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.telemetry.metrics import Metrics, outcome_of

NOW = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
SOMEWHERE = {"partner": "spectrum", "operation": "OnlineReceipt"}


@pytest.fixture
def metrics():
    """Return metrics whose stopwatch runs two seconds from one look to the next."""
    return Metrics(SimpleNamespace(now=lambda: NOW), monotonic=count(step=2).__next__)


def told(metrics, name, **labels):
    return metrics.registry.get_sample_value(name, labels)


def test_a_run_is_counted_with_what_it_did(metrics):
    with metrics.job_run("post_payments", "alpha") as run:
        run.counts = {"applied": 3, "lease_lost": 2}
    job = {"job": "post_payments", "biller": "alpha"}
    assert told(metrics, "adapter_job_runs_total", **job, outcome="ok") == 1
    assert told(metrics, "adapter_job_items_total", **job, result="applied") == 3
    assert told(metrics, "adapter_lease_losses_total", **job) == 2
    assert told(metrics, "adapter_job_run_seconds_sum", job="post_payments") == 2
    ended = told(metrics, "adapter_job_last_run_timestamp_seconds", **job, outcome="ok")
    assert ended == NOW.timestamp()


def test_a_run_that_fails_or_crashes_is_counted_as_failed(metrics):
    with metrics.job_run("send_invoices", "alpha") as run:
        run.failed = True
    with pytest.raises(LeaseLostError), metrics.job_run("send_invoices", "alpha"):
        raise LeaseLostError
    labels = {"job": "send_invoices", "biller": "alpha", "outcome": "failed"}
    assert told(metrics, "adapter_job_runs_total", **labels) == 2


def test_a_call_is_measured_by_its_outcome(metrics):
    error = RetryableError("silent", partner="spectrum", operation="OnlineReceipt")
    with metrics.partner_call("spectrum", "OnlineReceipt"):
        pass
    with pytest.raises(RetryableError), metrics.partner_call("spectrum", "OnlineReceipt"):
        raise error
    for outcome in ("ok", "retryable"):
        name = "adapter_partner_call_seconds"
        assert told(metrics, f"{name}_count", **SOMEWHERE, outcome=outcome) == 1
        assert told(metrics, f"{name}_bucket", **SOMEWHERE, outcome=outcome, le="1.0") == 0
        assert told(metrics, f"{name}_bucket", **SOMEWHERE, outcome=outcome, le="2.5") == 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (RetryableError("", partner="", operation=""), "retryable"),
        (RejectedError("", partner="", operation=""), "rejected"),
        (OutcomeUnknownError("", partner="", operation=""), "unknown"),
        (ConfigurationError("no key"), "configuration"),
        (BadInputError(field="", value="", rule="", remedy=""), "unread"),
        (GeneratorExit(), "unread"),
    ],
)
def test_every_error_has_one_of_five_names(error, outcome):
    assert outcome_of(error) == outcome


def test_outcomes_are_counted_by_kind_and_evidence(metrics):
    outcomes = (
        ("payment", "applied", Evidence.ANSWER),
        ("payment", "applied", Evidence.BALANCE),
        ("enrollment", "failed", None),
    )
    for kind, word, evidence in outcomes:
        item = SimpleNamespace(kind=kind, biller="alpha", evidence=evidence)
        metrics.item_moved(item, word)
    for kind, word, evidence in outcomes:
        labels = {"kind": kind, "state": word, "evidence": evidence.value if evidence else ""}
        assert told(metrics, "adapter_delivery_outcomes_total", biller="alpha", **labels) == 1


def test_two_adapters_of_one_process_count_apart(metrics):
    other = Metrics(SimpleNamespace(now=lambda: NOW))
    metrics.request_answered(route="/health", method="GET", status=200, seconds=0.1)
    labels = {"route": "/health", "method": "GET", "status": "200"}
    assert told(metrics, "adapter_door_requests_total", **labels) == 1
    assert told(other, "adapter_door_requests_total", **labels) is None
    assert b"# TYPE adapter_door_requests_total counter" in metrics.text()
