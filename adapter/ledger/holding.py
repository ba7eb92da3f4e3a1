"""What holds a payment back: another one or a reversal on its invoice, or an open exception."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, String, and_, bindparam, or_, select, update

from adapter.domain.ach_return import UNDER_WAY_STATES
from adapter.domain.delivery import HOLDING_STATES, Delivery, DeliveryState
from adapter.domain.exceptions import ExceptionKind
from adapter.ledger.schema import deliveries, exceptions
from adapter.ledger.tables_reversals import reversals

# A payment behind an exception is looked at this often, should waking it have failed.
HELD_BY_EXCEPTION = timedelta(hours=1)
# A payment behind another one is looked at no sooner than this, so that looking comes to an end.
HELD_BY_PAYMENT = timedelta(seconds=1)
# A payment behind a reversal, whose outcome may take its tries to be known.
HELD_BY_REVERSAL = timedelta(minutes=1)
# In these, surely nothing was applied: what is due is a post.
POSTABLE_STATES = (DeliveryState.ACCEPTED, DeliveryState.FAILED)


def reversal_is_under_way(biller: Any, invoice_number: Any) -> Any:
    """Choose the reversals on an invoice by which its balance may still be moved."""
    return and_(
        reversals.c.biller == biller,
        reversals.c.invoice_number == invoice_number,
        reversals.c.state.in_(tuple(UNDER_WAY_STATES)),
    )


# Statements of every claim are built once: building one costs more than running it.
_BILLER, _INVOICE = bindparam("of_biller", type_=String), bindparam("of_invoice", type_=String)
_OTHER = (
    select(deliveries.c.next_at, deliveries.c.payment_guid, deliveries.c.state)
    .where(
        deliveries.c.biller == _BILLER,
        deliveries.c.invoice_number == _INVOICE,
        deliveries.c.id != bindparam("own_id"),
        or_(
            deliveries.c.state.in_(tuple(HOLDING_STATES)),
            deliveries.c.lease_owner.is_not(None),
        ),
    )
    .limit(1)
)
_REVERSAL = select(reversals.c.id).where(reversal_is_under_way(_BILLER, _INVOICE)).limit(1)
_QUESTION = (
    select(exceptions.c.payment_guid, exceptions.c.kind)
    .where(
        exceptions.c.biller == _BILLER,
        exceptions.c.invoice_number == _INVOICE,
        exceptions.c.resolved_at.is_(None),
        exceptions.c.payment_guid.is_not(None),
    )
    .order_by(exceptions.c.id)
    .limit(1)
)
_WAKE = (
    update(deliveries)
    .where(
        deliveries.c.biller == _BILLER,
        deliveries.c.invoice_number == _INVOICE,
        deliveries.c.state == DeliveryState.ACCEPTED,
        deliveries.c.lease_owner.is_(None),
        deliveries.c.next_at > bindparam("now"),
    )
    .values(next_at=bindparam("now"))
)


def hold_back(connection: Connection, due: Delivery, now: datetime) -> bool:
    """Tell whether a payment has to wait for its invoice; put off all that wait there with it."""
    payment = due.payment
    named = {
        "of_biller": payment.biller,
        "of_invoice": payment.invoice_number,
        "own_id": due.id,
    }
    other = connection.execute(_OTHER, named).first()
    if other is not None:
        until = max(other.next_at, now + HELD_BY_PAYMENT)
        reason = f"waits for payment {other.payment_guid} on the same invoice, {other.state.value}"
    elif _is_being_reversed(connection, payment.biller, payment.invoice_number):
        until = now + HELD_BY_REVERSAL
        reason = "waits for a reversal on the same invoice"
    else:
        question = _payment_in_question(connection, payment.biller, payment.invoice_number)
        if question is None:
            return False
        until = now + HELD_BY_EXCEPTION
        reason = (
            f"waits for a person: payment {question[0]} on the same invoice is an exception "
            f"({question[1].value})"
        )
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.biller == payment.biller,
            deliveries.c.invoice_number == payment.invoice_number,
            deliveries.c.state.in_(POSTABLE_STATES),
            or_(deliveries.c.lease_owner.is_(None), deliveries.c.id == due.id),
            deliveries.c.next_at <= now,
        )
        .values(
            next_at=until,
            last_error=reason,
            lease_owner=None,
            lease_until=None,
            fence=deliveries.c.fence + 1,  # whoever claimed it once and slept, may not send it
        )
    )
    return True


def wake_invoice(
    connection: Connection, biller: str, invoice_number: str | None, now: datetime
) -> None:
    """Let the accepted payments of an invoice be looked at now instead of later."""
    named = {"of_biller": biller, "of_invoice": invoice_number, "now": now}
    connection.execute(_WAKE, named)


def _is_being_reversed(connection: Connection, biller: str, invoice_number: str) -> bool:
    named = {"of_biller": biller, "of_invoice": invoice_number}
    return connection.execute(_REVERSAL, named).first() is not None


def _payment_in_question(
    connection: Connection, biller: str, invoice_number: str
) -> tuple[str, ExceptionKind] | None:
    """Return the payment, and why, whose open exception holds back posts on an invoice."""
    named = {"of_biller": biller, "of_invoice": invoice_number}
    row = connection.execute(_QUESTION, named).first()
    return None if row is None else (row.payment_guid, row.kind)
