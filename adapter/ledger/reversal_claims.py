"""Working on reversals: who may send one, and recording what came of it.

A reversal is known to Spectrum by its own id, so a repeat is harmless. What it must not do is to
move a balance by which a payment on the same invoice is being judged: they go one at a time.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from adapter.domain.ach_return import UNDER_WAY_STATES, Reversal, ReversalState, ReversalStep
from adapter.domain.delivery import HOLDING_STATES, Delivery
from adapter.errors import LeaseLostError
from adapter.ledger.deliveries import find_delivery
from adapter.ledger.exceptions import DETAIL_LENGTH_MAX, open_exception
from adapter.ledger.holding import reversal_is_under_way, wake_invoice
from adapter.ledger.reversals import present, reversal_of, settle
from adapter.ledger.schema import deliveries, exceptions
from adapter.ledger.store import ConcurrentWriteError, Store
from adapter.ledger.tables_reversals import reversals

# Another worker may take the row, or its invoice, a moment before us; never this often on end.
LOST_RACES_MAX = 100
# A reversal behind a payment is looked at no sooner than this, so that looking comes to an end.
HELD_BACK = timedelta(seconds=30)
_CLAIMABLE = (ReversalState.WAITING, *UNDER_WAY_STATES)


class ReversalClaims:
    """Claims due reversals and records what came of them; each method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owner = str(uuid.uuid4())

    def claim_due(
        self, biller: str, *, now: datetime, lease_seconds: float
    ) -> tuple[Reversal, Delivery | None] | None:
        """Lease the reversal of this biller that is due first, with the payment it is of.

        It waits while a payment on its invoice is being posted, is in doubt or pending.
        """
        lost_races = 0
        while True:
            try:
                with self._store.writing(biller) as connection:
                    due = _first_due(connection, biller, now)
                    if due is None:
                        return None
                    if not _hold_back(connection, due, now):
                        delivery = find_delivery(connection, due.ach_return.payment_key)
                        return self._lease(connection, due, now, lease_seconds), delivery
            except ConcurrentWriteError:
                lost_races += 1
                if lost_races == LOST_RACES_MAX:
                    raise

    def record(self, reversal: Reversal, step: ReversalStep, *, now: datetime) -> Reversal:
        """Write the state and its exception together, and end the lease."""
        is_reversed = step.to_state is ReversalState.REVERSED
        detail = step.detail[:DETAIL_LENGTH_MAX]
        values: dict[str, Any] = {
            "state": step.to_state,
            "next_at": step.next_at,
            "handed_over_at": step.handed_over_at,
            "lease_owner": None,
            "lease_until": None,
            "last_error": "" if is_reversed else detail,
        }
        if step.attempts is not None:
            values["attempts"] = step.attempts
        if is_reversed:
            values |= {"receipt_id": step.receipt_id, "reversed_at": now}
        ach_return = reversal.ach_return
        with self._store.writing(reversal.ach_return.biller) as connection:
            _change(connection, reversal, values)
            if step.exception is not None and not _is_told(connection, reversal, step):
                open_exception(
                    connection,
                    ach_return.biller,
                    step.exception,
                    detail,
                    now=now,
                    invoice_number=ach_return.invoice_number,
                    reference=ach_return.reversal_id,
                )
            if is_reversed:
                settle(connection, reversal, now, "the receipt was reversed after all")
            if step.to_state not in UNDER_WAY_STATES:
                wake_invoice(connection, ach_return.biller, ach_return.invoice_number, now)
            return present(connection, reversal)

    def postpone_due(self, biller: str, *, now: datetime, until: datetime, reason: str) -> int:
        """Let everything due wait, because a setting is wrong; no try is used up."""
        with self._store.writing(biller) as connection:
            return connection.execute(
                update(reversals)
                .where(
                    reversals.c.biller == biller,
                    reversals.c.next_at <= now,
                    reversals.c.state.in_(_CLAIMABLE),
                )
                .values(next_at=until, last_error=reason[:DETAIL_LENGTH_MAX])
            ).rowcount

    def next_due_at(self, billers: Iterable[str] | None = None) -> datetime | None:
        """Return when the next reversal has to be looked at, of some billers or of all."""
        chosen = select(func.min(reversals.c.next_at)).where(reversals.c.next_at.is_not(None))
        if billers is not None:
            chosen = chosen.where(reversals.c.biller.in_(list(billers)))
        with self._store.reading() as connection:
            due: datetime | None = connection.execute(chosen).scalar_one()
            return due

    def _lease(
        self, connection: Connection, due: Reversal, now: datetime, lease_seconds: float
    ) -> Reversal:
        until = now + timedelta(seconds=lease_seconds)
        claimed = connection.execute(
            update(reversals)
            .where(reversals.c.id == due.id, reversals.c.fence == due.fence)
            .values(
                state=ReversalState.SENDING,
                attempts=due.attempts + 1,
                sent_at=now,
                lease_owner=self._owner,
                lease_until=until,
                next_at=until,
                fence=due.fence + 1,
            )
        )
        if claimed.rowcount != 1:
            raise ConcurrentWriteError(f"reversal {due.id} was claimed by somebody else")
        return present(connection, due)


def _first_due(connection: Connection, biller: str, now: datetime) -> Reversal | None:
    chosen = (
        select(reversals)
        .where(
            reversals.c.biller == biller,
            reversals.c.next_at <= now,
            reversals.c.state.in_(_CLAIMABLE),
        )
        .order_by(reversals.c.next_at, reversals.c.id)
        .limit(1)
    )
    row = connection.execute(chosen).mappings().first()
    return None if row is None else reversal_of(row)


def _hold_back(connection: Connection, due: Reversal, now: datetime) -> bool:
    """Tell whether the invoice is busy; the reversal waits for it then."""
    ach_return = due.ach_return
    posting = connection.execute(
        select(deliveries.c.payment_guid, deliveries.c.state)
        .where(
            deliveries.c.biller == ach_return.biller,
            deliveries.c.invoice_number == ach_return.invoice_number,
            or_(
                deliveries.c.state.in_(tuple(HOLDING_STATES)),
                deliveries.c.lease_owner.is_not(None),
            ),
        )
        .limit(1)
    ).first()
    other = connection.execute(
        select(reversals.c.reject_guid)
        .where(
            reversal_is_under_way(ach_return.biller, ach_return.invoice_number),
            reversals.c.id != due.id,
        )
        .limit(1)
    ).first()
    if posting is not None:
        reason = f"waits for payment {posting.payment_guid}, which is {posting.state.value}"
    elif other is not None:
        reason = f"waits for reversal {other.reject_guid} on the same invoice"
    else:
        return False
    values = {"next_at": now + HELD_BACK, "last_error": reason}
    connection.execute(update(reversals).where(reversals.c.id == due.id).values(**values))
    return True


def _is_told(connection: Connection, reversal: Reversal, step: ReversalStep) -> bool:
    """Tell whether a person knows already that a file lies in the inbox, or settled that."""
    if step.handed_over_at is None:
        return False
    chosen = select(exceptions.c.id).where(
        exceptions.c.biller == reversal.ach_return.biller,
        exceptions.c.kind == step.exception,
        exceptions.c.reference == reversal.ach_return.reversal_id,
        exceptions.c.opened_at >= step.handed_over_at,
    )
    return connection.execute(chosen.limit(1)).first() is not None


def _change(connection: Connection, reversal: Reversal, values: dict[str, Any]) -> None:
    changed = connection.execute(
        update(reversals)
        .where(
            reversals.c.id == reversal.id,
            reversals.c.fence == reversal.fence,
            reversals.c.state == reversal.state,
        )
        .values(**values)
    )
    if changed.rowcount != 1:
        raise LeaseLostError(
            f"the lease on reversal {reversal.ach_return.reversal_id} has ended and somebody else "
            "has it"
        )
