"""Finding payments as an operator asks for them, and what is open on their invoices."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import or_, select

from adapter.domain.delivery import Delivery, DeliveryState
from adapter.domain.exceptions import ExceptionItem
from adapter.ledger.deliveries import delivery_of
from adapter.ledger.exceptions import exception_of
from adapter.ledger.schema import deliveries, exceptions
from adapter.ledger.store import Store


class DeliveryList:
    """Reads deliveries by whatever an operator knows of them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(
        self,
        *,
        limit: int,
        biller: str | None = None,
        states: Iterable[DeliveryState] | None = None,
        payment_guid: str | None = None,
        invoice_number: str | None = None,
    ) -> tuple[Delivery, ...]:
        """Return at most `limit` deliveries, those that were accepted last first."""
        chosen = select(deliveries).order_by(deliveries.c.id.desc()).limit(limit)
        wanted = {"biller": biller, "payment_guid": payment_guid, "invoice_number": invoice_number}
        for name, value in wanted.items():
            if value is not None:
                chosen = chosen.where(deliveries.c[name] == value)
        if states is not None:
            chosen = chosen.where(deliveries.c.state.in_(tuple(states)))
        with self._store.reading() as connection:
            return tuple(delivery_of(row) for row in connection.execute(chosen).mappings())

    def open_exceptions(self, delivery: Delivery) -> tuple[ExceptionItem, ...]:
        """Return what is open about a delivery or holds its invoice back, oldest first."""
        key = delivery.payment.key
        chosen = select(exceptions).where(
            exceptions.c.biller == key.biller,
            exceptions.c.invoice_number == key.invoice_number,
            exceptions.c.resolved_at.is_(None),
            or_(exceptions.c.payment_guid.is_not(None), exceptions.c.reference == key.reference),
        )
        with self._store.reading() as connection:
            rows = connection.execute(chosen.order_by(exceptions.c.id)).mappings()
            return tuple(exception_of(row) for row in rows)
