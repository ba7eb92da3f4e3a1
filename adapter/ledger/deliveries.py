"""Payment deliveries: taking a payment over, and every way of looking at what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from adapter.domain.delivery import Cause, Delivery, DeliveryEvent, DeliveryState, Source
from adapter.domain.payment import DeliveryKey, Payment
from adapter.domain.reconcile import differences
from adapter.errors import BadInputError, ContentConflictError, MalformedRowError
from adapter.ledger.schema import deliveries, delivery_events
from adapter.ledger.store import ConcurrentWriteError, Due, Store

# How many names one statement asks for: every database takes that many.
NAMES_PER_STATEMENT = 500
_PAYMENT_FIELDS = (
    "biller",
    "payment_guid",
    "invoice_number",
    "account_number",
    "customer_name",
    "paid_at",
    "amount",
    "fee",
    "payment_reference",
    "payment_message",
    "method",
    "approved",
)
_NOT_OF_DELIVERY = frozenset({*_PAYMENT_FIELDS, "fingerprint"})
_TOLD_BY = {
    Source.DATA_PUMP: "taken over from the data pump",
    Source.PAYMENT_REPORT: "missing here and found in Invoice Cloud's payment report: taken over",
}


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A payment that is on disk; `repeated` when it had been before."""

    delivery: Delivery
    repeated: bool


class DeliveryBook:
    """Every delivery; reading never waits for a writer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def accept(
        self, payment: Payment, *, source: Source, now: datetime, correlation_id: str = ""
    ) -> Accepted:
        """Take a payment over in one committed transaction.

        The same payment again answers the same, and keeps the correlation id it came with first;
        other content under the same GUID and invoice raises ContentConflictError.
        """
        if not payment.approved:
            raise BadInputError(
                field="Approved",
                value="False",
                rule="a declined payment is not taken over",
                remedy="Send approved payments only",
            )
        try:
            return self._accept(payment, source, now, correlation_id)
        except ConcurrentWriteError:  # somebody else took it over just now
            return self._accept(payment, source, now, correlation_id)

    def _accept(
        self, payment: Payment, source: Source, now: datetime, correlation_id: str
    ) -> Accepted:
        with self._store.writing() as connection:
            accepted = _accept(connection, payment, source, now, correlation_id)
            if not accepted.repeated:
                self._store.announce(connection, Due.PAYMENT, payment.biller)
            return accepted

    def confirm(self, delivery_ids: Iterable[int], *, now: datetime) -> int:
        """Note, once and for ever, that Invoice Cloud's report agrees; return how many are new."""
        ids = list(delivery_ids)
        confirmed = 0
        with self._store.writing() as connection:
            for part in parts_of(ids):
                confirmed += connection.execute(
                    update(deliveries)
                    .where(deliveries.c.id.in_(part), deliveries.c.confirmed_at.is_(None))
                    .values(confirmed_at=now)
                ).rowcount
        return confirmed

    def find(self, key: DeliveryKey) -> Delivery | None:
        with self._store.reading() as connection:
            return find_delivery(connection, key)

    def of_payments(self, biller: str, payment_guids: Iterable[str]) -> tuple[Delivery, ...]:
        """Return every delivery of these payments, whatever invoices they pay."""
        found: list[Delivery] = []
        with self._store.reading() as connection:
            for part in parts_of(sorted(set(payment_guids))):
                chosen = select(deliveries).where(
                    deliveries.c.biller == biller, deliveries.c.payment_guid.in_(part)
                )
                rows = connection.execute(chosen.order_by(deliveries.c.id)).mappings()
                found.extend(delivery_of(row) for row in rows)
        return tuple(found)

    def unconfirmed(
        self, biller: str, *, paid_from: datetime, paid_until: datetime
    ) -> tuple[Delivery, ...]:
        """Return deliveries paid in this half-open time that no report has agreed with."""
        chosen = select(deliveries).where(
            deliveries.c.biller == biller,
            deliveries.c.confirmed_at.is_(None),
            deliveries.c.paid_at >= paid_from,
            deliveries.c.paid_at < paid_until,
        )
        with self._store.reading() as connection:
            rows = connection.execute(chosen.order_by(deliveries.c.id)).mappings()
            return tuple(delivery_of(row) for row in rows)

    def page(
        self,
        *,
        limit: int,
        after: int = 0,
        biller: str | None = None,
        state: DeliveryState | None = None,
    ) -> tuple[Delivery, ...]:
        """Return at most `limit` deliveries with an id beyond `after`, by id."""
        chosen = select(deliveries).where(deliveries.c.id > after)
        if biller is not None:
            chosen = chosen.where(deliveries.c.biller == biller)
        if state is not None:
            chosen = chosen.where(deliveries.c.state == state)
        with self._store.reading() as connection:
            rows = connection.execute(chosen.order_by(deliveries.c.id).limit(limit)).mappings()
            return tuple(delivery_of(row) for row in rows)

    def events(self, delivery_id: int) -> tuple[DeliveryEvent, ...]:
        """Return everything that happened to a delivery, oldest first."""
        chosen = select(delivery_events).where(delivery_events.c.delivery_id == delivery_id)
        with self._store.reading() as connection:
            rows = connection.execute(chosen.order_by(delivery_events.c.id)).mappings()
            return tuple(
                DeliveryEvent(**{k: v for k, v in row.items() if k not in {"id", "delivery_id"}})
                for row in rows
            )


def parts_of(names: list[Any]) -> Iterator[list[Any]]:
    """Cut a list of names into as many as one statement takes."""
    for start in range(0, len(names), NAMES_PER_STATEMENT):
        yield names[start : start + NAMES_PER_STATEMENT]


def find_delivery(connection: Connection, key: DeliveryKey) -> Delivery | None:
    row = (
        connection.execute(
            select(deliveries).where(
                deliveries.c.biller == key.biller,
                deliveries.c.payment_guid == key.payment_guid,
                deliveries.c.invoice_number == key.invoice_number,
            )
        )
        .mappings()
        .first()
    )
    return None if row is None else delivery_of(row)


def add_event(connection: Connection, delivery_id: int, event: DeliveryEvent) -> None:
    connection.execute(insert(delivery_events), {"delivery_id": delivery_id, **vars(event)})


def delivery_of(row: RowMapping) -> Delivery:
    """Read a row; raises MalformedRowError where it holds what no payment can."""
    rest: dict[str, Any] = {k: v for k, v in row.items() if k not in _NOT_OF_DELIVERY}
    if not all(isinstance(rest[name], int) for name in ("attempts", "fence")):
        raise MalformedRowError("a row of the ledger is malformed: it needs whole numbers")
    try:
        payment = Payment(**{field: row[field] for field in _PAYMENT_FIELDS})
    except (BadInputError, TypeError, ValueError) as error:
        rule = error.rule if isinstance(error, BadInputError) else type(error).__name__
        raise MalformedRowError(f"a row of the ledger is no payment: {rule}") from None
    return Delivery(payment=payment, **rest)


def _accept(
    connection: Connection, payment: Payment, source: Source, now: datetime, correlation_id: str
) -> Accepted:
    known = find_delivery(connection, payment.key)
    if known is not None:
        if known.payment.fingerprint() != payment.fingerprint():
            raise _conflict(payment, known.payment)
        return Accepted(delivery=known, repeated=True)
    connection.execute(
        insert(deliveries).values(
            **{field: getattr(payment, field) for field in _PAYMENT_FIELDS},
            fingerprint=payment.fingerprint(),
            source=source,
            correlation_id=correlation_id,
            state=DeliveryState.ACCEPTED,
            attempts=0,
            accepted_at=now,
            next_at=now,
            fence=0,
            # What the report itself told needs no second telling.
            confirmed_at=now if source is Source.PAYMENT_REPORT else None,
            last_error="",
        )
    )
    delivery = find_delivery(connection, payment.key)
    if delivery is None:
        raise ConcurrentWriteError("the payment vanished while it was taken over")
    event = DeliveryEvent(
        at=now,
        from_state=None,
        to_state=DeliveryState.ACCEPTED,
        cause=Cause.TAKEN_OVER,
        detail=_TOLD_BY[source],
        attempt=0,
    )
    add_event(connection, delivery.id, event)
    return Accepted(delivery=delivery, repeated=False)


def _conflict(payment: Payment, known: Payment) -> ContentConflictError:
    return ContentConflictError(
        field="PaymentGUID",
        value=payment.payment_guid,
        rule="this payment on this invoice is known with other content "
        f"({differences(payment, known)})",
        remedy="Send a payment once, unchanged; another payment has another GUID",
    )
