"""Paying what has fallen due: balance first, once, and what came of it in one phrase."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

from sandbox.fakes.invoice_cloud.customers.wallet import MethodStored
from sandbox.fakes.invoice_cloud.payers import PaymentOrder, PaymentRefusedError, pay
from sandbox.fakes.invoice_cloud.server_time import SERVER_ZONE
from sandbox.world.world import World

# What is planned for a day is paid then, by the server's clock (decision 0023).
PAID_AT = time(6)


def due_moment(on: date) -> datetime:
    """Return when a day's payments are made, in UTC."""
    return datetime.combine(on, PAID_AT, SERVER_ZONE).astimezone(UTC)


def today(world: World) -> date:
    """Return the server's day."""
    return world.clock.now().astimezone(SERVER_ZONE).date()


def pay_due(
    world: World,
    biller: str,
    invoice_number: str,
    method: MethodStored | None,
    amount: Decimal | None,
) -> tuple[bool, str]:
    """Pay a bill, no more than what is due; return whether money moved, and the phrase."""
    if method is None:
        return False, "the payment option was removed"
    order = PaymentOrder(
        biller=biller,
        invoice_number=invoice_number,
        instrument=method.instrument,
        amount=amount,
    )
    try:
        made = pay(world, order)
    except PaymentRefusedError as refused:
        return False, refused.message
    phrase = f"{made.amount:.2f} by {method.words}, {made.message.lower()}"
    return made.approved, phrase
