"""What monitoring reads of the ledger: a fixed number of queries, none of which walks history.

Only what is unfinished, open or newest is counted, each by an index, so a million finished rows
cost a reading nothing. What finished is counted by the process that finished it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, func, select

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.figures import StateFigure
from adapter.domain.upload import UploadState
from adapter.ledger.figures import unfinished
from adapter.ledger.schema import exceptions, uploads, work_items
from adapter.ledger.store import Store

# Bounded by what a person has not looked at yet.
_UNHAPPY_FILES = (UploadState.SENDING, UploadState.IN_DOUBT, UploadState.REFUSED)


@dataclass(frozen=True, kw_only=True)
class AcceptedFile:
    """The figures of a biller's newest invoice file that Invoice Cloud accepted."""

    biller: str
    invoice_count: int
    total: Decimal
    answered_at: datetime


@dataclass(frozen=True, kw_only=True)
class LedgerCounts:
    """The ledger at one moment; a count that is not there is zero. Keys begin with the biller.

    `due` counts what the engine has to look at now, by biller and kind of item.
    """

    items: tuple[StateFigure, ...] = ()
    exceptions: Mapping[tuple[str, ExceptionKind], int] = field(default_factory=dict)
    files: Mapping[tuple[str, UploadState], int] = field(default_factory=dict)
    accepted_files: tuple[AcceptedFile, ...] = ()
    due: Mapping[tuple[str, str], int] = field(default_factory=dict)


class CountBook:
    """Reads the figures; one consistent state of the ledger, no writer held up."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, billers: Iterable[str], *, now: datetime) -> LedgerCounts:
        """Return the figures; those of files and of what is due, of these billers."""
        names = tuple(billers)
        with self._store.reading() as connection:
            return LedgerCounts(
                items=unfinished(connection),
                exceptions=_open_exceptions(connection),
                files=_unhappy_files(connection, names),
                accepted_files=_accepted_files(connection, names),
                due=_due(connection, names, now),
            )


def _open_exceptions(connection: Connection) -> dict[tuple[str, ExceptionKind], int]:
    chosen = (
        select(exceptions.c.biller, exceptions.c.kind, func.count())
        .where(exceptions.c.resolved_at.is_(None))
        .group_by(exceptions.c.biller, exceptions.c.kind)
    )
    return {(biller, kind): number for biller, kind, number in connection.execute(chosen)}


def _unhappy_files(
    connection: Connection, billers: tuple[str, ...]
) -> dict[tuple[str, UploadState], int]:
    chosen = (
        select(uploads.c.biller, uploads.c.state, func.count())
        .where(uploads.c.biller.in_(billers), uploads.c.state.in_(_UNHAPPY_FILES))
        .group_by(uploads.c.biller, uploads.c.state)
    )
    return {(biller, state): number for biller, state, number in connection.execute(chosen)}


def _accepted_files(connection: Connection, billers: tuple[str, ...]) -> tuple[AcceptedFile, ...]:
    """Look each biller's newest up: an index leads to it past all the others."""
    found = []
    for biller in billers:
        row = (
            connection.execute(
                select(
                    uploads.c.biller,
                    uploads.c.invoice_count,
                    uploads.c.total,
                    uploads.c.answered_at,
                )
                .where(uploads.c.biller == biller, uploads.c.state == UploadState.ACCEPTED)
                .order_by(uploads.c.id.desc())
                .limit(1)
            )
            .mappings()
            .first()
        )
        if row is not None:
            found.append(AcceptedFile(**row))
    return tuple(found)


def _due(
    connection: Connection, billers: tuple[str, ...], now: datetime
) -> dict[tuple[str, str], int]:
    row = work_items.c
    chosen = (
        select(row.biller, row.kind, func.count())
        .where(row.biller.in_(billers), row.next_at <= now)
        .group_by(row.biller, row.kind)
    )
    return {(biller, kind): number for biller, kind, number in connection.execute(chosen)}
