"""Gathering figures: a few counts, none of which reads the history of what is finished."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from adapter.domain.figures import ExceptionFigure, LedgerFigures, MarkFigure, StateFigure
from adapter.ledger.schema import IS_UNFINISHED, exceptions, uploads, watermarks, work_items
from adapter.ledger.store import Store


class FigureBook:
    """Reads the ledger's figures, all of one state of it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def gather(self) -> LedgerFigures:
        """Return what alarms judge by; finished items are not counted."""
        with self._store.reading() as connection:
            return LedgerFigures(
                items=unfinished(connection),
                exceptions=_exceptions(connection),
                marks=_marks(connection),
                known_since=_known_since(connection),
            )

    def done(self, kind: str) -> dict[str, int]:
        """Count each biller's finished items of a kind: every row of the history is one."""
        whole = (
            select(work_items.c.biller, func.count())
            .where(work_items.c.kind == kind)
            .group_by(work_items.c.biller)
        )
        with self._store.reading() as connection:
            counts = {biller: int(number) for biller, number in connection.execute(whole)}
            for figure in unfinished(connection):
                if figure.kind == kind:
                    counts[figure.biller] -= figure.count
        return counts


def unfinished(connection: Connection) -> tuple[StateFigure, ...]:
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
