"""The figures of one moment that alarms, pages and commands judge by. Times are UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from adapter.domain.due_dates import is_critical
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.upload import UploadState
from adapter.domain.work_item import State


@dataclass(frozen=True, kw_only=True)
class StateFigure:
    """How many unfinished items of a kind and biller are in one state, and which is the oldest.

    `oldest_at` is when the oldest was accepted, `sent_at` when the one sent first was sent,
    `due_at` when the first is, or was, to be looked at.
    """

    kind: str
    biller: str
    state: State
    count: int
    review: ExceptionKind | None = None
    oldest: str = ""
    oldest_at: datetime | None = None
    sent_at: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ExceptionFigure:
    """How many exceptions of one kind are open for a biller, and since when the oldest is."""

    biller: str
    kind: ExceptionKind
    count: int
    oldest_at: datetime


@dataclass(frozen=True, kw_only=True)
class UnappliedFigure:
    """How many approved payments of invoices due on one day Spectrum does not have after a while.

    The payment named is the one that was accepted first; `paid_at` is its own.
    """

    biller: str
    due_date: date
    count: int
    payment_guid: str
    invoice_number: str
    policy_number: str
    paid_at: datetime


@dataclass(frozen=True, kw_only=True)
class MarkFigure:
    """When a biller's job last came to its end."""

    biller: str
    job: str
    moved_at: datetime


@dataclass(frozen=True, kw_only=True)
class AcceptedFile:
    """The figures of a biller's newest invoice file that Invoice Cloud accepted."""

    biller: str
    invoice_count: int
    total: Decimal
    answered_at: datetime


@dataclass(frozen=True, kw_only=True)
class LedgerFigures:
    """What the ledger holds; a count that is not there is zero. Keys begin with the biller.

    `due` counts what the engine has to look at now, by biller and kind of item.
    """

    items: tuple[StateFigure, ...] = ()
    due: Mapping[tuple[str, str], int] = field(default_factory=dict)
    files: Mapping[tuple[str, UploadState], int] = field(default_factory=dict)
    accepted_files: tuple[AcceptedFile, ...] = ()
    exceptions: tuple[ExceptionFigure, ...] = ()
    # By due date, the nearest first.
    unapplied: tuple[UnappliedFigure, ...] = ()
    marks: tuple[MarkFigure, ...] = ()
    # Since when the ledger knows of a biller at all.
    known_since: Mapping[str, datetime] = field(default_factory=dict)

    def of(self, kind: str) -> tuple[StateFigure, ...]:
        """Return the figures of one kind of item."""
        return tuple(figure for figure in self.items if figure.kind == kind)

    def near_due(self, now: datetime) -> tuple[UnappliedFigure, ...]:
        """Return the payments not applied whose invoices' due dates cannot wait."""
        return tuple(each for each in self.unapplied if is_critical(each.due_date, now))


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Everything that is judged, at the moment `now`.

    `intervals` are the schedule's, by job. `skews` are how many seconds each partner's clock is
    ahead of ours, by partner, where its answers told. `ledger_problem` is why the ledger cannot
    be used; then it tells nothing else.
    """

    now: datetime
    ledger: LedgerFigures
    intervals: Mapping[str, timedelta]
    billers: frozenset[str] = frozenset()
    # For which of them posting is switched off.
    posting_off: frozenset[str] = frozenset()
    biller_problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    ledger_problem: str = ""
    disk: str = ""
    disk_free_bytes: int | None = None
    skews: Mapping[str, float] = field(default_factory=dict)
