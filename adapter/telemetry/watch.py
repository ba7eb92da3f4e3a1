"""The observer of a running adapter: every piece of work is counted, and traced where wanted."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from adapter.domain.work_item import WorkItem
from adapter.observer import JobRun
from adapter.telemetry.metrics import Metrics, outcome_of

if TYPE_CHECKING:
    from adapter.telemetry.traces import Traces

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_log = structlog.get_logger(__name__)


@dataclass(kw_only=True)
class DoorRequest:
    """A request while it is observed; the route is known once it is matched."""

    method: str
    route: str
    status: int = 0


class Watch:
    """Counts and traces; `traces` of None costs nothing."""

    def __init__(self, metrics: Metrics, traces: Traces | None = None) -> None:
        self.metrics = metrics
        self._traces = traces

    def close(self) -> None:
        if self._traces is not None:
            self._traces.close()

    @contextmanager
    def door_request(self, method: str, route: str) -> Iterator[DoorRequest]:
        """Observe a request from its arrival to its answer."""
        request = DoorRequest(method=method, route=route)
        begun = time.monotonic()
        told = {"http.request.method": method, "http.route": route}
        with self._span("door", f"{method} {route}", told) as span:
            try:
                yield request
            finally:
                if span is not None:
                    span.set_attribute("http.response.status_code", request.status)
                self.metrics.request_answered(
                    route=route,
                    method=method,
                    status=request.status,
                    seconds=time.monotonic() - begun,
                )

    @contextmanager
    def job_run(self, job: str, biller: str) -> Iterator[JobRun]:
        told = {"adapter.job": job, "adapter.biller": biller}
        with self.metrics.job_run(job, biller) as run, self._span("job", job, told) as span:
            yield run
            if span is not None:
                counts = {f"adapter.count.{name}": n for name, n in run.counts.items()}
                span.set_attributes({"adapter.failed": run.failed, **counts})

    @contextmanager
    def partner_call(self, partner: str, operation: str) -> Iterator[None]:
        told = {"adapter.partner": partner, "adapter.operation": operation}
        with (
            self.metrics.partner_call(partner, operation),
            self._span("partner", f"{partner} {operation}", told) as span,
        ):
            try:
                yield
            except BaseException as error:
                if span is not None:
                    span.set_attribute("adapter.outcome", outcome_of(error))
                raise

    def item_moved(self, item: WorkItem[Any], word: str) -> None:
        self.metrics.item_moved(item, word)

    def _span(
        self, kind: str, name: str, attributes: Mapping[str, Any]
    ) -> AbstractContextManager[Any]:
        return nullcontext() if self._traces is None else self._traces.span(kind, name, attributes)


def open_traces(environment: Mapping[str, str] | None = None) -> Traces | None:
    """Return where spans go when the environment names an endpoint; nothing is imported else.

    Payments matter more than traces: without the extra a warning is logged, and no more.
    """
    environment = os.environ if environment is None else environment
    if not any(environment.get(name) for name in ENDPOINTS):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        from adapter.telemetry.traces import Traces
    except ImportError:
        _log.warning(
            "an endpoint for traces is set, and OpenTelemetry is not installed; "
            "install imt-spectrum-adapter[otel], or unset the variable",
            variables=ENDPOINTS,
        )
        return None
    return Traces(BatchSpanProcessor(OTLPSpanExporter()))
