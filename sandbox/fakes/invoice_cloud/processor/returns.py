"""ACH returns: days after the payment, the payer's bank takes the money back.

The report of returns holds further rows too: notices that correct an account, answers between
banks, a return told twice. They move no money (decision 0033).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook, PaymentTakenBack
from sandbox.fakes.invoice_cloud.processor.book import (
    AchReject,
    BatchKey,
    BatchType,
    PaymentReturned,
    ProcessorBook,
)
from sandbox.fakes.invoice_cloud.processor.calendar import add_banking_days, is_banking_day
from sandbox.fakes.invoice_cloud.processor.nacha import ReturnCode
from sandbox.fakes.invoice_cloud.processor.settlement import SETTLES_AT, expect_settlement
from sandbox.fakes.invoice_cloud.server_time import SERVER_ZONE
from sandbox.world.billers import next_guid
from sandbox.world.world import World

LABEL = "ach_returns"
OPERATION = "AchReturn"
# The returns of a night are posted before the day's batches are settled (decision 0017).
POSTED_AT = time(5)
# What takes a payment back; C codes correct an account, R61 and its like pass between banks.
_TAKES_BACK = re.compile(r"R(?:0[1-9]|[12][0-9]|3[0-9]|5[0-3])")


class NotReturnableError(ValueError):
    """Only an ACH payment that was captured can stand in the report of returns."""


def expect_return(world: World, payment_guid: str, code: ReturnCode, processed_on: date) -> None:
    """Let the payer's bank return a payment on the banking day that its code says."""
    day = add_banking_days(processed_on, code.banking_days)
    moment = datetime.combine(day, POSTED_AT, SERVER_ZONE)

    def post() -> None:
        post_return(world, payment_guid, code=code.code, reason=code.reason)

    world.clock.call_at(moment.astimezone(UTC), LABEL, post)


def post_return(world: World, payment_guid: str, *, code: str, reason: str) -> AchReject:
    """Put a row into the report of returns now, under a GUID of its own.

    A payment goes back once: the bill is due again, and the ACH batch to come has a negative row.
    """
    book = world.book(ProcessorBook)
    payment = book.captured.get(payment_guid)
    if payment is None or BatchType(payment.made.method) is not BatchType.ACH:
        raise NotReturnableError(payment_guid)
    with book.locked():
        earlier = book.rejects_of(payment_guid)
        gone_before = any(reject.event.goes_back for reject in earlier)
        day = None
        if _TAKES_BACK.fullmatch(code) and not gone_before:
            day = _next_settlement(world)
            expect_settlement(world, BatchKey(payment.made.biller, BatchType.ACH, day))
        again = f":{len(earlier) + 1}" if earlier else ""
        returned = PaymentReturned(
            reject_guid=next_guid(world.chance(f"ach_return:{payment_guid}{again}")),
            payment_guid=payment_guid,
            code=code,
            reason=reason,
            settles_on=day,
        )
        book.record(returned)
    if returned.goes_back:
        world.book(InvoiceCloudBook).record(PaymentTakenBack(payment_guid=payment_guid))
    for share in payment.made.shares:
        number = share.invoice_number
        what = "returned" if returned.goes_back else "told of, and no money moves"
        world.journal.event(
            target="invoice_cloud",
            operation=OPERATION,
            outcome=f"invoice {number}: {share.amount:.2f} {what}, {code} {reason}",
            biller=payment.made.biller,
            invoice_number=number,
            payment_guid=payment_guid,
        )
    return book.rejects[returned.reject_guid]


def _next_settlement(world: World) -> date:
    """Return the server's day whose batch is still to settle."""
    now = world.clock.now().astimezone(SERVER_ZONE)
    today = now.date()
    in_time = is_banking_day(today) and now.time() < SETTLES_AT
    return today if in_time else add_banking_days(today, 1)
