"""What polls have in common: the run, the GMT window, and rows that cannot be read (C6)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from adapter.clock import GmtWindow
from adapter.context import JobContext
from adapter.domain.exceptions import ExceptionKind
from adapter.errors import AdapterError, BadInputError, LeaseLostError, LedgerError
from adapter.jobs.report import JobReport
from adapter.ports import BillerPorts

# Rows that are looked up and written in one transaction.
ROWS_PER_PART = 500
Row = TypeVar("Row")


class Poll(ABC):
    """One run of a polling job for one biller: what it works with, and what it counts."""

    def __init__(self, biller: str, work: JobContext) -> None:
        self._biller = biller
        self._work = work
        self._ledger = work.ledger
        self._counts: Counter[str] = Counter()
        self._note = ""

    def run(self, job: str) -> JobReport:
        """Do the work and report it; raises LedgerError and nothing else.

        A lost lease is no fault of the ledger: another run is at the same work.
        """
        failure: AdapterError | None = None
        try:
            self._poll(self._work.billers.ports(self._biller))
        except AdapterError as error:
            if isinstance(error, LedgerError) and not isinstance(error, LeaseLostError):
                raise
            failure = error
        return JobReport(
            job=job,
            biller=self._biller,
            counts=+self._counts,
            note=self._note,
            failure=failure,
        )

    @abstractmethod
    def _poll(self, ports: BillerPorts) -> None: ...

    def _is_settled(self, unreadable: BadInputError, *, reference: str | None = None) -> bool:
        """Open the exception about rows that cannot be read; say whether a person settled it."""
        self._counts["unreadable"] += 1
        item = self._ledger.exceptions.open(
            self._biller,
            ExceptionKind.REPORT_UNREADABLE,
            str(unreadable),
            now=self._now(),
            reference=reference,
        )
        return not item.is_open

    def _now(self) -> datetime:
        return self._work.clock.now()


def in_parts(rows: Iterable[Row], hand_over: Callable[[list[Row]], None]) -> BadInputError | None:
    """Hand a report's rows over, some at a time; return the error that lists unreadable ones."""
    part: list[Row] = []
    unreadable: BadInputError | None = None
    try:
        for row in rows:
            part.append(row)
            if len(part) == ROWS_PER_PART:
                hand_over(part)
                part = []
    except BadInputError as error:
        unreadable = error
    hand_over(part)
    return unreadable


def poll_window(biller: str, job: str, work: JobContext) -> GmtWindow:
    """Return the window that a job polls now, from its mark less the overlap.

    The first poll's beginning is written before its report is read: polls that fail must not
    slide away from it.
    """
    now, rules = work.clock.now(), work.rules
    overlap = timedelta(minutes=rules.poll_overlap_minutes)
    reach = timedelta(hours=rules.first_reach_hours)
    mark = work.ledger.watermarks.get(biller, job)
    if mark is None:
        mark = (now - reach + overlap).isoformat()
        work.ledger.watermarks.move(biller, job, mark, now=now)
    return next_window(datetime.fromisoformat(mark), now, overlap=overlap, first_reach=reach)


def next_window(
    mark: datetime | None, now: datetime, *, overlap: timedelta, first_reach: timedelta
) -> GmtWindow:
    """Return the window to poll now: from the mark less the overlap, however long the outage.

    Without a mark (the first poll ever) the window reaches back by `first_reach`.
    """
    start = now - first_reach if mark is None else min(mark, now) - overlap
    return GmtWindow(start_gmt=start, end_gmt=now)


def move_mark(biller: str, job: str, window: GmtWindow, work: JobContext) -> None:
    """Note how far a job has read; the next window begins there."""
    mark = window.end_gmt.isoformat()
    work.ledger.watermarks.move(biller, job, mark, now=work.clock.now())


def window_text(window: GmtWindow) -> str:
    """Write a window for people, such as a job's note."""
    return f"{window.start_gmt:%Y-%m-%dT%H:%M:%SZ} to {window.end_gmt:%Y-%m-%dT%H:%M:%SZ}"
