"""AgentConnect's page (D5): an agent pays a customer's bills once, with the customer beside."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.chrome.form import Form
from sandbox.fakes.invoice_cloud.book import Bill, InvoiceCloudBook
from sandbox.fakes.invoice_cloud.pages.instrument_fields import (
    BANK,
    CARD,
    test_bank_accounts,
    test_cards,
)
from sandbox.fakes.invoice_cloud.pages.paying import new_form, take_payment, total_due
from sandbox.fakes.invoice_cloud.pages.visit import Visit
from sandbox.fakes.invoice_cloud.payers import CARD_FEE
from sandbox.fakes.invoice_cloud.rest.agent_connect import PageOpened, find_page
from sandbox.fakes.invoice_cloud.rtdr import refresh_balance


def show_bills(visit: Visit, secret: str) -> AnyResponse:
    opened = _open(visit, secret)
    if opened is None:
        return _expired(visit)
    return _bills(visit, opened, _refreshed(visit, opened), new_form(visit))


def pay_bills(visit: Visit, secret: str) -> AnyResponse:
    """Pay every bill of the page that is open, in one payment."""
    opened = _open(visit, secret)
    if opened is None:
        return _expired(visit)
    visit.tell("", biller=opened.biller, invoice_number=opened.invoice_numbers[0])
    paid = take_payment(visit, _bills_of(visit, opened), kinds=_kinds(opened))
    if isinstance(paid, Form):
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _bills(visit, opened, _refreshed(visit, opened), paid, status=status)
    return visit.go(f"agentconnect/{secret}/receipts/{paid.payment_guid}")


def show_receipt(visit: Visit, secret: str, guid: str) -> AnyResponse:
    opened = _open(visit, secret)
    payment = visit.world.book(InvoiceCloudBook).payments.get(guid)
    if opened is None:
        return _expired(visit)
    if payment is None or not payment.made.approved or payment.made.biller != opened.biller:
        return visit.nowhere()
    if payment.made.account_number != opened.account_number:
        return visit.nowhere()
    return visit.page("agent_receipt", payment=payment, opened=opened)


def _open(visit: Visit, secret: str) -> PageOpened | None:
    """Find the page of an address, and let the visit be its biller's."""
    opened = find_page(visit.world, secret)
    if opened is not None:
        visit.host = visit.world.biller(opened.biller)
        visit.css_url, visit.return_url = opened.css_url, opened.return_url
    return opened


def _expired(visit: Visit) -> Response:
    message = "this page has expired, or never was"
    return visit.refused(HTTPStatus.NOT_FOUND, message, "Choose Pay Now in your own system again")


def _bills_of(visit: Visit, opened: PageOpened) -> list[Bill]:
    bills = visit.world.book(InvoiceCloudBook).bills
    return [bills[opened.biller, number] for number in opened.invoice_numbers]


def _refreshed(visit: Visit, opened: PageOpened) -> list[Bill]:
    return [refresh_balance(visit.world, bill) for bill in _bills_of(visit, opened)]


def _kinds(opened: PageOpened) -> tuple[str, ...]:
    allowed = ((CARD, opened.takes_cards), (BANK, opened.takes_bank_accounts))
    return tuple(kind for kind, allows in allowed if allows)


def _bills(
    visit: Visit,
    opened: PageOpened,
    bills: list[Bill],
    form: Form,
    *,
    status: int = HTTPStatus.OK,
) -> Response:
    due = [bill for bill in bills if bill.balance > 0]
    return visit.page(
        "agent_bills",
        status,
        opened=opened,
        bills=bills,
        total=total_due(due),
        kinds=_kinds(opened),
        form=form,
        fee=CARD_FEE,
        cards=test_cards(),
        bank_accounts=test_bank_accounts(),
    )
