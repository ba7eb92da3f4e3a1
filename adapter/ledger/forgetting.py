"""Forgetting what is finished: who paid and what happened goes, what was paid stays.

A row's identity and figures stay for ever: by them a repeat is known, however late it comes, and
the books are compared. So forgetting can never have a payment applied twice (decision 0028).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from adapter.domain.work_item import FINAL_STATES, State
from adapter.ledger.schema import (
    IS_UNFINISHED,
    ach_returns,
    enrollment_changes,
    exceptions,
    payments,
    work_events,
    work_items,
)
from adapter.ledger.store import Store

# So many rows in one transaction: others get their turn in between.
ROWS_AT_ONCE = 500


class ForgettingBook:
    """Forgets in small transactions; what is unfinished, unconfirmed or open is never touched."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def payments(self, biller: str, *, before: datetime) -> int:
        """Forget names, messages and stories of payments that were applied and confirmed.

        Counts those whose story ended before a moment, and that had one until now: a payment may
        be confirmed long before a person has settled it.
        """
        is_finished = (
            select(work_items.c.id)
            .join(work_events, work_events.c.item_id == work_items.c.id)
            .join(payments, payments.c.item_id == work_items.c.id)
            .where(
                work_items.c.biller == biller,
                work_items.c.state == State.DONE,
                work_items.c.confirmed_at < before,
                work_items.c.accepted_at < before,
                ~_is_in_question(biller),
            )
            .group_by(work_items.c.id)
            .having(func.max(work_events.c.at) < before)
            .order_by(work_items.c.id)
            .limit(ROWS_AT_ONCE)
        )
        forgotten, last = 0, 0
        while True:
            with self._store.writing(biller) as connection:
                found = is_finished.where(work_items.c.id > last)
                ids = connection.execute(found).scalars().all()
                if not ids:
                    return forgotten
                connection.execute(
                    update(payments)
                    .where(payments.c.item_id.in_(ids))
                    .values(customer_name="", payment_reference="", payment_message="")
                )
                connection.execute(delete(work_events).where(work_events.c.item_id.in_(ids)))
            forgotten, last = forgotten + len(ids), ids[-1]

    def enrollments(self, biller: str, *, before: datetime) -> int:
        """Forget the stories of changes that IMT has, or that newer ones have overtaken."""
        done = (
            select(work_items.c.id)
            .join(work_events, work_events.c.item_id == work_items.c.id)
            .join(enrollment_changes, enrollment_changes.c.item_id == work_items.c.id)
            .where(
                work_items.c.biller == biller,
                work_items.c.state.in_(tuple(FINAL_STATES)),
                work_items.c.accepted_at < before,
            )
            .group_by(work_items.c.id)
            .having(func.max(work_events.c.at) < before)
        )
        with self._store.writing(biller) as connection:
            return connection.execute(
                delete(work_events).where(work_events.c.item_id.in_(done))
            ).rowcount

    def exceptions(self, biller: str, *, before: datetime) -> int:
        """Forget exceptions that were resolved before a moment, but none of an unfinished payment.

        What was asked about it once is not asked again.
        """
        unfinished = (
            select(work_items.c.id)
            .join(payments, payments.c.item_id == work_items.c.id)
            .where(
                work_items.c.biller == biller,
                payments.c.payment_guid == exceptions.c.payment_guid,
                IS_UNFINISHED,
            )
        )
        with self._store.writing(biller) as connection:
            return connection.execute(
                delete(exceptions).where(
                    exceptions.c.biller == biller,
                    exceptions.c.resolved_at < before,
                    ~unfinished.exists(),
                )
            ).rowcount


def _is_in_question(biller: str) -> ColumnElement[bool]:
    """Choose the payments that a person or a reversal is still about."""
    asked = select(exceptions.c.id).where(
        exceptions.c.biller == biller,
        exceptions.c.payment_guid == payments.c.payment_guid,
        exceptions.c.resolved_at.is_(None),
    )
    reversal = work_items.alias("reversal")
    returned = (
        select(ach_returns.c.item_id)
        .join(reversal, reversal.c.id == ach_returns.c.item_id)
        .where(
            reversal.c.biller == biller,
            ach_returns.c.payment_guid == payments.c.payment_guid,
            reversal.c.state.not_in(tuple(FINAL_STATES)),
        )
    )
    return or_(asked.exists(), returned.exists())
