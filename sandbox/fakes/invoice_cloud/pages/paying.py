"""Paying on a page: one form pays once, however often it is sent."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import request

from sandbox.fakes.chrome import money
from sandbox.fakes.chrome.form import Form, read_form
from sandbox.fakes.invoice_cloud.book import Bill, InvoiceCloudBook, PaymentMade
from sandbox.fakes.invoice_cloud.customers.sessions import fingerprint_of
from sandbox.fakes.invoice_cloud.customers.wallet import MethodStored
from sandbox.fakes.invoice_cloud.instruments import BankAccount, Card
from sandbox.fakes.invoice_cloud.pages.instrument_fields import (
    BANK,
    CARD,
    PLAIN_FIELDS,
    SECRET_FIELDS,
    STORED,
    read_instrument,
)
from sandbox.fakes.invoice_cloud.pages.visit import Visit
from sandbox.fakes.invoice_cloud.payers import PaymentOrder, PaymentRefusedError, pay
from sandbox.fakes.invoice_cloud.rtdr import refresh_balance
from sandbox.world.book import Book, Recorded
from sandbox.world.world import World

SECRET_BYTES = 24
# Forms that are sent at the same time wait for each other when they share one of these.
TURNS = 64
NAME = "pay"
_ONCE = re.compile(rf"[0-9a-f]{{{2 * SECRET_BYTES}}}")
_AMOUNT = re.compile(r"\$?([0-9]{1,9}(?:,[0-9]{3})*(?:\.[0-9]{1,2})?)")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a form asks for; without `amount` (dollars) it is all that is due."""

    bills: Sequence[Bill]
    instrument: Card | BankAccount
    amount: Decimal | None

    @property
    def scope(self) -> str:
        return " ".join(bill.invoice.invoice_number for bill in self.bills)


@dataclass(frozen=True, kw_only=True)
class FormPaid:
    """A form was sent for the first time, and this came of it."""

    fingerprint: str
    payment_guid: str


class PaymentFormsBook(Book):
    """Which forms have paid already, known by the fingerprint of what makes each the only one."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.paid: dict[str, str] = {}
        self._turns = tuple(threading.Lock() for _ in range(TURNS))
        self._chance = world.chance(f"invoice_cloud:payment_forms:{world.name}")

    def next_once(self) -> str:
        """Return what makes a form the only one of its kind."""
        with self.lock:
            return self._chance.randbytes(SECRET_BYTES).hex()

    def turn(self, fingerprint: str) -> threading.Lock:
        return self._turns[int(fingerprint, 16) % TURNS]

    def apply(self, recorded: Recorded) -> None:
        match recorded.event:
            case FormPaid(fingerprint=fingerprint, payment_guid=guid):
                self.paid[fingerprint] = guid
            case event:
                raise TypeError(f"the book of forms knows no {type(event).__name__}")


def new_form(visit: Visit) -> Form:
    """Return an empty form that will pay once."""
    return Form(name=NAME, values={"once": visit.world.book(PaymentFormsBook).next_once()})


def take_payment(
    visit: Visit,
    bills: Sequence[Bill],
    *,
    methods: Sequence[MethodStored] = (),
    kinds: tuple[str, ...] = (CARD, BANK),
) -> PaymentMade | Form:
    """Pay what is due on the bills; return the payment, or the form with what is wrong.

    A single bill may be paid in part where it allows that; several are paid whole.
    """
    form, typed = read_form(
        request.form, ("once", "shown", "amount", *PLAIN_FIELDS), name=NAME, secret=SECRET_FIELDS
    )
    instrument = read_instrument(form, typed, methods, kinds)
    amount = _read_amount(form, bills)
    once = form.values["once"]
    if not _ONCE.fullmatch(once):
        form.refuse("", "this form is not complete", "Look at it again, and send it once more")
    if instrument is not None and not form.problems:
        made = _pay_once(visit, form, Wish(bills=bills, instrument=instrument, amount=amount))
        if made is not None and made.approved:
            return made
        if made is not None:
            _tell_decline(form, made)
    # What the page showed is looked up anew, and what is sent again is another payment.
    form.values["once"] = visit.world.book(PaymentFormsBook).next_once()
    visit.tell(f"refused: {' '.join(form.problems.values())}")
    return form


def _pay_once(visit: Visit, form: Form, wish: Wish) -> PaymentMade | None:
    """Pay, or return what the same form came to before; None where it may not be paid so."""
    world = visit.world
    book = world.book(PaymentFormsBook)
    fingerprint = fingerprint_of(f"{form.values['once']} {wish.scope}")
    with book.turn(fingerprint):
        if fingerprint in book.paid:
            made = world.book(InvoiceCloudBook).payments[book.paid[fingerprint]].made
            visit.tell(f"the same form again: {made.message.lower()} before, nothing more is paid")
            return made
        refreshed = [refresh_balance(world, bill) for bill in wish.bills]
        due = [bill for bill in refreshed if bill.balance > 0]
        if not _is_as_shown(form, due):
            return None
        try:
            made = pay(world, _order(due, wish))
        except PaymentRefusedError as refused:
            form.refuse("amount", refused.message, "What is due now stands on this page")
            return None
        book.record(FormPaid(fingerprint=fingerprint, payment_guid=made.payment_guid))
    total = sum((share.amount for share in made.shares), Decimal(0))
    visit.tell(f"{money(total)}: {made.message.lower()}", payment_guid=made.payment_guid)
    return made


def _order(due: Sequence[Bill], wish: Wish) -> PaymentOrder:
    first, *further = due
    return PaymentOrder(
        biller=first.biller,
        invoice_number=first.invoice.invoice_number,
        instrument=wish.instrument,
        amount=first.balance if wish.amount is None else wish.amount,
        further=tuple(bill.invoice.invoice_number for bill in further),
    )


def _is_as_shown(form: Form, due: Sequence[Bill]) -> bool:
    """Refuse to pay another amount than the payer saw."""
    if due and form.values["shown"] == f"{total_due(due):.2f}":
        return True
    if due:
        form.refuse("", "what is due has changed meanwhile", "Look at it again before you pay")
    else:
        form.refuse("", "nothing is due any more", "There is nothing to pay")
    return False


def _read_amount(form: Form, bills: Sequence[Bill]) -> Decimal | None:
    """Return what the payer wants to pay of a bill that may be paid in part."""
    if len(bills) != 1 or not bills[0].invoice.allow_partial:
        return None
    amount = parse_amount(form.values["amount"])
    if amount is None:
        form.refuse("amount", "enter dollars and cents, such as 25.00")
    return amount


def parse_amount(text: str) -> Decimal | None:
    """Read dollars such as 25, 25.00 or $1,250.00."""
    found = _AMOUNT.fullmatch(text)
    return Decimal(found.group(1).replace(",", "")) if found else None


def total_due(bills: Sequence[Bill]) -> Decimal:
    return sum((bill.balance for bill in bills), Decimal("0.00"))


def _tell_decline(form: Form, made: PaymentMade) -> None:
    field = "method_guid" if form.values["method"] == STORED else "card_number"
    said = made.message.lower()
    why = "" if said == "declined" else f": {said}"
    form.refuse(
        field,
        f"the {made.card_type} ending in {made.last_four} was declined{why}",
        "Nothing was paid. Take another card, or a bank account",
    )
