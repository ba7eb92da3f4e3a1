"""Forgetting what is finished: who paid and what happened goes, what was paid stays.

A row's identity and figures stay for ever: by them a repeat is known, however late it comes, and
the books are compared. So forgetting can never have a payment applied twice (decision 0028).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from adapter.domain.delivery import DeliveryState
from adapter.domain.enrollment import EnrollmentState
from adapter.ledger.schema import IS_UNFINISHED, deliveries, delivery_events, exceptions
from adapter.ledger.store import Store
from adapter.ledger.tables_enrollments import enrollment_events, enrollments
from adapter.ledger.tables_reversals import IS_UNREVERSED, reversals

# So many rows in one transaction: others get their turn in between.
ROWS_AT_ONCE = 500
_DONE = (EnrollmentState.DELIVERED, EnrollmentState.SUPERSEDED)


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
            select(deliveries.c.id)
            .join(delivery_events, delivery_events.c.delivery_id == deliveries.c.id)
            .where(
                deliveries.c.biller == biller,
                deliveries.c.state == DeliveryState.APPLIED,
                deliveries.c.confirmed_at < before,
                deliveries.c.accepted_at < before,
                deliveries.c.next_at.is_(None),
                ~_is_in_question(),
            )
            .group_by(deliveries.c.id)
            .having(func.max(delivery_events.c.at) < before)
            .order_by(deliveries.c.id)
            .limit(ROWS_AT_ONCE)
        )
        forgotten, last = 0, 0
        while True:
            with self._store.writing(biller) as connection:
                found = is_finished.where(deliveries.c.id > last)
                ids = connection.execute(found).scalars().all()
                if not ids:
                    return forgotten
                connection.execute(
                    update(deliveries)
                    .where(deliveries.c.id.in_(ids))
                    .values(customer_name="", payment_reference="", payment_message="")
                )
                connection.execute(
                    delete(delivery_events).where(delivery_events.c.delivery_id.in_(ids))
                )
            forgotten, last = forgotten + len(ids), ids[-1]

    def enrollments(self, biller: str, *, before: datetime) -> int:
        """Forget the stories of changes that IMT has, or that newer ones have overtaken."""
        done = (
            select(enrollments.c.id)
            .join(enrollment_events, enrollment_events.c.enrollment_id == enrollments.c.id)
            .where(
                enrollments.c.biller == biller,
                enrollments.c.state.in_(_DONE),
                enrollments.c.accepted_at < before,
            )
            .group_by(enrollments.c.id)
            .having(func.max(enrollment_events.c.at) < before)
        )
        with self._store.writing(biller) as connection:
            return connection.execute(
                delete(enrollment_events).where(enrollment_events.c.enrollment_id.in_(done))
            ).rowcount

    def exceptions(self, biller: str, *, before: datetime) -> int:
        """Forget exceptions that were resolved before a moment, but none of an unfinished payment.

        What was asked about it once is not asked again.
        """
        unfinished = select(deliveries.c.id).where(
            deliveries.c.biller == exceptions.c.biller,
            deliveries.c.payment_guid == exceptions.c.payment_guid,
            IS_UNFINISHED,
        )
        with self._store.writing(biller) as connection:
            return connection.execute(
                delete(exceptions).where(
                    exceptions.c.biller == biller,
                    exceptions.c.resolved_at < before,
                    ~unfinished.exists(),
                )
            ).rowcount


def _is_in_question() -> ColumnElement[bool]:
    """Choose the payments that a person or a reversal is still about."""
    asked = select(exceptions.c.id).where(
        exceptions.c.biller == deliveries.c.biller,
        exceptions.c.payment_guid == deliveries.c.payment_guid,
        exceptions.c.resolved_at.is_(None),
    )
    returned = select(reversals.c.id).where(
        reversals.c.biller == deliveries.c.biller,
        reversals.c.payment_guid == deliveries.c.payment_guid,
        IS_UNREVERSED,
    )
    return or_(asked.exists(), returned.exists())
