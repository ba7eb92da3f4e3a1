"""Payments in a person's hands: sending one again, or recording a person's word on it.

Each is one transaction: the row, its event and the exceptions that it answers. The fence is
raised, so whoever had claimed the row records nothing any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select, update

from adapter.domain.delivery import Delivery, DeliveryEvent, DeliveryState, Step
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.payment import DeliveryKey
from adapter.domain.redrive import ANSWERED_KINDS, Word, judged_by_person, sent_again
from adapter.errors import BadInputError, NotFoundError
from adapter.ledger.deliveries import add_event, find_delivery
from adapter.ledger.exceptions import DETAIL_LENGTH_MAX, settle_exceptions
from adapter.ledger.holding import wake_invoice
from adapter.ledger.schema import deliveries, delivery_events
from adapter.ledger.store import ConcurrentWriteError, Store
from adapter.ledger.tables_reversals import reversals


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A payment that was not sent again, and why."""

    key: DeliveryKey
    reason: BadInputError


class RedriveBook:
    """What a person does to deliveries; the rules are those of `domain/redrive.py`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def retry(
        self, key: DeliveryKey, *, by: str, now: datetime, is_confirmed: bool = False
    ) -> Delivery:
        """Send a payment again, or have evidence looked for again where its outcome is unclear.

        Raises NotFoundError, and BadInputError with the reason where it must not be sent.
        """

        def step_of(connection: Connection, delivery: Delivery) -> Step:
            return sent_again(
                delivery,
                _last_event(connection, delivery),
                by=by,
                now=now,
                is_confirmed=is_confirmed,
                has_moved_since=_has_moved_since(connection, delivery),
            )

        return self._apply(key, step_of, now, f"{by} sent the payment again")

    def retry_all_dead(
        self, *, by: str, now: datetime, biller: str | None = None
    ) -> tuple[tuple[Delivery, ...], tuple[Refused, ...]]:
        """Send every dead payment again; return those that were, and those that must not be."""
        chosen = select(
            deliveries.c.biller, deliveries.c.payment_guid, deliveries.c.invoice_number
        ).where(deliveries.c.state == DeliveryState.DEAD)
        if biller is not None:
            chosen = chosen.where(deliveries.c.biller == biller)
        with self._store.reading() as connection:
            rows = connection.execute(chosen.order_by(deliveries.c.id)).mappings()
            keys = [DeliveryKey(**row) for row in rows]
        done: list[Delivery] = []
        refused: list[Refused] = []
        for key in keys:
            try:
                done.append(self.retry(key, by=by, now=now))
            except BadInputError as error:
                refused.append(Refused(key=key, reason=error))
        return tuple(done), tuple(refused)

    def resolve(
        self, key: DeliveryKey, word: Word, *, now: datetime, settle_seconds: float
    ) -> Delivery:
        """Record a person's word: applied for ever, or never applied and so posted again."""

        def step_of(_connection: Connection, delivery: Delivery) -> Step:
            return judged_by_person(delivery, word, now=now, settle_seconds=settle_seconds)

        return self._apply(key, step_of, now, f"{word.by}: {word.note}")

    def _apply(
        self,
        key: DeliveryKey,
        step_of: Callable[[Connection, Delivery], Step],
        now: datetime,
        resolution: str,
    ) -> Delivery:
        try:
            with self._store.writing(key.biller) as connection:
                delivery = find_delivery(connection, key)
                if delivery is None:
                    raise NotFoundError(
                        f"there is no payment {key.payment_guid} on invoice {key.invoice_number} "
                        f"of {key.biller}"
                    )
                step = step_of(connection, delivery)
                _move(connection, delivery, step, now)
                _answer(connection, key, now, resolution[:DETAIL_LENGTH_MAX])
                wake_invoice(connection, key.biller, key.invoice_number, now)
                moved = find_delivery(connection, key)
        except ConcurrentWriteError:
            raise BadInputError(
                field="state",
                value="changed",
                rule="the payment, or another one on its invoice, is on its way right now",
                remedy="Look at it with `adapter payments show`, and try again in a minute",
            ) from None
        if moved is None:
            raise NotFoundError(f"the payment {key.payment_guid} is gone")
        return moved


def _move(connection: Connection, delivery: Delivery, step: Step, now: datetime) -> None:
    values: dict[str, Any] = {
        "state": step.to_state,
        "next_at": step.next_at,
        "lease_owner": None,
        "lease_until": None,
        "fence": delivery.fence + 1,
        "receipt_id": step.receipt_id,
        "evidence": step.evidence,
        "last_error": "" if step.evidence else step.detail[:DETAIL_LENGTH_MAX],
    }
    if step.attempts is not None:
        values["attempts"] = step.attempts
    moved = connection.execute(
        update(deliveries)
        .where(
            deliveries.c.id == delivery.id,
            deliveries.c.fence == delivery.fence,
            deliveries.c.state == delivery.state,
        )
        .values(**values)
    )
    if moved.rowcount != 1:
        raise ConcurrentWriteError("somebody else has the payment by now")
    event = DeliveryEvent(
        at=now,
        from_state=delivery.state,
        to_state=step.to_state,
        cause=step.cause,
        detail=step.detail[:DETAIL_LENGTH_MAX],
        attempt=delivery.attempts,
    )
    add_event(connection, delivery.id, event)


def _answer(connection: Connection, key: DeliveryKey, now: datetime, resolution: str) -> None:
    """Close what the exceptions list asks about the payment's delivery, and nothing else."""
    for kind in ANSWERED_KINDS:
        settle_exceptions(
            connection,
            key.biller,
            kind,
            now=now,
            resolution=resolution,
            invoice_numbers={key.invoice_number},
            payment_guid=key.payment_guid,
        )
    settle_exceptions(
        connection,
        key.biller,
        ExceptionKind.SETTING_OVERDUE,
        now=now,
        resolution=resolution,
        reference=key.reference,
    )


def _last_event(connection: Connection, delivery: Delivery) -> DeliveryEvent:
    chosen = (
        select(delivery_events)
        .where(delivery_events.c.delivery_id == delivery.id)
        .order_by(delivery_events.c.id.desc())
        .limit(1)
    )
    row = connection.execute(chosen).mappings().one()
    return DeliveryEvent(**{k: v for k, v in row.items() if k not in {"id", "delivery_id"}})


def _has_moved_since(connection: Connection, delivery: Delivery) -> bool:
    """Tell whether others of ours may have moved the invoice's balance since the last post."""
    if delivery.sent_at is None:
        return False
    payment, since = delivery.payment, delivery.sent_at
    others = select(deliveries.c.id).where(
        deliveries.c.biller == payment.biller,
        deliveries.c.invoice_number == payment.invoice_number,
        deliveries.c.id != delivery.id,
        deliveries.c.sent_at >= since,
    )
    returned = select(reversals.c.id).where(
        reversals.c.biller == payment.biller,
        reversals.c.invoice_number == payment.invoice_number,
        or_(reversals.c.sent_at >= since, reversals.c.reversed_at >= since),
    )
    return any(
        connection.execute(question.limit(1)).first() is not None
        for question in (others, returned)
    )
