"""Gathering figures: a fixed number of questions, none of which walks history.

Only what is unfinished, open or newest is counted, each by an index, so a million finished items
cost a reading nothing. What finished is counted by the process that finished it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, func, select

from adapter.domain.due_dates import UNAPPLIED_MAX
from adapter.domain.figures import (
    AcceptedFile,
    ExceptionFigure,
    LedgerFigures,
    MarkFigure,
    StateFigure,
)
from adapter.domain.upload import UploadState
from adapter.domain.work_item import State
from adapter.ledger.due_dates import unapplied
from adapter.ledger.schema import IS_UNFINISHED, exceptions, uploads, watermarks, work_items
from adapter.ledger.store import Store

# Bounded by what a person has not looked at yet.
_UNRESOLVED = (UploadState.SENDING, UploadState.IN_DOUBT, UploadState.REFUSED)


class FigureBook:
    """Reads the ledger's figures, all of one state of it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def gather(self, billers: Iterable[str], *, now: datetime) -> LedgerFigures:
        """Return what alarms and monitoring judge by; finished items are not counted.

        The figures of files and of what is due are those of these billers.
        """
        names = tuple(billers)
        with self._store.reading() as connection:
            return LedgerFigures(
                items=_unfinished(connection),
                due=_due(connection, names, now),
                files=_unresolved_files(connection, names),
                accepted_files=_accepted_files(connection, names),
                exceptions=_exceptions(connection),
                unapplied=unapplied(connection, accepted_until=now - UNAPPLIED_MAX),
                marks=_marks(connection),
                known_since=_known_since(connection),
            )

    def done(self, kind: str) -> dict[str, int]:
        """Count each biller's items of a kind that the partner has: history is walked."""
        chosen = (
            select(work_items.c.biller, func.count())
            .where(work_items.c.kind == kind, work_items.c.state == State.DONE)
            .group_by(work_items.c.biller)
        )
        with self._store.reading() as connection:
            return {row.biller: row[1] for row in connection.execute(chosen)}


def _unfinished(connection: Connection) -> tuple[StateFigure, ...]:
    """Count what is not finished, by an index that holds nothing else: no history is read."""
    row = work_items.c
    groups = (
        select(
            row.kind,
            row.biller,
            row.state,
            row.review,
            func.count().label("count"),
            func.min(row.id).label("oldest_id"),
            func.min(row.sent_at).label("sent_at"),
            func.min(row.next_at).label("due_at"),
        )
        .where(IS_UNFINISHED)
        .group_by(row.kind, row.biller, row.state, row.review)
        .order_by(row.kind, row.biller, row.state, row.review)
    )
    found: list[StateFigure] = []
    for group in connection.execute(groups).mappings().all():
        fields = dict(group)
        oldest = connection.execute(
            select(row.reference, row.accepted_at).where(row.id == fields.pop("oldest_id"))
        ).one()
        found.append(StateFigure(oldest=oldest[0], oldest_at=oldest[1], **fields))
    return tuple(found)


def _exceptions(connection: Connection) -> tuple[ExceptionFigure, ...]:
    row = exceptions.c
    chosen = (
        select(row.biller, row.kind, func.count(), func.min(row.opened_at))
        .where(row.resolved_at.is_(None))
        .group_by(row.biller, row.kind)
        .order_by(row.biller, row.kind)
    )
    return tuple(
        ExceptionFigure(biller=biller, kind=kind, count=count, oldest_at=oldest_at)
        for biller, kind, count, oldest_at in connection.execute(chosen)
    )


def _marks(connection: Connection) -> tuple[MarkFigure, ...]:
    row = watermarks.c
    chosen = select(row.biller, row.job, row.moved_at).order_by(row.biller, row.job)
    return tuple(
        MarkFigure(biller=biller, job=job, moved_at=moved_at)
        for biller, job, moved_at in connection.execute(chosen)
    )


def _known_since(connection: Connection) -> dict[str, datetime]:
    """Tell when the ledger first heard of each biller, by what it keeps for ever."""
    known: dict[str, datetime] = {}
    for table, moment in ((uploads, "created_at"), (watermarks, "moved_at")):
        chosen = select(table.c.biller, func.min(table.c[moment])).group_by(table.c.biller)
        for biller, since in connection.execute(chosen):
            known[biller] = min(since, known.get(biller, since))
    return known


def _unresolved_files(
    connection: Connection, billers: tuple[str, ...]
) -> dict[tuple[str, UploadState], int]:
    chosen = (
        select(uploads.c.biller, uploads.c.state, func.count())
        .where(uploads.c.biller.in_(billers), uploads.c.state.in_(_UNRESOLVED))
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
