"""ACH returns: days after the payment, the payer's bank takes the money back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook, PaymentTakenBack
from sandbox.fakes.invoice_cloud.processor.book import (
    BatchKey,
    BatchType,
    PaymentReturned,
    ProcessorBook,
)
from sandbox.fakes.invoice_cloud.processor.calendar import add_banking_days, is_banking_day
from sandbox.fakes.invoice_cloud.processor.nacha import ReturnCode
from sandbox.fakes.invoice_cloud.processor.settlement import expect_settlement
from sandbox.fakes.invoice_cloud.server_time import SERVER_ZONE
from sandbox.world.billers import next_guid
from sandbox.world.world import World

LABEL = "ach_returns"
OPERATION = "AchReturn"
# The returns of a night are posted before the day's batches are settled (decision 0017).
POSTED_AT = time(5)


def expect_return(world: World, payment_guid: str, code: ReturnCode, processed_on: date) -> None:
    """Let the payer's bank return a payment on the banking day that its code says."""
    day = add_banking_days(processed_on, code.banking_days)
    moment = datetime.combine(day, POSTED_AT, SERVER_ZONE)
    world.clock.call_at(moment.astimezone(UTC), LABEL, lambda: _return(world, payment_guid, code))


def _return(world: World, payment_guid: str, code: ReturnCode) -> None:
    """Post a return: the bill is due again, and the day's ACH batch has a negative row."""
    book = world.book(ProcessorBook)
    payment = book.captured[payment_guid]
    today = world.clock.now().astimezone(SERVER_ZONE).date()
    day = today if is_banking_day(today) else add_banking_days(today, 1)
    biller = payment.made.biller
    expect_settlement(world, BatchKey(biller, BatchType.ACH, day))
    book.record(
        PaymentReturned(
            reject_guid=next_guid(world.chance(f"ach_return:{payment_guid}")),
            payment_guid=payment_guid,
            code=code.code,
            reason=code.reason,
            settles_on=day,
        )
    )
    world.book(InvoiceCloudBook).record(PaymentTakenBack(payment_guid=payment_guid))
    for share in payment.made.shares:
        number = share.invoice_number
        world.journal.event(
            target="invoice_cloud",
            operation=OPERATION,
            outcome=f"invoice {number}: {share.amount:.2f} returned, {code.code} {code.reason}",
            biller=biller,
            invoice_number=number,
            payment_guid=payment_guid,
        )
