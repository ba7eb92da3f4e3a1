"""What stands in the ledger, read when Prometheus asks; docs/monitoring.md lists the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Any

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from adapter.clock import Clock
from adapter.domain.figures import LedgerFigures
from adapter.domain.work_item import State
from adapter.errors import LedgerError
from adapter.jobs import send_invoices
from adapter.kinds import KINDS, PAYMENTS
from adapter.ledger.ledger import Ledger
from adapter.ledger.watermarks import Watermark

# Marks that hold a partner's own words, whatever they look like.
_CURSORS = frozenset({send_invoices.JOB, send_invoices.EDITION_MARK})
_log = structlog.get_logger(__name__)


class LedgerGauges(Collector):
    """Reads the ledger once for each scrape; a ledger that cannot be read is told as such."""

    def __init__(
        self, ledger: Ledger, clock: Clock, billers: Callable[[], tuple[str, ...]]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._billers = billers

    def collect(self) -> Iterator[GaugeMetricFamily]:
        readable = GaugeMetricFamily(
            "adapter_ledger_readable", "1 while the ledger can be read, else 0."
        )
        now = self._clock.now()
        try:
            figures = self._ledger.figures.gather(self._billers(), now=now)
            marks = self._ledger.watermarks.all()
        except LedgerError as error:
            _log.error("the figures cannot be read", reason=str(error))
            readable.add_metric([], 0)
            yield readable
            return
        readable.add_metric([], 1)
        yield readable
        yield from _items(figures, now)
        yield _near_due(figures, now)
        yield from _lists(figures)
        yield from _files(figures, now)
        yield _poll_lag(marks, now)


def _items(figures: LedgerFigures, now: datetime) -> Iterator[GaugeMetricFamily]:
    for kind in KINDS:
        counts: Counter[tuple[str, str]] = Counter()
        for row in figures.items:
            if row.kind == kind.item.name:
                counts[row.biller, kind.word(row.state, row.review)] += row.count
        yield _counted(f"adapter_{kind.ops_path}", f"{kind.help[:-1]}, by state.", "state", counts)
    age = GaugeMetricFamily(
        "adapter_oldest_unfinished_delivery_age_seconds",
        "Seconds since the oldest payment was accepted that is still on its way.",
        labels=("biller",),
    )
    oldest: dict[str, datetime] = {}
    for row in figures.items:
        # What waits for a person is counted as an exception.
        is_on_its_way = row.kind == PAYMENTS.item.name and row.state is not State.NEEDS_PERSON
        if is_on_its_way and row.oldest_at is not None:
            oldest[row.biller] = min(row.oldest_at, oldest.get(row.biller, row.oldest_at))
    for biller, moment in sorted(oldest.items()):
        age.add_metric([biller], _seconds(now, moment))
    yield age


def _near_due(figures: LedgerFigures, now: datetime) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "adapter_unapplied_payments_near_due",
        "Payments not applied after an hour whose invoices are due in two banking days or less.",
        labels=("biller",),
    )
    counts: Counter[str] = Counter()
    for figure in figures.near_due(now):
        counts[figure.biller] += figure.count
    for biller, count in sorted(counts.items()):
        gauge.add_metric([biller], count)
    return gauge


def _lists(figures: LedgerFigures) -> Iterator[GaugeMetricFamily]:
    open_now = {(each.biller, each.kind): each.count for each in figures.exceptions}
    yield _counted("adapter_open_exceptions", "What needs a person.", "kind", open_now)
    yield _counted(
        "adapter_engine_queue_depth",
        "Items that are due now: what the engine has to look at.",
        "kind",
        figures.due,
    )


def _files(figures: LedgerFigures, now: datetime) -> Iterator[GaugeMetricFamily]:
    yield _counted(
        "adapter_invoice_files",
        "Invoice files that Invoice Cloud refused, or whose answer is missing.",
        "state",
        figures.files,
    )
    told: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
        ("invoices", "Invoices in the newest accepted file.", lambda f: f.invoice_count),
        ("total_dollars", "Dollars billed in the newest accepted file.", lambda f: f.total),
        (
            "age_seconds",
            "Seconds since Invoice Cloud accepted the newest file.",
            lambda f: _seconds(now, f.answered_at),
        ),
    )
    for name, words, value in told:
        gauge = GaugeMetricFamily(
            f"adapter_accepted_invoice_file_{name}", words, labels=("biller",)
        )
        for file in figures.accepted_files:
            gauge.add_metric([file.biller], value(file))
        yield gauge


def _poll_lag(marks: Iterable[Watermark], now: datetime) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "adapter_poll_lag_seconds",
        "Seconds between now and the moment up to which a poll has read.",
        labels=("biller", "job"),
    )
    for mark in marks:
        if mark.job not in _CURSORS and (moment := _read_until(mark.mark)) is not None:
            gauge.add_metric([mark.biller, mark.job], _seconds(now, moment))
    return gauge


def _counted(
    name: str, words: str, label: str, counts: Mapping[tuple[str, Any], int]
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, words, labels=("biller", label))
    for (biller, kind), number in counts.items():
        gauge.add_metric([biller, str(kind.value if isinstance(kind, Enum) else kind)], number)
    return gauge


def _read_until(mark: str) -> datetime | None:
    """Return up to when a poll has read; one that reads by the day has read the whole of it."""
    try:
        day = date.fromisoformat(mark)
        return datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(mark)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _seconds(now: datetime, then: datetime) -> float:
    """Return how long ago it was; a clock that was set back makes nothing younger than now."""
    return max(0.0, (now - then).total_seconds())
