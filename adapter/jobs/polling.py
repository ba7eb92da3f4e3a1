"""What polls by a GMT window have in common: the window, and rows that cannot be read (C6)."""

from __future__ import annotations

from datetime import datetime, timedelta

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.window import GmtWindow, next_window
from adapter.errors import BadInputError
from adapter.jobs.workbench import Workbench


def poll_window(biller: str, job: str, work: Workbench) -> GmtWindow:
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


def move_mark(biller: str, job: str, window: GmtWindow, work: Workbench) -> None:
    """Note how far a job has read; the next window begins there."""
    mark = window.end_gmt.isoformat()
    work.ledger.watermarks.move(biller, job, mark, now=work.clock.now())


def is_settled(
    biller: str, unreadable: BadInputError, work: Workbench, *, reference: str | None = None
) -> bool:
    """Open the exception about rows that cannot be read; tell whether a person settled it."""
    item = work.ledger.exceptions.open(
        biller,
        ExceptionKind.REPORT_UNREADABLE,
        str(unreadable),
        now=work.clock.now(),
        reference=reference,
    )
    return not item.is_open


def told(window: GmtWindow) -> str:
    """Write a window for people, such as a job's note."""
    return f"{window.start_gmt:%Y-%m-%dT%H:%M:%SZ} to {window.end_gmt:%Y-%m-%dT%H:%M:%SZ}"
