"""Payers: someone pays a bill at Invoice Cloud, or enrolls an account there."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request

from sandbox.control.body import read_body, read_query
from sandbox.control.errors import RefusedError, bad_input
from sandbox.control.lookup import find_biller
from sandbox.world.binding import world_in

if TYPE_CHECKING:
    from sandbox.fakes.invoice_cloud.instruments import BankAccount, Card

resource = Blueprint("payers", __name__)
_ENROLLMENT_FIELDS = ("account_number", "kind", "on")


@resource.post("/payers/payments")
def pay_bill() -> tuple[dict[str, Any], int]:
    """Pay a bill; what the payer paid with is neither kept nor told."""
    from sandbox.fakes.invoice_cloud.payers import PaymentOrder, PaymentRefusedError, pay

    read_query()
    wanted = read_body("PaymentOrder")
    world = world_in(request.environ)
    order = PaymentOrder(
        biller=find_biller(world, wanted.get("biller")).slug,
        invoice_number=wanted["invoice_number"],
        instrument=_instrument(wanted),
        amount=Decimal(wanted["amount"]) if "amount" in wanted else None,
    )
    try:
        made = pay(world, order)
    except PaymentRefusedError as error:
        raise bad_input(error.message, remedy=error.remedy) from None
    told = {
        "biller": made.biller,
        "payment_guid": made.payment_guid,
        "invoice_number": made.invoice_number,
        "approved": made.approved,
        "amount": f"{made.amount:.2f}",
        "fee": f"{made.fee:.2f}",
        "message": made.message,
    }
    return told, 201


@resource.post("/payers/enrollments")
def enroll_account() -> tuple[dict[str, Any], int]:
    """Enroll an account, or take it out; customer, login and payment option come along."""
    from sandbox.fakes.invoice_cloud.customers import by_hand
    from sandbox.fakes.invoice_cloud.customers.book import EnrollmentKind
    from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError

    read_query()
    wanted = read_body("EnrollmentOrder")
    world = world_in(request.environ)
    biller = find_biller(world, wanted.get("biller")).slug
    number, kind = wanted["account_number"], EnrollmentKind(wanted["kind"])
    try:
        act = by_hand.enroll_account if wanted["on"] else by_hand.unenroll_account
        act(world, biller, number, kind)
    except PortalRefusedError as error:
        raise bad_input(error.message, remedy=error.remedy) from None
    return {"biller": biller, **{name: wanted[name] for name in _ENROLLMENT_FIELDS}}, 201


def _instrument(wanted: dict[str, Any]) -> Card | BankAccount:
    from sandbox.fakes.invoice_cloud.instruments import (
        InstrumentError,
        find_bank_account,
        find_card,
    )

    try:
        if "card_number" in wanted:
            return find_card(wanted["card_number"])
        account = wanted["bank_account"]
        return find_bank_account(account["routing_number"], account["account_number"])
    except InstrumentError as error:
        # The message lists the sandbox's own numbers, which are nobody's secret.
        remedy = "Pay with one of those; never with a real one"
        raise RefusedError(400, "unknown_instrument", str(error), remedy=remedy) from None
