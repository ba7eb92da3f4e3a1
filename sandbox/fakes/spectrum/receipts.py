"""OnlineReceipt (A3, A4): what is posted, and the three outcomes of a well-formed post."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sandbox.fakes.spectrum.book import CENT, Invoice, ReceiptApplied, SpectrumBook, money_text
from sandbox.fakes.spectrum.errors import invalid
from sandbox.world.billers import Biller
from sandbox.world.world import World

DEFAULT_PAYMENT_TYPE = "CreditCard"
LATE_LABEL = "late_receipt"


class Outcome(Enum):
    """How Spectrum answers a receipt; an error, (d), is an answer of its own."""

    APPLIED = "a"  # the original JSON and receiptID
    PENDING = "b"  # the original JSON and a message
    NOT_APPLIED = "c"  # success without data


@dataclass(frozen=True, kw_only=True)
class ReceiptOrder:
    """A receipt as it was posted; money in dollars, `date_paid` as it was written."""

    invoice_number: str
    policy_number: str
    full_name: str
    date_paid: str
    reference_number: str
    amount: Decimal
    fee: Decimal
    transaction_id: str
    transaction_message: str
    payment_type: str
    approved: bool
    online_vendor: str


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What Spectrum did with a receipt: `receipt_id` of the one that stands, `reason` if none."""

    outcome: Outcome
    receipt_id: str = ""
    reason: str = ""

    def phrase(self, order: ReceiptOrder) -> str:
        """Say for the journal what was done."""
        match self.outcome:
            case Outcome.APPLIED:
                return f"receipt {self.receipt_id} for {money_text(order.amount)} applied"
            case Outcome.PENDING:
                return f"repeats receipt {self.receipt_id}: okay, without its number"
            case Outcome.NOT_APPLIED:
                return f"not applied: {self.reason}"


def read_order(document: Mapping[str, Any]) -> ReceiptOrder:
    """Read a document that the schema accepts; refuse what no schema can see."""
    order = ReceiptOrder(
        invoice_number=_whole_number(document["invoiceNumber"]),
        policy_number=_whole_number(document["policyNumber"]),
        full_name=document.get("fullName") or "",
        date_paid=document["datePaid"],
        reference_number=document["referenceNumber"],
        amount=Decimal(document["amount"]),
        fee=Decimal(document.get("fee", 0)),
        transaction_id=document.get("transactionID") or "",
        transaction_message=document.get("transactionMessage") or "",
        payment_type=document.get("paymentType", DEFAULT_PAYMENT_TYPE),
        approved=document["approved"] in {True, "True", "true"},
        online_vendor=document["onlineVendor"],
    )
    _check(order)
    return order


def judge(book: SpectrumBook, biller: Biller, invoice: Invoice, order: ReceiptOrder) -> Judgement:
    """Apply the order to the invoice, unless it was applied before or must not be."""
    with book.locked():
        if order.policy_number != invoice.policy.policy_number:
            reason = f"policy {order.policy_number} is not that of invoice {invoice.number}"
            return Judgement(outcome=Outcome.NOT_APPLIED, reason=reason)
        if not order.approved:
            return Judgement(outcome=Outcome.NOT_APPLIED, reason="the payment is not approved")
        earlier = book.find_receipts(order.reference_number, invoice.number)
        if earlier and book.world.behaviours.spectrum_deduplicates:
            return Judgement(outcome=Outcome.PENDING, receipt_id=earlier[0].id)
        applied = _applied(
            order,
            biller,
            book.next_receipt_id(),
            unapplied=book.world.behaviours.spectrum_unapplied_cash,
        )
        book.record(applied)
        return Judgement(outcome=Outcome.APPLIED, receipt_id=applied.receipt_id)


def apply_later(world: World, biller: Biller, order: ReceiptOrder, *, seconds: int) -> None:
    """Judge an order when its caller has long given up; what comes of it is an event."""

    def act() -> None:
        book = world.book(SpectrumBook)
        invoice = book.invoice_of(biller, order.invoice_number)
        told = "not applied: there is no such invoice"
        if invoice is not None:
            told = judge(book, biller, invoice, order).phrase(order)
        world.journal.event(
            target="spectrum",
            operation="OnlineReceipt",
            outcome=f"{told}, {seconds} s late",
            biller=biller.slug,
            invoice_number=order.invoice_number,
            payment_guid=order.reference_number,
        )

    world.clock.call_in(seconds, LATE_LABEL, act)


def _applied(
    order: ReceiptOrder, biller: Biller, receipt_id: str, *, unapplied: bool
) -> ReceiptApplied:
    return ReceiptApplied(
        receipt_id=receipt_id,
        biller=biller.slug,
        invoice_number=order.invoice_number,
        policy_number=order.policy_number,
        reference_number=order.reference_number,
        amount=order.amount.quantize(CENT),
        fee=order.fee.quantize(CENT),
        full_name=order.full_name,
        date_paid=order.date_paid,
        transaction_id=order.transaction_id,
        transaction_message=order.transaction_message,
        payment_type=order.payment_type,
        online_vendor=order.online_vendor,
        unapplied=unapplied,
    )


def _check(order: ReceiptOrder) -> None:
    errors = {
        name: ["The value is not in whole cents."]
        for name, money in (("amount", order.amount), ("fee", order.fee))
        if money != money.quantize(CENT)
    }
    try:
        datetime.fromisoformat(order.date_paid)
    except ValueError:
        errors["datePaid"] = ["The value is not a date of the calendar."]
    if errors:
        raise invalid(errors)


def _whole_number(value: str | Decimal) -> str:
    """Return an integer's digits; the schema lets 30254, 30254.0 and "30254" mean the same."""
    return str(int(value))
