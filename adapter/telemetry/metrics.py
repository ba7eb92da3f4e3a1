"""What this process did, counted for Prometheus; docs/monitoring.md explains each figure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from adapter.clock import Clock
from adapter.domain.work_item import WorkItem
from adapter.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.observer import JobRun

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
# From a cached answer to what is given up on; reports may take minutes.
CALL_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600)
DOOR_BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 30)
_OUTCOMES = {
    RetryableError: "retryable",
    RejectedError: "rejected",
    OutcomeUnknownError: "unknown",
    ConfigurationError: "configuration",
}
_LEASE_LOST = "lease_lost"


class Metrics:
    """Counts in a registry of its own, so that two adapters in one process stay apart."""

    def __init__(self, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.registry = CollectorRegistry()
        self._clock = clock
        self._monotonic = monotonic
        self._count_work()
        self._partner_calls = Histogram(
            "adapter_partner_call_seconds",
            "Seconds of calls to a partner, until the answer was read, by what came of them.",
            ("partner", "operation", "outcome"),
            buckets=CALL_BUCKETS,
            registry=self.registry,
        )
        self._door_requests = Counter(
            "adapter_door_requests",
            "Requests that the doors answered.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self._door_seconds = Histogram(
            "adapter_door_request_seconds",
            "Seconds from a request at a door to its answer.",
            ("route",),
            buckets=DOOR_BUCKETS,
            registry=self.registry,
        )

    def text(self) -> bytes:
        """Return every figure in Prometheus's text format."""
        return generate_latest(self.registry)

    @contextmanager
    def job_run(self, job: str, biller: str) -> Iterator[JobRun]:
        run = JobRun()
        begun = self._monotonic()
        try:
            yield run
        except BaseException:
            run.failed = True
            raise
        finally:
            outcome = "failed" if run.failed else "ok"
            self._job_seconds.labels(job).observe(self._monotonic() - begun)
            self._job_runs.labels(job, biller, outcome).inc()
            self._job_ended.labels(job, biller, outcome).set(self._clock.now().timestamp())
            for result, number in run.counts.items():
                self._job_items.labels(job, biller, result).inc(number)
            if lost := run.counts.get(_LEASE_LOST, 0):
                self._lease_losses.labels(job, biller).inc(lost)

    @contextmanager
    def partner_call(self, partner: str, operation: str) -> Iterator[None]:
        begun = self._monotonic()
        outcome = "ok"
        try:
            yield
        except BaseException as error:
            outcome = outcome_of(error)
            raise
        finally:
            seconds = self._monotonic() - begun
            self._partner_calls.labels(partner, operation, outcome).observe(seconds)

    def item_moved(self, item: WorkItem[Any], word: str) -> None:
        evidence = item.evidence.value if item.evidence is not None else ""
        self._delivery_outcomes.labels(item.kind, item.biller, word, evidence).inc()

    def request_answered(self, *, route: str, method: str, status: int, seconds: float) -> None:
        self._door_requests.labels(route, method, str(status)).inc()
        self._door_seconds.labels(route).observe(seconds)

    def _count_work(self) -> None:
        by_job = ("job", "biller")
        self._delivery_outcomes = Counter(
            "adapter_delivery_outcomes",
            "Looks at an item, by its kind, the state they left it in and the evidence for it.",
            ("kind", "biller", "state", "evidence"),
            registry=self.registry,
        )
        self._job_runs = Counter(
            "adapter_job_runs",
            "Runs of a job for a biller that came to an end.",
            (*by_job, "outcome"),
            registry=self.registry,
        )
        self._job_items = Counter(
            "adapter_job_items",
            "What the runs of a job did, in the words of their reports.",
            (*by_job, "result"),
            registry=self.registry,
        )
        self._job_ended = Gauge(
            "adapter_job_last_run_timestamp_seconds",
            "When a job last ended so, in seconds since 1970.",
            (*by_job, "outcome"),
            registry=self.registry,
        )
        self._job_seconds = Histogram(
            "adapter_job_run_seconds",
            "Seconds that a run of a job took.",
            ("job",),
            buckets=CALL_BUCKETS,
            registry=self.registry,
        )
        self._lease_losses = Counter(
            "adapter_lease_losses",
            "Rows that another worker claimed while this process worked on them.",
            by_job,
            registry=self.registry,
        )


def outcome_of(error: BaseException) -> str:
    """Name what an error says of a call; `unread` where whoever read the answer gave up."""
    return next((name for kind, name in _OUTCOMES.items() if isinstance(error, kind)), "unread")
