"""What the ledger holds of an invoice's balance: readings, and our own moves since (0030)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, func, literal, or_, select, union_all

from adapter.domain.guard_view import KnownBalances, Move
from adapter.domain.payment import PaymentItem
from adapter.domain.work_item import BalanceReading, Cause, State, WorkItem
from adapter.ledger.columns import Biller
from adapter.ledger.schema import (
    ach_returns,
    balance_readings,
    billed_invoices,
    payments,
    uploads,
    work_events,
    work_items,
)
from adapter.ledger.store import Store

# Asked before every post: building a statement costs more than running it.
_LAST_MOVE = select(func.max(work_items.c.done_at)).where(
    work_items.c.biller == bindparam("of_biller", type_=Biller),
    work_items.c.lane == bindparam("of_lane"),
    work_items.c.state == State.DONE,
    work_items.c.id != bindparam("own_id"),
)
_READING = (balance_readings.c.asked_at, balance_readings.c.balance)


class BalanceBook:
    """Finds what a payment is judged by; reading never waits for a writer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, item: PaymentItem, *, settle: timedelta) -> KnownBalances:
        """Return the reading from before a payment's posts, and everything since.

        One that may or may not hold another move of ours says nothing: there is none then.
        """
        with self._store.reading() as connection:
            before = _before(connection, item)
            if before is not None and _is_ambiguous(connection, item, before, settle):
                before = None
            guids = select(payments.c.payment_guid, payments.c.invoice_number).where(
                payments.c.item_id.in_(_of_lane(item, work_items.c.id))
                | (payments.c.payment_guid == item.payload.payment_guid)
            )
            known = connection.execute(guids).all()
            own = frozenset(row.payment_guid for row in known)
            siblings = frozenset(
                row.invoice_number
                for row in known
                if row.payment_guid == item.payload.payment_guid
            )
            if before is None:
                return KnownBalances(own_guids=own, own_invoices=siblings)
            return KnownBalances(
                before=before,
                readings=_readings_since(connection, item, before),
                moves=_moves_since(connection, item, before.asked_at),
                own_guids=own,
                own_invoices=siblings,
            )

    def last_move(self, item: WorkItem[Any]) -> datetime | None:
        """Return when another item of the lane last moved its invoice's balance, if known."""
        asked = {"of_biller": item.biller, "of_lane": item.lane, "own_id": item.id}
        with self._store.reading() as connection:
            last: datetime | None = connection.execute(_LAST_MOVE, asked).scalar()
            return last

    def last_answer(self, item: PaymentItem) -> str:
        """Return what was noted of the partner's last answer; empty where it gave none."""
        answers = (
            select(work_events.c.detail)
            .where(work_events.c.item_id == item.id, work_events.c.cause == Cause.ANSWERED)
            .order_by(work_events.c.id.desc())
            .limit(1)
        )
        with self._store.reading() as connection:
            return connection.execute(answers).scalar() or ""


def _of_lane(item: WorkItem[Any], *columns: Any) -> Select[Any]:
    return select(*columns).where(
        work_items.c.biller == item.biller, work_items.c.lane == item.lane
    )


def _before(connection: Connection, item: PaymentItem) -> BalanceReading | None:
    if not (item.may_have_left or item.released):
        return _as_billed(connection, item)
    chosen = (
        select(*_READING)
        .where(balance_readings.c.item_id == item.id, balance_readings.c.is_before)
        .order_by(balance_readings.c.id.desc())
    )
    row = connection.execute(chosen.limit(1)).first()
    return None if row is None else BalanceReading(asked_at=row.asked_at, balance=row.balance)


def _as_billed(connection: Connection, item: PaymentItem) -> BalanceReading | None:
    """Return what the last accepted file said of the invoice, if that was before the payment."""
    chosen = (
        select(billed_invoices.c.row, uploads.c.as_of)
        .join(uploads, uploads.c.id == billed_invoices.c.upload_id)
        .where(
            billed_invoices.c.biller == item.biller,
            billed_invoices.c.invoice_number == item.payload.invoice_number,
        )
    )
    row = connection.execute(chosen).first()
    if row is None or row.row is None or row.as_of > item.payload.paid_at:
        return None
    try:
        return BalanceReading(
            asked_at=row.as_of, balance=Decimal(json.loads(row.row)["balance_due"])
        )
    except (InvalidOperation, KeyError, TypeError, ValueError):
        return None


def _is_ambiguous(
    connection: Connection, item: PaymentItem, reading: BalanceReading, settle: timedelta
) -> bool:
    """Tell whether a move of ours began before a reading, and had not surely settled by then.

    One that we never sent, and that was found all the same, was made at no known time.
    """
    sent_at = (
        select(func.min(work_events.c.at))
        .where(work_events.c.item_id == work_items.c.id, work_events.c.to_state == State.SENDING)
        .scalar_subquery()
    )
    chosen = _of_lane(item, work_items.c.id).where(
        work_items.c.state == State.DONE,
        work_items.c.id != item.id,
        work_items.c.done_at > reading.asked_at - settle,
        or_(sent_at.is_(None), sent_at <= reading.asked_at),
    )
    return connection.execute(chosen.limit(1)).first() is not None


def _readings_since(
    connection: Connection, item: PaymentItem, before: BalanceReading
) -> tuple[BalanceReading, ...]:
    chosen = (
        select(*_READING)
        .where(
            balance_readings.c.item_id == item.id,
            balance_readings.c.asked_at > before.asked_at,
        )
        .order_by(balance_readings.c.asked_at, balance_readings.c.id)
    )
    return tuple(
        BalanceReading(asked_at=row.asked_at, balance=row.balance)
        for row in connection.execute(chosen)
    )


def _moves_since(connection: Connection, item: PaymentItem, since: datetime) -> tuple[Move, ...]:
    def done(table: Table, sign: int) -> Select[Any]:
        moved = work_items.join(table, table.c.item_id == work_items.c.id)
        chosen = _of_lane(item, work_items.c.done_at, table.c.amount, literal(sign).label("sign"))
        return chosen.select_from(moved).where(
            work_items.c.state == State.DONE,
            work_items.c.done_at > since,
            work_items.c.id != item.id,
        )

    found = connection.execute(union_all(done(payments, -1), done(ach_returns, 1)))
    return tuple(Move(at=row.done_at, amount=row.amount * row.sign) for row in found)
