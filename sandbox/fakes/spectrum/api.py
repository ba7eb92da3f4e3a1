"""Spectrum's wire (A1 to A4, decision 0001): every path, its method, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Request, Response, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.routing import Rule

from sandbox.fakes.spectrum.book import SpectrumBook, money_text
from sandbox.fakes.spectrum.call import PARTNER, Call, empty, open_body, shown_request
from sandbox.fakes.spectrum.errors import (
    RefusedError,
    bad_credentials,
    invalid,
    method_not_allowed,
    no_such_path,
    not_found,
)
from sandbox.fakes.spectrum.extract import Extract, extract_invoices, extract_receipts
from sandbox.fakes.spectrum.receipts import (
    Judgement,
    Outcome,
    apply_later,
    judge,
    read_order,
)
from sandbox.fakes.spectrum.reversals import read_reversal, take_reversal
from sandbox.fakes.spectrum.tokens import TokenBook, find_credentials
from sandbox.faults.effects import ActionDelayed
from sandbox.world.billers import Biller
from sandbox.world.binding import caller, world_in
from sandbox.world.world import World

# A4's own words for outcome (b).
CORRELATION_LENGTH_MAX = 64
PENDING_MESSAGE = "Receipt Can Be Obtained By Scheduled Service or maybe already was"

blueprint = Blueprint("spectrum", __name__)


def issue_token(call: Call) -> Response:
    """A1: three matching values for a signed token."""
    found = find_credentials(call.world, call.read_body("TokenRequest"))
    facts = {"biller": found[0].slug if found else ""}
    call.strike("before", facts)
    if found is None:
        raise bad_credentials()
    biller, credentials = found
    call.entry.tags["biller"] = biller.slug
    token = call.world.book(TokenBook).issue(biller, credentials)
    call.entry.outcome = f"a token for {biller.name}"
    call.strike("after", facts)
    attributes = {"token": token}
    return call.answer(
        {"data": {"id": credentials.user_id, "type": "jwtToken", "attributes": attributes}}
    )


def tell_balance(call: Call) -> Response:
    """A2: what is due on an invoice, with four decimals."""
    biller = call.authenticate()
    number = call.read_query()["invoiceNumber"]
    call.entry.tags["invoice_number"] = number
    facts = {"biller": biller.slug, "invoice_number": number}
    call.strike("before", facts)
    book = call.world.book(SpectrumBook)
    invoice = book.invoice_of(biller, number)
    if invoice is None:
        raise not_found(f"There is no invoice {number}.")
    lag_minutes = call.world.behaviours.spectrum_balance_lag_minutes
    if lag_minutes:
        then = call.world.clock.now() - timedelta(minutes=lag_minutes)
        invoice = book.invoice_at(number, then)
    call.entry.outcome = f"{money_text(invoice.balance)} is due"
    if lag_minutes:
        call.entry.outcome += f", as of {lag_minutes} min ago"
    call.strike("after", facts)
    attributes = {"balanceDue": f"{invoice.balance:.4f}"}
    return call.answer({"data": {"id": number, "type": "invoiceNumber", "attributes": attributes}})


def receive_receipt(call: Call) -> Response:
    """A3: a payment to apply, with one of A4's outcomes."""
    biller = call.authenticate()
    order = read_order(call.read_body("OnlineReceipt"))
    facts = {
        "biller": biller.slug,
        "invoice_number": order.invoice_number,
        "reference_number": order.reference_number,
    }
    call.entry.tags["invoice_number"] = order.invoice_number
    call.entry.tags["payment_guid"] = order.reference_number
    book = call.world.book(SpectrumBook)
    try:
        call.strike("before", facts)
    except ActionDelayed as delayed:
        apply_later(call.world, biller, order, seconds=delayed.seconds)
        raise
    invoice = book.invoice_of(biller, order.invoice_number)
    if invoice is None:
        raise not_found(f"There is no invoice {order.invoice_number}.")
    judgement = judge(book, biller, invoice, order)
    call.entry.outcome = judgement.phrase(order)
    call.strike("after", facts)
    return _answer_receipt(call, judgement)


def tell_invoices(call: Call) -> Response:
    """Decision 0001: invoices changed at or after a moment."""
    return _answer_extract(call, "invoices", extract_invoices)


def tell_receipts(call: Call) -> Response:
    """Decision 0001: receipts applied at or after a moment, where the biller has this feed."""
    return _answer_extract(call, "receipts", extract_receipts)


def receive_reversal(call: Call) -> Response:
    """Decision 0018: a receipt to take back; the same reversal again changes nothing."""
    biller = call.authenticate()
    order = read_reversal(call.read_body("Reversal"))
    call.entry.tags["invoice_number"] = order.invoice_number
    call.entry.tags["payment_guid"] = order.reference_number
    facts = {
        "biller": biller.slug,
        "invoice_number": order.invoice_number,
        "reference_number": order.reference_number,
    }
    call.strike("before", facts)
    taken = take_reversal(call.world.book(SpectrumBook), biller, order)
    amount = money_text(order.amount)
    call.entry.outcome = (
        f"repeats the reversal of receipt {taken.receipt.id}"
        if taken.repeated
        else f"receipt {taken.receipt.id} for {amount} reversed ({order.reason_code})"
    )
    call.strike("after", facts)
    response = call.answer(taken.document())
    response.status_code = 200 if taken.repeated else 201
    return response


@dataclass(frozen=True, kw_only=True)
class Route:
    """What one path serves; `operation` is its operationId in the contract."""

    operation: str
    method: str
    serve: Callable[[Call], Response]


# ASP.NET routes without regard to case, so the table is in lower case.
ROUTES: dict[str, Route] = {
    "wsspectrumapicore/api/token": Route(operation="Token", method="POST", serve=issue_token),
    "wsspectrumapicore/api/invoice/invoicebalancedue": Route(
        operation="InvoiceBalanceDue", method="GET", serve=tell_balance
    ),
    "wsspectrumapicore/api/onlinereceipt": Route(
        operation="OnlineReceipt", method="POST", serve=receive_receipt
    ),
    "extract/v1/invoices": Route(operation="ExtractInvoices", method="GET", serve=tell_invoices),
    "extract/v1/reversals": Route(
        operation="ReceiveReversal", method="POST", serve=receive_reversal
    ),
    "extract/v1/receipts": Route(operation="ExtractReceipts", method="GET", serve=tell_receipts),
}


def serve(path: str = "") -> Response:
    """Serve one request to Spectrum and keep it in the world's journal."""
    world = world_in(request.environ)
    route = ROUTES.get(path.rstrip("/").lower())
    body = open_body(request, route.method if route else "")
    with world.journal.call(
        source=caller(request.environ),
        target=PARTNER,
        operation=route.operation if route else "unknown path",
        request=shown_request(request, body) if route else path,
        **_correlation(request),
    ) as entry:
        try:
            call = Call(request=request, world=world, body=body, entry=entry)
            response = _serve(call, route)
        except RefusedError as refused:
            response = Response(refused.body, refused.status, refused.headers)
            entry.outcome, entry.response = refused.summary, refused.document
            response = response if refused.body else empty(response)
        entry.status = response.status_code
        return response


def _correlation(request: Request) -> dict[str, str]:
    """Return the caller's correlation id as a tag; a long one is cut."""
    told = request.headers.get("X-Correlation-Id", "")
    return {"correlation_id": told[:CORRELATION_LENGTH_MAX]} if told else {}


@blueprint.record_once
def _mount(state: BlueprintSetupState) -> None:
    """Route every verb and every path below /spectrum/ to `serve`, so that it says every no."""
    endpoint = f"{blueprint.name}.serve"
    for rule in ("/spectrum/", "/spectrum/<path:path>"):
        state.app.url_map.add(Rule(rule, endpoint=endpoint, merge_slashes=False))
    state.app.view_functions[endpoint] = serve


def _serve(call: Call, route: Route | None) -> Response:
    if route is None:
        raise no_such_path()
    if call.request.method != route.method:
        raise method_not_allowed(route.method)
    return route.serve(call)


def _answer_receipt(call: Call, judgement: Judgement) -> Response:
    match judgement.outcome:
        case Outcome.APPLIED:
            return _echo(call, "receiptID", judgement.receipt_id)
        case Outcome.PENDING:
            return _echo(call, "message", PENDING_MESSAGE)
        case Outcome.NOT_APPLIED:
            return call.answer_nothing()


def _echo(call: Call, name: str, value: str) -> Response:
    document = {**call.body.read(), name: value}
    return call.answer(document, call.body.echo(name, value))


def _answer_extract(
    call: Call, name: str, extract: Callable[[World, Biller, datetime | None], Extract]
) -> Response:
    biller = call.authenticate()
    since = _moment(call.read_query().get("since"))
    facts = {"biller": biller.slug}
    call.strike("before", facts)
    if name == "receipts" and not call.world.behaviours.spectrum_receipts_feed:
        raise not_found("This biller's extract has no receipts.")
    told = extract(call.world, biller, since)
    call.entry.outcome = f"{name}: {len(told.rows)}"
    call.strike("after", facts)
    return call.answer(told.document(name))


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise invalid({"since": ["The value is not a moment of the calendar."]}) from None
