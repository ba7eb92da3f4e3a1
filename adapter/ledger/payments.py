"""Payments in the outbox, and what reports and settled batches ask about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import RowMapping, select, update

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.payment import PAYMENT_FIELDS, Payment, PaymentItem, differences, invoice_lane
from adapter.errors import BadInputError, ContentConflictError
from adapter.ledger.item_kind import ItemKind
from adapter.ledger.item_rows import items_with_payload, parts_of, read_items
from adapter.ledger.schema import payments, work_items
from adapter.ledger.store import Store


def _read(row: RowMapping) -> Payment:
    return Payment(**{field: row[field] for field in PAYMENT_FIELDS})


def _values(payment: Payment) -> Mapping[str, object]:
    return {field: getattr(payment, field) for field in PAYMENT_FIELDS if field != "biller"}


def _subject(reference: str) -> Mapping[str, str]:
    guid, _, invoice_number = reference.partition(":")
    return {"payment_guid": guid, "invoice_number": invoice_number}


def _require_approved(payment: Payment) -> None:
    if not payment.approved:
        raise BadInputError(
            field="Approved",
            value="False",
            rule="a declined payment is not accepted",
            remedy="Send approved payments only",
        )


def _conflict(payment: Payment, known: Payment) -> ContentConflictError:
    return ContentConflictError(
        field="PaymentGUID",
        value=payment.payment_guid,
        rule="this payment on this invoice is known with other content "
        f"({differences(payment, known)})",
        remedy="Send a payment once, unchanged; another payment has another GUID",
    )


PAYMENT = ItemKind(
    name="payment",
    table=payments,
    read=_read,
    values=_values,
    reference=lambda payment: payment.key.reference,
    lane=lambda payment: invoice_lane(payment.invoice_number),
    subject=_subject,
    conflict=_conflict,
    require=_require_approved,
    # What these ask is answered when a payment is sent again, or a person says what became of it.
    reviews=(
        ExceptionKind.DEAD,
        ExceptionKind.NOT_APPLIED,
        ExceptionKind.EVIDENCE_UNCLEAR,
        ExceptionKind.EVIDENCE_OVERDUE,
        ExceptionKind.SETTING_OVERDUE,
    ),
    held_by_review=True,
)


class PaymentQueries:
    """What others ask about payments; reading never waits for a writer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_guids(self, biller: str, payment_guids: Iterable[str]) -> tuple[PaymentItem, ...]:
        """Return every item of these payments, whatever invoices they pay."""
        found: list[PaymentItem] = []
        with self._store.reading() as connection:
            for part in parts_of(sorted(set(payment_guids))):
                # Asked by itself: SQLite does not begin with the payload of an outer join.
                named = select(payments.c.item_id).where(payments.c.payment_guid.in_(part))
                chosen = items_with_payload(PAYMENT).where(
                    work_items.c.biller == biller, work_items.c.id.in_(named)
                )
                found.extend(read_items(connection, PAYMENT, chosen.order_by(work_items.c.id)))
        return tuple(found)

    def confirm(self, item_ids: Iterable[int], *, now: datetime) -> int:
        """Note, once and for ever, that Invoice Cloud's report agrees; return how many are new."""
        confirmed = 0
        with self._store.writing() as connection:
            for part in parts_of(list(item_ids)):
                confirmed += connection.execute(
                    update(work_items)
                    .where(work_items.c.id.in_(part), work_items.c.confirmed_at.is_(None))
                    .values(confirmed_at=now)
                ).rowcount
        return confirmed

    def unreported(
        self, biller: str, *, paid_from: datetime, paid_until: datetime
    ) -> tuple[PaymentItem, ...]:
        """Return those paid in this half-open time that no report has agreed with."""
        chosen = items_with_payload(PAYMENT).where(
            work_items.c.biller == biller,
            work_items.c.confirmed_at.is_(None),
            payments.c.paid_at >= paid_from,
            payments.c.paid_at < paid_until,
        )
        with self._store.reading() as connection:
            return read_items(connection, PAYMENT, chosen.order_by(work_items.c.id))
