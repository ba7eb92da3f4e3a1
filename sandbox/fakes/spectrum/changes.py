"""Changes of Spectrum's book as in life (decision 0033): what its own people and others do there.

A change is told by what follows from it: the invoice stands changed in the extract, so the next
invoice file bills it; money taken by others stands among the receipts under the other vendor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.fakes.imt.book import ImtBook, PolicyWritten
from sandbox.fakes.spectrum.book import (
    CENT,
    ZERO,
    Invoice,
    InvoiceIssued,
    ReceiptApplied,
    SpectrumBook,
    money_text,
    utc_text,
)
from sandbox.fakes.spectrum.change_kinds import FORMS, Amount, ChangeKind, Target
from sandbox.world.billers import Biller
from sandbox.world.book import Book, Recorded
from sandbox.world.carrier import FIRST_INVOICE_NUMBER, Policy, invent_policy
from sandbox.world.world import World

OPERATION = "BookChange"
# A new bill is due as one of the carrier's others is.
DUE_DAYS = 25
POLICY_NUMBERS = range(1_000_000, 10_000_000)


class ChangeRefusedError(Exception):
    """The book cannot be changed so: what is wrong, and what to do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, kw_only=True)
class ChangeOrder:
    """What is to happen; `day` is the biller's, today without it.

    `amount` is dollars: what is billed, added, taken off or paid; negative only for an endorsement
    that takes premium back. What `FORMS` does not ask for stays empty.
    """

    kind: ChangeKind
    policy_number: str = ""
    invoice_number: str = ""
    receipt_id: str = ""
    amount: Decimal | None = None
    day: date | None = None
    vendor: str = ""
    reference_number: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class ChangeMade:
    """A change that was made; `moved` is by how much what is due on the invoice went up."""

    number: int
    kind: ChangeKind
    biller: str
    policy_number: str
    invoice_number: str
    day: date
    moved: Decimal
    balance: Decimal
    receipt_id: str
    vendor: str
    note: str


class ChangesBook(Book):
    """Every change made to the book in one world, and what cancellations took off invoices."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.cancelled: dict[str, Decimal] = {}

    def apply(self, recorded: Recorded) -> None:
        match recorded.event:
            case ChangeMade(kind=ChangeKind.CANCELLATION) as change:
                self.cancelled[change.invoice_number] = -change.moved
            case ChangeMade(kind=ChangeKind.REINSTATEMENT) as change:
                del self.cancelled[change.invoice_number]
            case ChangeMade():
                pass
            case event:
                raise TypeError(f"the book of changes knows no {type(event).__name__}")

    def as_json(self) -> dict[str, Any]:
        with self.lock:
            return {"changes": [change_document(recorded) for recorded in self.events]}


def change_document(recorded: Recorded) -> dict[str, Any]:
    """Tell a change as the control API shows it; money as text."""
    change: ChangeMade = recorded.event
    return {
        "number": change.number,
        "at": utc_text(recorded.at),
        "kind": change.kind.value,
        "biller": change.biller,
        "policy_number": change.policy_number,
        "invoice_number": change.invoice_number,
        "date": change.day.isoformat(),
        "moved": money_text(change.moved),
        "balance_due": money_text(change.balance),
        "receipt_id": change.receipt_id or None,
        "vendor": change.vendor or None,
        "note": change.note,
    }


def make_change(world: World, biller: Biller, order: ChangeOrder) -> Recorded:
    """Change a biller's book now; raises ChangeRefusedError, and then nothing has changed."""
    _check(order)
    book, changes = world.book(SpectrumBook), world.book(ChangesBook)
    with book.locked(), changes.locked():
        desk = _Desk(world, biller, order)
        done = WORK[order.kind](desk)
        invoice = book.invoices[done.invoice_number]
        made = ChangeMade(
            number=len(changes.events) + 1,
            kind=order.kind,
            biller=biller.slug,
            policy_number=invoice.policy.policy_number,
            invoice_number=invoice.number,
            day=desk.day,
            moved=done.moved,
            balance=invoice.balance,
            receipt_id=done.receipt_id,
            vendor=book.receipts[done.receipt_id].applied.online_vendor if done.receipt_id else "",
            note=order.note,
        )
        recorded = changes.record(made)
    world.journal.event(
        target="spectrum",
        operation=OPERATION,
        outcome=_story(made),
        biller=biller.slug,
        invoice_number=made.invoice_number,
        policy_number=made.policy_number,
    )
    return recorded


@dataclass(frozen=True, kw_only=True)
class _Done:
    """What a change did to which invoice, and the receipt that it made or took back."""

    invoice_number: str
    moved: Decimal
    receipt_id: str = ""


class _Desk:
    """Where one change is worked on, by Spectrum's own people or whoever else takes money."""

    def __init__(self, world: World, biller: Biller, order: ChangeOrder) -> None:
        self._world = world
        self._biller = biller
        self._order = order
        self._book = world.book(SpectrumBook)
        self._cancelled = world.book(ChangesBook).cancelled
        self._amount = (order.amount or ZERO).quantize(CENT)
        self.day = order.day or world.clock.now().astimezone(biller.zone).date()

    def write_policy(self) -> _Done:
        """Write a policy of a new customer; IMT knows every policy of its companies."""
        chance = self._world.chance(f"spectrum:policy:{len(self._book.invoices)}")
        taken = {invoice.policy.policy_number for invoice in self._book.invoices.values()}
        number = chance.choice(POLICY_NUMBERS)
        while str(number) in taken:
            number = chance.choice(POLICY_NUMBERS)
        policy = invent_policy(
            self._world,
            self._biller,
            numbers=(self._next_invoice_number(), number),
            issued=self.day,
            billed=self._amount,
        )
        known = PolicyWritten(biller=self._biller.slug, policy=policy)
        self._world.book(ImtBook).record(known)
        return self._issue(policy)

    def renew(self) -> _Done:
        """Bill a policy's next term; what is due on its other invoices stays due."""
        before = self._invoice().policy
        due = self.day + timedelta(days=DUE_DAYS)
        early = before.due_date - before.autopay_date if before.autopay_date else None
        renewed = replace(
            before,
            invoice_number=str(self._next_invoice_number()),
            invoice_date=self.day,
            due_date=due,
            autopay_date=None if early is None else due - early,
            billed=self._amount,
        )
        return self._issue(renewed)

    def bill_more(self) -> _Done:
        return self._adjust(self._invoice(), self._amount)

    def bill_less(self) -> _Done:
        return self._adjust(self._invoice(), -self._amount)

    def cancel(self) -> _Done:
        """Take off what is due; the invoice stays, and is told with nothing due."""
        invoice = self._invoice()
        if invoice.number in self._cancelled:
            raise ChangeRefusedError(
                f"invoice {invoice.number} is cancelled already", "Reinstate it first"
            )
        return self._adjust(invoice, -max(invoice.balance, ZERO))

    def reinstate(self) -> _Done:
        """Bill again what the cancellation took off."""
        invoice = self._invoice()
        if invoice.number not in self._cancelled:
            raise ChangeRefusedError(
                f"invoice {invoice.number} is not cancelled", "Cancel it, or name another"
            )
        return self._adjust(invoice, self._cancelled[invoice.number])

    def take_payment(self) -> _Done:
        """Apply money that another vendor took; Invoice Cloud learns of it by the next file."""
        invoice = self._invoice()
        vendor = self._order.vendor or FORMS[self._order.kind].vendor
        receipt_id = self._book.next_receipt_id()
        self._book.record(
            ReceiptApplied(
                receipt_id=receipt_id,
                biller=self._biller.slug,
                invoice_number=invoice.number,
                policy_number=invoice.policy.policy_number,
                reference_number=self._order.reference_number or f"{vendor}-{receipt_id}",
                amount=self._amount,
                fee=ZERO,
                full_name=invoice.policy.customer_name,
                date_paid=self.day.isoformat(),
                transaction_id="",
                transaction_message=self._order.note,
                payment_type=self._order.kind.value,
                online_vendor=vendor,
            )
        )
        return _Done(invoice_number=invoice.number, moved=-self._amount, receipt_id=receipt_id)

    def reverse(self) -> _Done:
        """Take a receipt back, whoever's it is: a cheque bounced, or it was somebody else's."""
        receipt = self._book.receipts.get(self._order.receipt_id)
        if receipt is None or receipt.applied.biller != self._biller.slug:
            raise self._unknown("receipt_id", self._order.receipt_id, "receipts")
        if receipt.reversed_at is not None:
            raise ChangeRefusedError(
                f"receipt {receipt.id} is reversed already", "Name one that stands"
            )
        self._book.reverse_receipt(receipt.id, self._order.note or "taken back")
        applied = receipt.applied
        return _Done(
            invoice_number=applied.invoice_number, moved=applied.moves, receipt_id=receipt.id
        )

    def _invoice(self) -> Invoice:
        """Return the invoice that is named, or the newest of the policy that is."""
        order = self._order
        if order.invoice_number:
            invoice = self._book.invoice_of(self._biller, order.invoice_number)
            if invoice is None:
                raise self._unknown("invoice_number", order.invoice_number, "invoices")
            return invoice
        found = self._book.invoices_of_policy(self._biller, order.policy_number)
        if not found:
            raise self._unknown("policy_number", order.policy_number, "invoices")
        return found[-1]

    def _unknown(self, field: str, value: str, listed: str) -> ChangeRefusedError:
        return ChangeRefusedError(
            f"{field} = {value!r}: {self._biller.slug} has none such",
            f"Take one of the state's spectrum.{listed}",
        )

    def _issue(self, policy: Policy) -> _Done:
        self._book.record(InvoiceIssued(biller=self._biller.slug, policy=policy))
        return _Done(invoice_number=policy.invoice_number, moved=policy.billed)

    def _adjust(self, invoice: Invoice, amount: Decimal) -> _Done:
        reason = self._order.note or _words(self._order.kind)
        self._book.adjust_balance(invoice.number, amount, reason)
        return _Done(invoice_number=invoice.number, moved=amount)

    def _next_invoice_number(self) -> int:
        """Return a number beyond those of every biller: invoices are known by it alone."""
        taken = (int(number) for number in self._book.invoices)
        return max(taken, default=FIRST_INVOICE_NUMBER - 1) + 1


WORK: dict[ChangeKind, Callable[[_Desk], _Done]] = {
    ChangeKind.NEW_BUSINESS: _Desk.write_policy,
    ChangeKind.RENEWAL: _Desk.renew,
    ChangeKind.ENDORSEMENT: _Desk.bill_more,
    ChangeKind.CANCELLATION: _Desk.cancel,
    ChangeKind.REINSTATEMENT: _Desk.reinstate,
    ChangeKind.FEE: _Desk.bill_more,
    ChangeKind.CREDIT: _Desk.bill_less,
    ChangeKind.CHEQUE: _Desk.take_payment,
    ChangeKind.AGENT_PAYMENT: _Desk.take_payment,
    ChangeKind.REVERSAL: _Desk.reverse,
}


def _check(order: ChangeOrder) -> None:
    """Refuse an order that does not name what its kind needs, or names more."""
    form, kind = FORMS[order.kind], _words(order.kind)
    named = {name for name in ("policy_number", "invoice_number") if getattr(order, name)}
    if form.target is Target.INVOICE and len(named) != 1:
        raise ChangeRefusedError(
            f"a change of the kind {kind} is made to one invoice",
            "Name invoice_number, or policy_number for the policy's newest invoice",
        )
    wanted = {
        "policy_number": form.target is Target.INVOICE,
        "invoice_number": form.target is Target.INVOICE,
        "receipt_id": form.target is Target.RECEIPT,
        "vendor": bool(form.vendor),
        "reference_number": bool(form.vendor),
    }
    for name, takes in wanted.items():
        if getattr(order, name) and not takes:
            raise ChangeRefusedError(f"{name}: none for the kind {kind}", "Leave it out")
    if form.target is Target.RECEIPT and not order.receipt_id:
        raise ChangeRefusedError(f"receipt_id: missing for the kind {kind}", "Name the receipt")
    _check_amount(order.amount, form.amount, kind)


def _check_amount(amount: Decimal | None, takes: Amount, kind: str) -> None:
    if takes is Amount.NONE:
        if amount is not None:
            raise ChangeRefusedError(f"amount: none for the kind {kind}", "Leave it out")
        return
    if amount is None:
        raise ChangeRefusedError(f"amount: missing for the kind {kind}", "Send such as 25.00")
    if amount == 0 or (takes is Amount.POSITIVE and amount < 0):
        than = "above nothing" if takes is Amount.POSITIVE else "other than nothing"
        raise ChangeRefusedError(f"amount = {amount}: {than} for the kind {kind}", "Send another")


def _story(made: ChangeMade) -> str:
    """Say such as `fee on invoice 30254: 25.00 more, 756.37 is due`."""
    moved = f"{money_text(abs(made.moved))} {'less' if made.moved < 0 else 'more'}"
    what = f"{_words(made.kind)} on invoice {made.invoice_number}"
    by = f" (receipt {made.receipt_id}, {made.vendor})" if made.receipt_id else ""
    return f"{what}{by}: {moved}, {money_text(made.balance)} is due"


def _words(kind: ChangeKind) -> str:
    return kind.value.replace("_", " ")
