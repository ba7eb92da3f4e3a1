"""Payers: someone pays a bill at Invoice Cloud, by card or by bank account."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from sandbox.fakes.invoice_cloud.book import Bill, InvoiceCloudBook, PaidInvoice, PaymentMade
from sandbox.fakes.invoice_cloud.data_pump import schedule_delivery
from sandbox.fakes.invoice_cloud.instruments import BankAccount, Card
from sandbox.fakes.invoice_cloud.processor.returns import expect_return
from sandbox.fakes.invoice_cloud.processor.settlement import capture
from sandbox.fakes.invoice_cloud.rtdr import refresh_balance
from sandbox.world.billers import next_guid
from sandbox.world.book import Book, Recorded
from sandbox.world.world import World

# Assumed, and on top of the amount (decision 0008).
CARD_FEE = Decimal("3.00")
NO_FEE = Decimal("0.00")


class PaymentRefusedError(Exception):
    """Invoice Cloud's page would not let the payer pay this; says why and what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, kw_only=True)
class PaymentOrder:
    """What a payer asks for; without `amount` (dollars) it is the whole balance.

    `further` are invoices to pay whole in the same payment, under the same GUID.
    """

    biller: str
    invoice_number: str
    instrument: Card | BankAccount
    amount: Decimal | None = None
    further: tuple[str, ...] = ()


class PaymentNumbers(Book):
    """Draws payment GUIDs and references from the world's seed, in order of payment."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._chance: Random = world.chance("payments")

    def apply(self, recorded: Recorded) -> None:
        raise TypeError(f"payment numbers keep no {type(recorded.event).__name__}")

    def draw(self) -> tuple[str, str]:
        with self.lock:
            return next_guid(self._chance), f"IC{self._chance.randrange(10**8, 10**9)}"


def pay(world: World, order: PaymentOrder) -> PaymentMade:
    """Let a payer pay: balance first, then the instrument, then the data pump is on its way.

    Raises PaymentRefusedError for what the page would not take; a declined card is a payment
    that was not approved.
    """
    book, shown = world.book(InvoiceCloudBook), _bills(world, order)
    with book.locked():  # who pays the same bill at this moment is judged after it
        bills = [book.bills[bill.biller, bill.invoice.invoice_number] for bill in shown]
        amounts = [_amount(bills[0], order.amount), *(_amount(bill, None) for bill in bills[1:])]
        guid, reference = world.book(PaymentNumbers).draw()
        made = _payment(order, list(zip(bills, amounts, strict=True)), guid, reference)
        book.record(made)
    kind = made.card_type or "bank account"
    for share in made.shares:
        number, amount = share.invoice_number, share.amount
        world.journal.event(
            target="invoice_cloud",
            operation="Pay",
            outcome=f"invoice {number}: {amount:.2f} by {kind}, {made.message.lower()}",
            biller=order.biller,
            invoice_number=number,
            payment_guid=guid,
        )
    if made.approved:
        schedule_delivery(world, guid)
        _process(world, made, order.instrument)
    return made


def _process(world: World, made: PaymentMade, instrument: Card | BankAccount) -> None:
    """Let the processor capture a payment, and a bank return it whose account is made for that."""
    processed_on = capture(world, made)
    if isinstance(instrument, BankAccount) and instrument.return_code is not None:
        expect_return(world, made.payment_guid, instrument.return_code, processed_on)


def _bills(world: World, order: PaymentOrder) -> list[Bill]:
    """Return the bills that an order pays, each with the balance that the payer is shown."""
    numbers = (order.invoice_number, *order.further)
    if len(set(numbers)) < len(numbers):
        raise PaymentRefusedError(
            f"an invoice stands twice in {', '.join(numbers)}", "Name each invoice once"
        )
    book = world.book(InvoiceCloudBook)
    bills = []
    for number in numbers:
        bill = book.bill(order.biller, number)
        if bill is None:
            raise PaymentRefusedError(
                f"Invoice Cloud has no bill {number} of {order.biller}",
                "Upload an invoice file first, or pay one of the bills in GET /_sandbox/state",
            )
        bills.append(bill)
    return [refresh_balance(world, bill) for bill in bills]


def _amount(bill: Bill, wanted: Decimal | None) -> Decimal:
    number = bill.invoice.invoice_number
    if bill.balance <= 0:
        raise PaymentRefusedError(
            f"nothing is due on invoice {number}", "Pay a bill whose balance_due is not 0.00"
        )
    if wanted is None or wanted == bill.balance:
        return bill.balance
    if wanted <= 0:
        raise PaymentRefusedError(f"{wanted:.2f} is no payment", "Pay more than nothing")
    due = f"{bill.balance:.2f} is due on invoice {number}, and the payer wants to pay {wanted:.2f}"
    if wanted > bill.balance:
        raise PaymentRefusedError(due, "Pay no more than what is due")
    if not bill.invoice.allow_partial:
        raise PaymentRefusedError(f"{due}; AllowPartialPayments is 0", "Pay the whole balance")
    return wanted


def _payment(
    order: PaymentOrder, paid: list[tuple[Bill, Decimal]], guid: str, reference: str
) -> PaymentMade:
    """Return the payment; its fee is charged once, with the first invoice."""
    instrument = order.instrument
    card = instrument if isinstance(instrument, Card) else None
    number = instrument.number if isinstance(instrument, Card) else instrument.account_number
    first, *further = (
        PaidInvoice(
            invoice_number=bill.invoice.invoice_number,
            account_number=bill.invoice.account_number,
            customer_name=bill.invoice.customer_name,
            amount=amount,
            fee=CARD_FEE if card and place == 0 else NO_FEE,
        )
        for place, (bill, amount) in enumerate(paid)
    )
    return PaymentMade(
        **vars(first),
        biller=order.biller,
        payment_guid=guid,
        method="CreditCard" if card else "ACH",
        card_type=card.card_type if card else None,
        last_four=number[-4:],
        reference=reference,
        message=card.message if card else "Approved",
        approved=card.approved if card else True,
        further=tuple(further),
    )
