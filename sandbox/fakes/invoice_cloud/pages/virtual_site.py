"""The Virtual Site (D5): anybody finds a bill by its number, sees it, and pays it once."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.chrome.form import Form, read_form
from sandbox.fakes.invoice_cloud.book import Bill, InvoiceCloudBook
from sandbox.fakes.invoice_cloud.pages.instrument_fields import test_bank_accounts, test_cards
from sandbox.fakes.invoice_cloud.pages.paying import new_form, take_payment
from sandbox.fakes.invoice_cloud.pages.visit import Visit
from sandbox.fakes.invoice_cloud.payers import CARD_FEE
from sandbox.fakes.invoice_cloud.rtdr import refresh_balance

SAMPLES_SHOWN = 5


def find_bill(visit: Visit) -> AnyResponse:
    """Show the search, and what it finds; a single bill is opened at once."""
    if "number" not in request.args:
        return _search(visit, Form(name="find"))
    form, typed = read_form(request.args, ("number",), name="find")
    number = typed["number"]
    if not number:
        form.refuse("number", "enter an account number or an invoice number")
        return _search(visit, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    found = _find(visit, number)
    if not found:
        form.refuse(
            "number", "no bill has this number", "Take it from the paper bill or the e-mail"
        )
        return _search(visit, form, status=HTTPStatus.NOT_FOUND)
    if len(found) == 1:
        return visit.go(_bill_path(visit, found[0].invoice.invoice_number))
    return _search(visit, form, found=found)


def show_bill(visit: Visit, number: str) -> AnyResponse:
    bill = visit.world.book(InvoiceCloudBook).bill(visit.biller.slug, number)
    return visit.nowhere() if bill is None else _bill(visit, bill, new_form(visit))


def pay_bill(visit: Visit, number: str) -> AnyResponse:
    bill = visit.world.book(InvoiceCloudBook).bill(visit.biller.slug, number)
    if bill is None:
        return visit.nowhere()
    visit.tell("", invoice_number=number)
    paid = take_payment(visit, (bill,))
    if isinstance(paid, Form):
        return _bill(visit, bill, paid, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return visit.go(f"site/{visit.biller.slug}/receipts/{paid.payment_guid}")


def show_receipt(visit: Visit, guid: str) -> AnyResponse:
    """Show a receipt to whoever has its address, which nobody can guess."""
    payment = visit.world.book(InvoiceCloudBook).payments.get(guid)
    if payment is None or payment.made.biller != visit.biller.slug or not payment.made.approved:
        return visit.nowhere()
    return visit.page("site_receipt", payment=payment)


def _search(
    visit: Visit, form: Form, *, found: list[Bill] | None = None, status: int = HTTPStatus.OK
) -> Response:
    bills = visit.world.book(InvoiceCloudBook).bills.values()
    own = [bill for bill in bills if bill.biller == visit.biller.slug and bill.balance > 0]
    return visit.page("site_find", status, form=form, found=found, samples=own[:SAMPLES_SHOWN])


def _bill(visit: Visit, bill: Bill, form: Form, *, status: int = HTTPStatus.OK) -> Response:
    """Show a bill as its file presented it, with the balance as it is now."""
    return visit.page(
        "site_bill",
        status,
        bill=refresh_balance(visit.world, bill),
        form=form,
        fee=CARD_FEE,
        cards=test_cards(),
        bank_accounts=test_bank_accounts(),
    )


def _find(visit: Visit, number: str) -> list[Bill]:
    bills = visit.world.book(InvoiceCloudBook).bills.values()
    return [
        bill
        for bill in bills
        if bill.biller == visit.biller.slug
        and number in {bill.invoice.invoice_number, bill.invoice.account_number}
    ]


def _bill_path(visit: Visit, number: str) -> str:
    return f"site/{visit.biller.slug}/bills/{number}"
