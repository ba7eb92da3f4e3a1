"""Invoice Cloud's book: files received, bills, payments, and how the data pump fared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from sandbox.world.book import Book, Recorded
from sandbox.world.world import World


@dataclass(frozen=True, kw_only=True, slots=True)
class BilledInvoice:
    """What an invoice file says of one invoice; dates are spelled as the file does.

    `notify_dates` are when the payer is to be told the first, second and third time (E5), and
    `address` holds the customer's address in lines.
    """

    invoice_number: str
    account_number: str
    customer_name: str
    email_address: str
    invoice_date: str
    due_date: str
    autopay_date: str
    total_due: Decimal
    allow_partial: bool
    details: tuple[tuple[str, Decimal], ...]
    notify_dates: tuple[str, ...] = ("", "", "")
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class FileReceived:
    """A file was uploaded; a refused one has problems and changed no bill."""

    biller: str
    file_name: str
    file_guid: str
    sent_as: str
    reference: str
    header_count: int
    header_total: Decimal
    body_count: int
    body_total: Decimal
    accepted: bool
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class BillPosted:
    """A bill was made, or replaced by a newer R record."""

    biller: str
    file_name: str
    invoice: BilledInvoice


@dataclass(frozen=True, kw_only=True)
class BalanceRefreshed:
    """RTDR told the present balance."""

    biller: str
    invoice_number: str
    balance: Decimal


@dataclass(frozen=True, kw_only=True)
class PaidInvoice:
    """One invoice's share of a payment."""

    invoice_number: str
    account_number: str
    customer_name: str
    amount: Decimal
    fee: Decimal


@dataclass(frozen=True, kw_only=True)
class PaymentMade:
    """A payer paid, or was declined; of the instrument only its kind and last digits are kept.

    One payment may pay several invoices: those beside the first stand in `further`.
    """

    biller: str
    payment_guid: str
    invoice_number: str
    account_number: str
    customer_name: str
    amount: Decimal
    fee: Decimal
    method: str
    card_type: str | None
    last_four: str
    reference: str
    message: str
    approved: bool
    further: tuple[PaidInvoice, ...] = ()

    @property
    def shares(self) -> tuple[PaidInvoice, ...]:
        """What is paid on each invoice, in the payer's order; the report has a row for each."""
        first = PaidInvoice(
            invoice_number=self.invoice_number,
            account_number=self.account_number,
            customer_name=self.customer_name,
            amount=self.amount,
            fee=self.fee,
        )
        return (first, *self.further)


@dataclass(frozen=True, kw_only=True)
class PaymentTakenBack:
    """The payer's bank returned a payment, whole; what it paid is due again."""

    payment_guid: str


@dataclass(frozen=True, kw_only=True)
class PumpAttempted:
    """The data pump tried to deliver a payment; `outcome` says what came of it."""

    payment_guid: str
    attempt: int
    outcome: str


@dataclass(frozen=True, kw_only=True)
class PumpDelivered:
    """The connector took the payment over."""

    payment_guid: str


@dataclass(frozen=True, kw_only=True)
class PumpGaveUp:
    """No further attempt: only the payment report tells of the payment now."""

    payment_guid: str
    reason: str


class PumpState(Enum):
    """Where a payment's delivery stands."""

    NOT_PUMPED = "not_pumped"  # declined payments are not pumped (decision 0008)
    WAITING = "waiting"  # for its first attempt
    RETRYING = "retrying"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """A bill as the payer sees it; moments are UTC."""

    biller: str
    file_name: str
    invoice: BilledInvoice
    balance: Decimal
    refreshed_at: datetime | None = None
    paid_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A payment and its delivery, as the events leave them."""

    made: PaymentMade
    made_at: datetime
    pump: PumpState
    attempts: int = 0
    last_outcome: str = ""
    returned_at: datetime | None = None


class InvoiceCloudBook(Book):
    """The truth of every biller's files, bills and payments in one world."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.files: list[tuple[datetime, FileReceived]] = []
        self.bills: dict[tuple[str, str], Bill] = {}
        self.payments: dict[str, Payment] = {}

    def bill(self, biller: str, invoice_number: str) -> Bill | None:
        return self.bills.get((biller, invoice_number))

    def payments_between(self, biller: str, start: datetime, end: datetime) -> list[Payment]:
        """Return a biller's payments from `start` (included) to `end`, in order of payment."""
        with self.lock:
            return [
                payment
                for payment in self.payments.values()
                if payment.made.biller == biller and start <= payment.made_at < end
            ]

    def apply(self, recorded: Recorded) -> None:
        at = recorded.at
        match recorded.event:
            case FileReceived() as file:
                self.files.append((at, file))
            case BillPosted() as posted:
                self._post(posted)
            case BalanceRefreshed(biller=biller, invoice_number=number, balance=balance):
                self._change_bill(biller, number, balance=balance, refreshed_at=at)
            case PaymentMade() as made:
                self._pay(made, at)
            case PaymentTakenBack(payment_guid=guid):
                self._take_back(guid, at)
            case PumpAttempted(payment_guid=guid, attempt=attempt, outcome=outcome):
                self._change_payment(
                    guid, pump=PumpState.RETRYING, attempts=attempt, last_outcome=outcome
                )
            case PumpDelivered(payment_guid=guid):
                self._change_payment(guid, pump=PumpState.DELIVERED)
            case PumpGaveUp(payment_guid=guid, reason=reason):
                self._change_payment(guid, pump=PumpState.FAILED, last_outcome=reason)
            case event:
                raise TypeError(f"Invoice Cloud's book knows no {type(event).__name__}")

    def as_json(self) -> dict[str, Any]:
        """Tell bills, payments and files as the control API shows them; money as text."""
        with self.lock:
            return {
                "bills": [_bill_row(bill) for bill in self.bills.values()],
                "payments": [
                    _payment_row(payment, share)
                    for payment in self.payments.values()
                    for share in payment.made.shares
                ],
                "files": [_file_row(at, file) for at, file in self.files],
            }

    def _post(self, posted: BillPosted) -> None:
        key = (posted.biller, posted.invoice.invoice_number)
        before = self.bills.get(key)
        self.bills[key] = Bill(
            biller=posted.biller,
            file_name=posted.file_name,
            invoice=posted.invoice,
            balance=posted.invoice.total_due,
            refreshed_at=before.refreshed_at if before else None,
            paid_at=before.paid_at if before else None,
        )

    def _pay(self, made: PaymentMade, at: datetime) -> None:
        pump = PumpState.WAITING if made.approved else PumpState.NOT_PUMPED
        self.payments[made.payment_guid] = Payment(made=made, made_at=at, pump=pump)
        for share in made.shares if made.approved else ():
            balance = self.bills[made.biller, share.invoice_number].balance - share.amount
            self._change_bill(made.biller, share.invoice_number, balance=balance, paid_at=at)

    def _take_back(self, guid: str, at: datetime) -> None:
        made = self.payments[guid].made
        for share in made.shares:
            balance = self.bills[made.biller, share.invoice_number].balance + share.amount
            self._change_bill(made.biller, share.invoice_number, balance=balance)
        self._change_payment(guid, returned_at=at)

    def _change_bill(self, biller: str, invoice_number: str, **changes: Any) -> None:
        key = (biller, invoice_number)
        self.bills[key] = replace(self.bills[key], **changes)

    def _change_payment(self, guid: str, **changes: Any) -> None:
        self.payments[guid] = replace(self.payments[guid], **changes)


def is_within(moment: datetime | None, hours: int, now: datetime) -> bool:
    """Tell whether a moment (UTC) lies less than so many hours back."""
    return moment is not None and now - moment < timedelta(hours=hours)


def _bill_row(bill: Bill) -> dict[str, Any]:
    return {
        "biller": bill.biller,
        "invoice_number": bill.invoice.invoice_number,
        "account_number": bill.invoice.account_number,
        "customer_name": bill.invoice.customer_name,
        "due_date": bill.invoice.due_date,
        "total_due": f"{bill.invoice.total_due:.2f}",
        "balance_due": f"{bill.balance:.2f}",
        "file_name": bill.file_name,
    }


def _payment_row(payment: Payment, share: PaidInvoice) -> dict[str, Any]:
    told = {
        name: f"{value:.2f}" if isinstance(value, Decimal) else value
        for name, value in {**vars(payment.made), **vars(share)}.items()
        if name != "further"
    }
    return {
        **told,
        "made_at": _utc(payment.made_at),
        "returned_at": _utc(payment.returned_at) if payment.returned_at else None,
        "pump": payment.pump.value,
        "pump_attempts": payment.attempts,
        "pump_outcome": payment.last_outcome,
    }


def _file_row(at: datetime, file: FileReceived) -> dict[str, Any]:
    return {
        "biller": file.biller,
        "file_name": file.file_name,
        "file_guid": file.file_guid,
        "sent_as": file.sent_as,
        "reference": file.reference,
        "invoice_count": file.body_count,
        "total": f"{file.body_total:.2f}",
        "accepted": file.accepted,
        "problems": list(file.problems),
        "received_at": _utc(at),
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
