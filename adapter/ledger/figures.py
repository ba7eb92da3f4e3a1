"""Gathering figures: a few counts, none of which reads the history of what is finished."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from adapter.domain.ach_return import ReversalState
from adapter.domain.delivery import FINAL_STATES, DeliveryState
from adapter.domain.enrollment import EnrollmentState
from adapter.domain.figures import (
    ExceptionFigure,
    LedgerFigures,
    MarkFigure,
    StateFigure,
    WaitingFigure,
)
from adapter.domain.payment import DeliveryKey
from adapter.ledger.schema import deliveries, exceptions, uploads, watermarks
from adapter.ledger.store import Store
from adapter.ledger.tables_enrollments import enrollments
from adapter.ledger.tables_reversals import reversals

_UNFINISHED = tuple(state for state in DeliveryState if state not in FINAL_STATES)
_REVERSALS_OPEN = tuple(s for s in ReversalState if s is not ReversalState.REVERSED)
_ENROLLMENTS_OPEN = tuple(
    s for s in EnrollmentState if s not in {EnrollmentState.DELIVERED, EnrollmentState.SUPERSEDED}
)


class FigureBook:
    """Reads the ledger's figures, all of one state of it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def gather(self) -> LedgerFigures:
        """Return what alarms judge by; applied deliveries are not counted."""
        with self._store.reading() as connection:
            return LedgerFigures(
                deliveries=_states(connection),
                exceptions=_exceptions(connection),
                marks=_marks(connection),
                reversals=_waiting(connection, reversals, "seen_at", _REVERSALS_OPEN),
                enrollments=_waiting(connection, enrollments, "accepted_at", _ENROLLMENTS_OPEN),
                known_since=_known_since(connection),
            )

    def applied(self) -> dict[str, int]:
        """Count each biller's applied deliveries: every row of the history is one."""
        whole = select(deliveries.c.biller, func.count()).group_by(deliveries.c.biller)
        with self._store.reading() as connection:
            counts = {biller: int(number) for biller, number in connection.execute(whole)}
            for figure in _states(connection):
                counts[figure.biller] -= figure.count
        return counts


def _states(connection: Connection) -> tuple[StateFigure, ...]:
    row = deliveries.c
    chosen = (
        select(
            row.biller,
            row.state,
            func.count().label("count"),
            func.min(row.id).label("oldest_id"),
            func.min(row.sent_at).label("sent_at"),
            func.min(row.next_at).label("due_at"),
        )
        .where(row.state.in_(_UNFINISHED))
        .group_by(row.biller, row.state)
        .order_by(row.biller, row.state)
    )
    found: list[StateFigure] = []
    for told in connection.execute(chosen):
        oldest = connection.execute(
            select(row.payment_guid, row.invoice_number, row.accepted_at).where(
                row.id == told.oldest_id
            )
        ).one()
        found.append(
            StateFigure(
                biller=told.biller,
                state=told.state,
                count=told[2],
                oldest=DeliveryKey(
                    biller=told.biller,
                    payment_guid=oldest.payment_guid,
                    invoice_number=oldest.invoice_number,
                ),
                oldest_at=oldest.accepted_at,
                sent_at=told.sent_at,
                due_at=told.due_at,
            )
        )
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


def _waiting(
    connection: Connection, table: object, moment: str, states: tuple[object, ...]
) -> tuple[WaitingFigure, ...]:
    row = table.c  # type: ignore[attr-defined]  # a table's columns
    chosen = (
        select(row.biller, func.count(), func.min(row[moment]))
        .where(row.state.in_(states))
        .group_by(row.biller)
        .order_by(row.biller)
    )
    return tuple(
        WaitingFigure(biller=biller, count=count, oldest_at=oldest_at)
        for biller, count, oldest_at in connection.execute(chosen)
    )


def _known_since(connection: Connection) -> dict[str, datetime]:
    """Tell when the ledger first heard of each biller, by what it keeps for ever."""
    known: dict[str, datetime] = {}
    for table, moment in ((uploads, "created_at"), (watermarks, "moved_at")):
        chosen = select(table.c.biller, func.min(table.c[moment])).group_by(table.c.biller)
        for biller, since in connection.execute(chosen):
            known[biller] = min(since, known.get(biller, since))
    return known
