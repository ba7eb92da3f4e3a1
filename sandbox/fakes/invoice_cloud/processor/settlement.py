"""Settlement: the payments of a day close, and some banking days later the biller is paid."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sandbox.fakes.invoice_cloud.book import PaymentMade
from sandbox.fakes.invoice_cloud.processor.book import (
    BatchKey,
    BatchOpened,
    BatchSettled,
    BatchType,
    PaymentCaptured,
    ProcessorBook,
    TransactionType,
)
from sandbox.fakes.invoice_cloud.processor.calendar import add_banking_days
from sandbox.fakes.invoice_cloud.server_time import SERVER_ZONE
from sandbox.world.world import World

LABEL = "settlement"
OPERATION = "Settlement"
# Both by the server's clock (decision 0017).
CLOSES_AT = time(20)
SETTLES_AT = time(6)
BANKING_DAYS = {BatchType.CREDIT_CARD: 1, BatchType.ACH: 2}
_SHORT = {BatchType.CREDIT_CARD: "CC", BatchType.ACH: "ACH"}


def processing_day(moment: datetime) -> date:
    """Return the server's day on which a payment is processed: after the close, the next one."""
    local = moment.astimezone(SERVER_ZONE)
    late = local.time() >= CLOSES_AT
    return local.date() + timedelta(days=1) if late else local.date()


def capture(world: World, made: PaymentMade) -> date:
    """Put an approved payment into the batch that it will settle in; return its day."""
    now = world.clock.now()
    batch_type, day = BatchType(made.method), processing_day(now)
    settles_on = add_banking_days(day, BANKING_DAYS[batch_type])
    expect_settlement(world, BatchKey(made.biller, batch_type, settles_on))
    world.book(ProcessorBook).record(
        PaymentCaptured(made=made, made_at=now, settles_on=settles_on)
    )
    return day


def expect_settlement(world: World, key: BatchKey) -> None:
    """Have a batch settled on its day; called before its first row is recorded."""
    book = world.book(ProcessorBook)
    with book.locked():
        if key in book.open_batches:
            return
        book.record(BatchOpened(key=key))
    moment = datetime.combine(key.settles_on, SETTLES_AT, SERVER_ZONE)
    world.clock.call_at(moment.astimezone(UTC), LABEL, lambda: _settle(world, key))


def _settle(world: World, key: BatchKey) -> None:
    book = world.book(ProcessorBook)
    number = world.biller(key.biller).number
    batch_id = f"{number}-{_SHORT[key.batch_type]}-{key.settles_on:%Y%m%d}"
    deposit = world.chance(f"deposit:{batch_id}").randrange(10**8, 10**9)
    with book.locked():
        batch = BatchSettled(
            biller=key.biller,
            batch_id=batch_id,
            batch_type=key.batch_type,
            settled_on=key.settles_on,
            deposit_reference=f"DEP{deposit}",
            entries=tuple(book.open_batches[key]),
        )
        book.record(batch)
    returns = sum(entry.transaction is TransactionType.RETURN for entry in batch.entries)
    payments = len(batch.entries) - returns
    world.journal.event(
        target="invoice_cloud",
        operation=OPERATION,
        outcome=(
            f"batch {batch_id}: payments {payments}, returns {returns},"
            f" {batch.total:,.2f} in all, deposit {batch.deposit_reference}"
        ),
        biller=key.biller,
    )
