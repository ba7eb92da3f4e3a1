"""AutoPay: each open bill of an enrolled account is collected on its day (D4, decision 0023)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sandbox.fakes.invoice_cloud.book import Bill, InvoiceCloudBook
from sandbox.fakes.invoice_cloud.customers.book import CustomersBook, EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.due import due_moment, pay_due, today
from sandbox.fakes.invoice_cloud.customers.wallet import AutoPayPlanned, WalletBook
from sandbox.faults.effects import FaultStruck
from sandbox.world.world import World

LABEL = "autopay"
OPERATION = "AutoPay"
# After a technical failure, once more the same day; then only on the next AutoPay date.
RETRY_HOURS = 6


def plan_account(world: World, biller: str, account_number: str) -> None:
    """Plan the collection of every open bill of an account that has just been enrolled."""
    for bill in world.book(InvoiceCloudBook).bills.values():
        if (bill.biller, bill.invoice.account_number) == (biller, account_number):
            plan_bill(world, bill)


def plan_bill(world: World, bill: Bill) -> None:
    """Plan the collection of a bill, if its account is on AutoPay; once for each AutoPay date.

    A date that has passed means tomorrow. A payment that was returned is not collected again.
    """
    if bill.balance <= 0 or not _settings(world, bill):
        return
    planned = AutoPayPlanned(
        biller=bill.biller,
        invoice_number=bill.invoice.invoice_number,
        autopay_date=_collection_date(bill),
        on=max(_collection_date(bill), today(world) + timedelta(days=1)),
    )
    book = world.book(WalletBook)
    with book.locked():
        if (planned.biller, planned.invoice_number, planned.autopay_date) in book.autopay_dates:
            return
        book.record(planned)
    world.clock.call_at(due_moment(planned.on), LABEL, lambda: _collect(world, planned, tries=2))


def _collect(world: World, planned: AutoPayPlanned, *, tries: int) -> None:
    """Collect what is due, if the account is still enrolled and the date still stands."""
    bill = world.book(InvoiceCloudBook).bills[planned.biller, planned.invoice_number]
    settings = _settings(world, bill)
    if not settings or bill.balance <= 0 or _collection_date(bill) > planned.on:
        return
    facts = {"biller": planned.biller, "invoice_number": planned.invoice_number}
    try:
        world.faults.strike("invoice_cloud", OPERATION, "before", facts)
    except FaultStruck as struck:
        again = tries > 1
        when = f"again in {RETRY_HOURS} hours" if again else "not before the next AutoPay date"
        _tell(world, planned, f"technical failure ({type(struck).__name__}); {when}")
        if again:
            seconds = RETRY_HOURS * 3600
            world.clock.call_in(seconds, LABEL, lambda: _collect(world, planned, tries=tries - 1))
        return
    method = world.book(WalletBook).methods.get(settings[0])
    paid, outcome = pay_due(world, planned.biller, planned.invoice_number, method, None)
    _tell(world, planned, outcome if paid else f"not paid: {outcome}")


def _settings(world: World, bill: Bill) -> list[str]:
    """Return the payment options that the account's AutoPay stands on, the oldest first."""
    standing = world.book(CustomersBook).standing(
        bill.biller, bill.invoice.account_number, EnrollmentKind.AUTOPAY
    )
    return [setting.method_guid for setting in standing.values()]


def _collection_date(bill: Bill) -> date:
    """Return the file's AutoPayCollectionDate, or the due date where it has none."""
    text = bill.invoice.autopay_date or bill.invoice.due_date
    return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007  # a day has no zone


def _tell(world: World, planned: AutoPayPlanned, outcome: str) -> None:
    world.journal.event(
        target="invoice_cloud",
        operation=OPERATION,
        outcome=f"invoice {planned.invoice_number}: {outcome}",
        biller=planned.biller,
        invoice_number=planned.invoice_number,
    )
