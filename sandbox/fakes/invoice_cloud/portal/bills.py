"""Recent bills, each as its insurer presented it; paying one; and what became of a payment."""

from __future__ import annotations

from decimal import Decimal

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.chrome import money
from sandbox.fakes.chrome.form import Form, read_form
from sandbox.fakes.invoice_cloud.book import Bill, InvoiceCloudBook, Payment
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.payers import CARD_FEE, PaymentOrder, PaymentRefusedError, pay
from sandbox.fakes.invoice_cloud.portal.answers import lead_to
from sandbox.fakes.invoice_cloud.portal.asked import (
    SECRETS,
    read_amount,
    read_payment_option,
    stored_options,
)
from sandbox.fakes.invoice_cloud.portal.visit import Visit, form, signed_on
from sandbox.fakes.invoice_cloud.rtdr import refresh_balance

PAGE = "bills"
FIELDS = ("method", "method_guid", "amount", "shown")
PAYMENTS_SHOWN = 10

blueprint = Blueprint("bills", __name__)


@blueprint.get("/bills")
@signed_on
def show_bills(visit: Visit) -> AnyResponse:
    book = visit.world.book(InvoiceCloudBook)
    with book.locked():
        bills = [bill for bill in book.bills.values() if _is_own(visit, bill)]
        payments = [payment for payment in book.payments.values() if _shares(visit, payment)]
    newest = sorted(bills, key=lambda bill: int(bill.invoice.invoice_number), reverse=True)
    return visit.page(
        "bills",
        PAGE,
        bills=sorted(newest, key=lambda bill: bill.balance <= 0),
        payments=payments[::-1][:PAYMENTS_SHOWN],
    )


@blueprint.get("/bills/<number>")
@signed_on
def show_bill(visit: Visit, number: str) -> AnyResponse:
    """Show a bill as the invoice file carried it, and what is due on it now."""
    bill = _find_bill(visit, number)
    return _nothing(visit) if bill is None else visit.page("bill", PAGE, within=True, bill=bill)


@blueprint.get("/bills/<number>/pay")
@signed_on
def show_payment_form(visit: Visit, number: str) -> AnyResponse:
    """Ask the insurer what is due at this moment, and how it is to be paid."""
    bill = _find_bill(visit, number)
    if bill is None:
        return _nothing(visit)
    return _pay(visit, refresh_balance(visit.world, bill), Form(name="pay"))


@blueprint.post("/bills/<number>/pay")
@form
def pay_bill(visit: Visit, number: str) -> AnyResponse:
    bill = _find_bill(visit, number)
    if bill is None:
        return _nothing(visit)
    told, typed = read_form(request.form, FIELDS, name="pay", secret=SECRETS)
    amount = None
    try:
        # Nobody pays another amount than the one that the page showed.
        amount = read_amount(typed["amount"]) or read_amount(typed["shown"])
        order = PaymentOrder(
            biller=visit.biller.slug,
            invoice_number=number,
            instrument=read_payment_option(visit, typed),
            amount=amount,
        )
        made = pay(visit.world, order)
    except PortalRefusedError as refused:
        told.refuse(refused.field, refused.message, refused.remedy)
    except PaymentRefusedError:
        bill = _find_bill(visit, number) or bill
        _say_why(told, bill, amount)
    else:
        return lead_to(f"payments/{made.payment_guid}")
    return _pay(visit, bill, told, 422)


@blueprint.get("/payments/<guid>")
@signed_on
def show_payment(visit: Visit, guid: str) -> AnyResponse:
    """Show the receipt, or that the bank said no."""
    payment = visit.world.book(InvoiceCloudBook).payments.get(guid)
    if payment is None or not _shares(visit, payment):
        return _nothing(visit)
    return visit.page("payment", PAGE, within=True, payment=payment, made=payment.made)


def _say_why(told: Form, bill: Bill, amount: Decimal | None) -> None:
    """Say why a payment was refused, in a payer's words."""
    field = "amount" if bill.invoice.allow_partial else ""
    if bill.balance <= 0:
        told.refuse("", "nothing is due on this bill any more")
    elif amount is not None and amount > bill.balance:
        told.refuse(field, f"only {money(bill.balance)} is due", "Pay this, or less")
    else:
        told.refuse(field, f"{money(bill.balance)} is due now", "This bill is paid whole")


def _pay(visit: Visit, bill: Bill, told: Form, status: int = 200) -> AnyResponse:
    options = stored_options(visit)
    told.values.setdefault("method", "stored" if options else "card")
    return visit.page(
        "pay", PAGE, status, within=True, bill=bill, form=told, options=options, fee=CARD_FEE
    )


def _nothing(visit: Visit) -> AnyResponse:
    refused = PortalRefusedError(
        "this is none of your bills", remedy="Choose one of the list, or another of your accounts"
    )
    return visit.page("refused", PAGE, 404, refused=refused)


def _find_bill(visit: Visit, number: str) -> Bill | None:
    bill = visit.world.book(InvoiceCloudBook).bill(visit.biller.slug, number)
    return bill if bill is not None and _is_own(visit, bill) else None


def _is_own(visit: Visit, bill: Bill) -> bool:
    own = (visit.session.biller, visit.session.account_number)
    return (bill.biller, bill.invoice.account_number) == own


def _shares(visit: Visit, payment: Payment) -> bool:
    """Tell whether a payment paid something on the session's account."""
    numbers = {share.account_number for share in payment.made.shares}
    own = visit.session
    return payment.made.biller == own.biller and own.account_number in numbers
