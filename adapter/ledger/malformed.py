"""Due rows that cannot be read: set aside for a person, so that they hold up nobody else."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import Connection, RowMapping, select, update

from adapter.domain.delivery import HOLDING_STATES, Delivery
from adapter.domain.exceptions import ExceptionKind
from adapter.errors import MalformedRowError
from adapter.ledger.deliveries import delivery_of
from adapter.ledger.exceptions import open_exception
from adapter.ledger.holding import POSTABLE_STATES
from adapter.ledger.schema import deliveries

# Whoever waits to be looked at is in one of these.
_WAITING_STATES = HOLDING_STATES | set(POSTABLE_STATES)
_log = structlog.get_logger(__name__)


def due_delivery_of(row: RowMapping) -> Delivery:
    """Read a due row; raises MalformedRowError, also for a state in which nothing is due."""
    delivery = delivery_of(row)
    if delivery.state not in _WAITING_STATES:
        state = delivery.state.value
        raise MalformedRowError(f"a row of the ledger is malformed: {state} is never due")
    return delivery


def read_or_set_aside(connection: Connection, delivery_id: int, now: datetime) -> Delivery | None:
    """Return a due delivery, or None after setting it aside."""
    row = connection.execute(select(deliveries).where(deliveries.c.id == delivery_id))
    try:
        return due_delivery_of(row.mappings().one())
    except MalformedRowError as error:
        set_aside(connection, delivery_id, str(error), now)
        return None


def set_aside(connection: Connection, delivery_id: int, reason: str, now: datetime) -> None:
    """Open an exception about a row and have it due no more; nothing else of it is changed.

    The exception holds its invoice back: nobody can tell any more what was sent.
    """
    mine = deliveries.c.id == delivery_id
    biller, guid, invoice = connection.execute(
        select(deliveries.c.biller, deliveries.c.payment_guid, deliveries.c.invoice_number).where(
            mine
        )
    ).one()
    connection.execute(update(deliveries).where(mine).values(next_at=None, last_error=reason))
    open_exception(
        connection,
        biller,
        ExceptionKind.ROW_UNREADABLE,
        f"{reason}. Row {delivery_id} of deliveries was left as it is and is looked at no more; "
        "compare it with a backup, and look in Spectrum for the payment",
        now=now,
        payment_guid=guid,
        invoice_number=invoice,
    )
    _log.error(
        "a row of the ledger cannot be read",
        row=delivery_id,
        reason=reason,
        biller=biller,
        payment_guid=guid,
        invoice_number=invoice,
    )
