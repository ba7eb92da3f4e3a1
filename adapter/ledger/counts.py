"""What monitoring reads of the ledger: a fixed number of queries, none of which walks history.

Only what is unfinished, open or newest is counted, each by an index, so a million finished rows
cost a reading nothing. What finished is counted by the process that finished it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Connection, Select, func, select

from adapter.domain.ach_return import ReversalState
from adapter.domain.delivery import DeliveryState
from adapter.domain.enrollment import EnrollmentState
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.upload import UploadState
from adapter.ledger.schema import IS_UNFINISHED, deliveries, exceptions, uploads
from adapter.ledger.store import Store
from adapter.ledger.tables_enrollments import IS_UNDELIVERED, enrollments
from adapter.ledger.tables_reversals import IS_UNREVERSED, reversals

# Bounded by what a person has not looked at yet.
_UNHAPPY_FILES = (UploadState.SENDING, UploadState.IN_DOUBT, UploadState.REFUSED)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How many payments of a biller are in a state, and since when the oldest is known."""

    biller: str
    state: DeliveryState
    number: int
    oldest: datetime


@dataclass(frozen=True, kw_only=True)
class AcceptedFile:
    """The figures of a biller's newest invoice file that Invoice Cloud accepted."""

    biller: str
    invoice_count: int
    total: Decimal
    answered_at: datetime


@dataclass(frozen=True, kw_only=True)
class LedgerCounts:
    """The ledger at one moment; a count that is not there is nought. Keys begin with the biller.

    `due` counts what the engine has to look at now, by biller and table.
    """

    deliveries: tuple[Standing, ...] = ()
    reversals: Mapping[tuple[str, ReversalState], int] = field(default_factory=dict)
    enrollments: Mapping[tuple[str, EnrollmentState], int] = field(default_factory=dict)
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
                deliveries=_standings(connection),
                reversals=_counts(connection, _open_reversals()),
                enrollments=_counts(connection, _open_enrollments()),
                exceptions=_counts(connection, _open_exceptions()),
                files=_unhappy_files(connection, names),
                accepted_files=_accepted_files(connection, names),
                due=_due(connection, names, now),
            )


def _standings(connection: Connection) -> tuple[Standing, ...]:
    chosen = (
        select(
            deliveries.c.biller,
            deliveries.c.state,
            func.count().label("number"),
            func.min(deliveries.c.accepted_at).label("oldest"),
        )
        .where(IS_UNFINISHED)
        .group_by(deliveries.c.biller, deliveries.c.state)
    )
    return tuple(Standing(**row) for row in connection.execute(chosen).mappings())


def _open_reversals() -> Select[Any]:
    return _grouped(reversals.c.biller, reversals.c.state, IS_UNREVERSED)


def _open_enrollments() -> Select[Any]:
    return _grouped(enrollments.c.biller, enrollments.c.state, IS_UNDELIVERED)


def _open_exceptions() -> Select[Any]:
    return _grouped(exceptions.c.biller, exceptions.c.kind, exceptions.c.resolved_at.is_(None))


def _grouped(biller: Column[Any], kind: Column[Any], which: Any) -> Select[Any]:
    return select(biller, kind, func.count()).where(which).group_by(biller, kind)


def _counts(connection: Connection, chosen: Select[Any]) -> dict[tuple[str, Any], int]:
    return {(biller, kind): number for biller, kind, number in connection.execute(chosen)}


def _unhappy_files(
    connection: Connection, billers: tuple[str, ...]
) -> dict[tuple[str, UploadState], int]:
    chosen = (
        select(uploads.c.biller, uploads.c.state, func.count())
        .where(uploads.c.biller.in_(billers), uploads.c.state.in_(_UNHAPPY_FILES))
        .group_by(uploads.c.biller, uploads.c.state)
    )
    return _counts(connection, chosen)


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
    found = {}
    for table in (deliveries, reversals, enrollments):
        chosen = (
            select(table.c.biller, func.count())
            .where(table.c.biller.in_(billers), table.c.next_at <= now)
            .group_by(table.c.biller)
        )
        for biller, number in connection.execute(chosen):
            found[biller, table.name] = number
    return found
