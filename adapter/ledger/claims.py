"""Working on deliveries: who may touch a row, and recording what came of it.

A claim leases a row and raises its fence. Whatever is recorded names that fence, so a holder
whose row was claimed again since can record nothing. While a row is leased, `next_at` is the
lease's end: a row that nobody came back to is due again by itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from adapter.domain.delivery import (
    HOLDING_STATES,
    TRANSITIONS,
    Cause,
    Delivery,
    DeliveryEvent,
    DeliveryState,
    Step,
)
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.money import money_text
from adapter.errors import LeaseLostError, MalformedRowError
from adapter.ledger.deliveries import add_event, delivery_of
from adapter.ledger.exceptions import (
    DETAIL_LENGTH_MAX,
    open_exception,
    settle_exceptions,
    was_opened,
)
from adapter.ledger.holding import POSTABLE_STATES, hold_back, wake_invoice
from adapter.ledger.malformed import due_delivery_of, read_or_set_aside, set_aside
from adapter.ledger.pace import take_turn
from adapter.ledger.schema import deliveries
from adapter.ledger.store import ConcurrentWriteError, Store

# Another worker may take the row, or its invoice, a moment before us; never this often on end.
LOST_RACES_MAX = 100
# The order of index `deliveries_due`.
_DUE_ORDER = (deliveries.c.next_at, deliveries.c.id)
_CLAIMABLE = (*POSTABLE_STATES, DeliveryState.IN_DOUBT, DeliveryState.PENDING)
# Statements of every delivery are built once: building one costs more than running it.
_FIRST_DUE = (
    select(deliveries)
    .where(
        deliveries.c.biller == bindparam("biller"),
        deliveries.c.next_at <= bindparam("now"),
        deliveries.c.state != DeliveryState.SENDING,  # so that an unreadable one is found too
    )
    .order_by(*_DUE_ORDER)
    .limit(1)
)
# A row that is still as its holder knows it; what is set, the parameters say.
_HELD = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("held_id"),
        deliveries.c.fence == bindparam("held_fence"),
        deliveries.c.state == bindparam("held_state"),
    )
    .returning(*deliveries.c)
)
Values = dict[str, Any]


class ClaimBook:
    """Claims due deliveries and records steps; every method is one transaction, none calls out."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owner = str(uuid.uuid4())

    def claim_due(
        self,
        biller: str,
        *,
        now: datetime,
        lease_seconds: float,
        posts_per_minute: int | None = None,
    ) -> Delivery | None:
        """Lease the delivery of this biller that is due first, or return None.

        A payment waits while another one on its invoice is on its way, in doubt or pending, and
        while an exception about a payment is open on its invoice (decision 0009).
        """
        lost_races = 0
        while True:
            try:
                with self._store.writing(biller) as connection:
                    due = _first_due(connection, biller, now)
                    if due is None:
                        return None
                    # One that is held back is put off, so the next look finds another.
                    if due.state in POSTABLE_STATES and hold_back(connection, due, now):
                        continue
                    if (
                        due.state in POSTABLE_STATES
                        and posts_per_minute is not None
                        and not take_turn(connection, biller, now, posts_per_minute)
                    ):
                        continue
                    return self._lease(connection, due, now, lease_seconds)
            except ConcurrentWriteError:
                lost_races += 1
                if lost_races == LOST_RACES_MAX:
                    raise

    def begin_sending(
        self,
        delivery: Delivery,
        *,
        balance_before: Decimal,
        now: datetime,
        lease_seconds: float,
    ) -> Delivery:
        """Commit that the request is about to leave and the balance just before; renew the lease.

        From here on, whatever happens, the delivery is never posted again without evidence.
        """
        until = now + timedelta(seconds=lease_seconds)
        attempt = delivery.attempts + 1
        step = Step(
            to_state=DeliveryState.SENDING,
            cause=Cause.SENT,
            detail=f"balance {money_text(balance_before)}; posting the receipt, try {attempt}",
            attempts=attempt,
        )
        values = {
            "state": step.to_state,
            "attempts": attempt,
            "sent_at": now,
            "balance_before": balance_before,
            "lease_until": until,
            "next_at": until,
        }
        with self._store.writing() as connection:
            changed = _change(connection, delivery, values)
            _tell(connection, delivery, step, now)
            return changed

    def record(self, delivery: Delivery, step: Step, *, now: datetime) -> Delivery:
        """Write the state, its event and its exception together, and end the lease."""
        if step.to_state not in TRANSITIONS.get(delivery.state, frozenset()):
            raise ValueError(f"{delivery.state} is never followed by {step.to_state}")
        values: Values = {
            "state": step.to_state,
            "next_at": step.next_at,
            "lease_owner": None,
            "lease_until": None,
            "receipt_id": step.receipt_id,
            "evidence": step.evidence,
            "last_error": "" if step.evidence else step.detail[:DETAIL_LENGTH_MAX],
        }
        if step.attempts is not None:
            values["attempts"] = step.attempts
        if delivery.state is DeliveryState.SENDING and step.to_state in HOLDING_STATES:
            values["sent_at"] = now  # until now the request may have been under way
        with self._store.writing(delivery.payment.biller) as connection:
            changed = _change(connection, delivery, values)
            _tell(connection, delivery, step, now)
            if step.exception is not None:
                _open(connection, delivery, step.exception, step.detail, now)
            if step.to_state not in HOLDING_STATES:
                _let_go(connection, delivery, now)
            return changed

    def put_off(
        self,
        delivery: Delivery,
        *,
        until: datetime,
        reason: str,
        now: datetime,
        overdue: bool = False,
    ) -> Delivery:
        """End the lease without a step: nothing was learned. Overdue evidence is an exception."""
        values = {
            "next_at": until,
            "lease_owner": None,
            "lease_until": None,
            "last_error": reason[:DETAIL_LENGTH_MAX],
        }
        kind = ExceptionKind.EVIDENCE_OVERDUE
        with self._store.writing(delivery.payment.biller) as connection:
            changed = _change(connection, delivery, values)
            since = delivery.sent_at or now
            if overdue and not was_opened(connection, delivery.payment.key, kind, since):
                _open(connection, delivery, kind, reason, now)
            return changed

    def expire_leases(self, biller: str, *, now: datetime, settle_seconds: float) -> int:
        """Put every delivery in doubt whose sender recorded nothing within its lease.

        Nobody asks whether the sender still lives: raising the fence is enough.
        """
        chosen = (
            select(deliveries.c.id)
            .where(
                deliveries.c.biller == biller,
                deliveries.c.next_at <= now,
                deliveries.c.state == DeliveryState.SENDING,
            )
            .order_by(*_DUE_ORDER)
        )
        with self._store.writing(biller) as connection:
            found = [
                read_or_set_aside(connection, expired_id, now)
                for expired_id in connection.execute(chosen).scalars().all()
            ]
            expired = [delivery for delivery in found if delivery is not None]
            for delivery in expired:
                look_at = now + timedelta(seconds=settle_seconds)
                step = Step(
                    to_state=DeliveryState.IN_DOUBT,
                    cause=Cause.LEASE_EXPIRED,
                    detail="answer lost after sending: whoever sent it recorded nothing within "
                    f"its lease; evidence is looked for at {look_at:%Y-%m-%dT%H:%M:%SZ}",
                )
                values = {
                    "state": step.to_state,
                    "next_at": look_at,
                    "sent_at": now,
                    "lease_owner": None,
                    "lease_until": None,
                    "fence": delivery.fence + 1,
                    "last_error": step.detail,
                }
                _change(connection, delivery, values)
                _tell(connection, delivery, step, now)
        return len(expired)

    def postpone_due(self, biller: str, *, now: datetime, until: datetime, reason: str) -> int:
        """Let everything due wait, because a setting is wrong; no try is used up."""
        with self._store.writing(biller) as connection:
            return connection.execute(
                update(deliveries)
                .where(
                    deliveries.c.biller == biller,
                    deliveries.c.next_at <= now,
                    deliveries.c.state.in_(_CLAIMABLE),
                )
                .values(next_at=until, last_error=reason[:DETAIL_LENGTH_MAX])
            ).rowcount

    def are_several_due(self, biller: str, *, now: datetime) -> bool:
        """Tell whether more than one delivery of a biller is due."""
        due = (
            select(deliveries.c.id)
            .where(deliveries.c.biller == biller, deliveries.c.next_at <= now)
            .limit(2)
        )
        with self._store.reading() as connection:
            return len(connection.execute(due).all()) > 1

    def next_due_at(self, billers: Iterable[str] | None = None) -> datetime | None:
        """Return when the next delivery has to be looked at, of some billers or of all."""
        chosen = select(func.min(deliveries.c.next_at)).where(deliveries.c.next_at.is_not(None))
        with self._store.reading() as connection:
            if billers is None:
                questions = [chosen]
            else:
                questions = [chosen.where(deliveries.c.biller == biller) for biller in billers]
            moments = [connection.execute(question).scalar_one() for question in questions]
        return min((moment for moment in moments if moment is not None), default=None)

    def _lease(
        self, connection: Connection, due: Delivery, now: datetime, lease_seconds: float
    ) -> Delivery:
        until = now + timedelta(seconds=lease_seconds)
        values = {
            "lease_owner": self._owner,
            "lease_until": until,
            "next_at": until,
            "fence": due.fence + 1,
        }
        claimed = _update(connection, _HELD, due, values)
        if claimed is None:
            raise ConcurrentWriteError("another worker has claimed the delivery")
        return claimed


def _first_due(connection: Connection, biller: str, now: datetime) -> Delivery | None:
    """Return what is due first and can be read; whatever cannot is set aside on the way."""
    asked = {"biller": biller, "now": now}
    while True:
        try:
            row = connection.execute(_FIRST_DUE, asked).mappings().first()
            return None if row is None else due_delivery_of(row)
        except MalformedRowError as error:
            chosen = _FIRST_DUE.with_only_columns(deliveries.c.id)
            set_aside(connection, connection.execute(chosen, asked).scalar_one(), str(error), now)


def _change(connection: Connection, delivery: Delivery, values: Values) -> Delivery:
    """Update a row if it is still as its holder knows it, and return what it is now."""
    changed = _update(connection, _HELD, delivery, values)
    if changed is None:
        raise LeaseLostError(
            f"the lease on payment {delivery.payment.payment_guid}, invoice "
            f"{delivery.payment.invoice_number}, has ended and somebody else has it"
        )
    return changed


def _update(
    connection: Connection, statement: ReturningUpdate[Any], delivery: Delivery, values: Values
) -> Delivery | None:
    """Update a row, or none, and return it; whatever `values` names is set."""
    held = {
        "held_id": delivery.id,
        "held_fence": delivery.fence,
        "held_state": delivery.state,
    }
    row = connection.execute(statement, {**values, **held}).mappings().first()
    return None if row is None else delivery_of(row)


def _tell(connection: Connection, delivery: Delivery, step: Step, now: datetime) -> None:
    event = DeliveryEvent(
        at=now,
        from_state=delivery.state,
        to_state=step.to_state,
        cause=step.cause,
        detail=step.detail[:DETAIL_LENGTH_MAX],
        attempt=delivery.attempts if step.attempts is None else step.attempts,
    )
    add_event(connection, delivery.id, event)


def _open(
    connection: Connection, delivery: Delivery, kind: ExceptionKind, detail: str, now: datetime
) -> None:
    open_exception(
        connection,
        delivery.payment.biller,
        kind,
        detail,
        now=now,
        payment_guid=delivery.payment.payment_guid,
        invoice_number=delivery.payment.invoice_number,
    )


def _let_go(connection: Connection, delivery: Delivery, now: datetime) -> None:
    """Release what waited for this delivery."""
    payment = delivery.payment
    settle_exceptions(
        connection,
        payment.biller,
        ExceptionKind.EVIDENCE_OVERDUE,
        now=now,
        resolution="the evidence came after all",
        invoice_numbers={payment.invoice_number},
        payment_guid=payment.payment_guid,
    )
    wake_invoice(connection, payment.biller, payment.invoice_number, now)
