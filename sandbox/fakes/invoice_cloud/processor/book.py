"""The processor's book: payments captured, ACH payments returned, batches settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sandbox.fakes.invoice_cloud.book import PaidInvoice, PaymentMade
from sandbox.world.book import Book, Recorded
from sandbox.world.world import World

ZERO = Decimal("0.00")


class BatchType(Enum):
    """How the payments of a batch were made; the values are the report's."""

    CREDIT_CARD = "CreditCard"
    ACH = "ACH"


class TransactionType(Enum):
    """What a row of a batch is; the values are the report's."""

    PAYMENT = "Payment"
    RETURN = "Return"  # of an ACH payment; its amount is negative


@dataclass(frozen=True)
class BatchKey:
    """A biller has one batch of a type on one day, which is the server's."""

    biller: str
    batch_type: BatchType
    settles_on: date


@dataclass(frozen=True, kw_only=True)
class BatchOpened:
    """A batch will be settled on its day."""

    key: BatchKey


@dataclass(frozen=True, kw_only=True)
class PaymentCaptured:
    """An approved payment waits for the batch of a day, which is the server's."""

    made: PaymentMade
    made_at: datetime
    settles_on: date


@dataclass(frozen=True, kw_only=True)
class PaymentReturned:
    """The payer's bank took an ACH payment back, whole, with a NACHA code.

    `settles_on` is None for a row that moves no money: a notice, or a return told again.
    """

    reject_guid: str
    payment_guid: str
    code: str
    reason: str
    settles_on: date | None

    @property
    def goes_back(self) -> bool:
        return self.settles_on is not None


@dataclass(frozen=True, kw_only=True)
class BatchEntry:
    """One invoice's share of a payment, or of its return, in a batch.

    `amount` is negative for a return, and never holds the fee.
    """

    transaction: TransactionType
    payment_guid: str
    invoice_number: str
    account_number: str
    paid_at: datetime
    amount: Decimal
    fee: Decimal
    reference: str


@dataclass(frozen=True, kw_only=True)
class BatchSettled:
    """The processor paid a batch out to the biller, or drew what is negative."""

    biller: str
    batch_id: str
    batch_type: BatchType
    settled_on: date
    deposit_reference: str
    entries: tuple[BatchEntry, ...]

    @property
    def total(self) -> Decimal:
        """Return what the biller gets: payments less returns, without fees."""
        return sum((entry.amount for entry in self.entries), ZERO)


@dataclass(frozen=True, kw_only=True)
class AchReject:
    """A return as the reports tell it: one GUID for all shares of the payment."""

    event: PaymentReturned
    payment: PaymentCaptured
    rejected_at: datetime


class ProcessorBook(Book):
    """What the processor did for every biller of one world."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.captured: dict[str, PaymentCaptured] = {}
        self.rejects: dict[str, AchReject] = {}  # by their own GUIDs
        self.batches: dict[BatchKey, BatchSettled] = {}
        self.open_batches: dict[BatchKey, list[BatchEntry]] = {}

    def rejects_between(self, biller: str, start: datetime, end: datetime) -> list[AchReject]:
        """Return a biller's rejects from `start` (included) to `end`, in order of posting."""
        with self.lock:
            return [
                reject
                for reject in self.rejects.values()
                if reject.payment.made.biller == biller and start <= reject.rejected_at < end
            ]

    def rejects_of(self, payment_guid: str) -> list[AchReject]:
        """Return every row about one payment: its return, and whatever else was told of it."""
        with self.lock:
            return [r for r in self.rejects.values() if r.event.payment_guid == payment_guid]

    def batches_of(self, biller: str, day: date) -> list[BatchSettled]:
        """Return a biller's batches settled on one of the server's days."""
        keys = (BatchKey(biller, batch_type, day) for batch_type in BatchType)
        with self.lock:
            return [self.batches[key] for key in keys if key in self.batches]

    def apply(self, recorded: Recorded) -> None:
        match recorded.event:
            case BatchOpened(key=key):
                self.open_batches[key] = []
            case PaymentCaptured() as captured:
                self._capture(captured)
            case PaymentReturned() as returned:
                self._return(returned, recorded.at)
            case BatchSettled() as batch:
                key = BatchKey(batch.biller, batch.batch_type, batch.settled_on)
                del self.open_batches[key]
                self.batches[key] = batch
            case event:
                raise TypeError(f"the processor's book knows no {type(event).__name__}")

    def as_json(self) -> dict[str, Any]:
        """Tell rejects and settled batches as the control API shows them; money as text."""
        with self.lock:
            return {
                "ach_rejects": [
                    _reject_row(reject, share)
                    for reject in self.rejects.values()
                    for share in reject.payment.made.shares
                ],
                "settled_batches": [_batch_document(batch) for batch in self.batches.values()],
            }

    def _capture(self, captured: PaymentCaptured) -> None:
        made = captured.made
        self.captured[made.payment_guid] = captured
        key = BatchKey(made.biller, BatchType(made.method), captured.settles_on)
        self.open_batches[key].extend(
            _entry(TransactionType.PAYMENT, captured, share) for share in made.shares
        )

    def _return(self, returned: PaymentReturned, at: datetime) -> None:
        payment = self.captured[returned.payment_guid]
        reject = AchReject(event=returned, payment=payment, rejected_at=at)
        self.rejects[returned.reject_guid] = reject
        if returned.settles_on is None:
            return
        key = BatchKey(payment.made.biller, BatchType.ACH, returned.settles_on)
        self.open_batches[key].extend(
            _entry(TransactionType.RETURN, payment, share) for share in payment.made.shares
        )


def _entry(
    transaction: TransactionType, captured: PaymentCaptured, share: PaidInvoice
) -> BatchEntry:
    returned = transaction is TransactionType.RETURN
    return BatchEntry(
        transaction=transaction,
        payment_guid=captured.made.payment_guid,
        invoice_number=share.invoice_number,
        account_number=share.account_number,
        paid_at=captured.made_at,
        amount=-share.amount if returned else share.amount,
        fee=ZERO if returned else share.fee,
        reference=captured.made.reference,
    )


def _reject_row(reject: AchReject, share: PaidInvoice) -> dict[str, Any]:
    made = reject.payment.made
    return {
        "biller": made.biller,
        "reject_guid": reject.event.reject_guid,
        "payment_guid": made.payment_guid,
        "invoice_number": share.invoice_number,
        "account_number": share.account_number,
        "customer_name": share.customer_name,
        "amount": f"{share.amount:.2f}",
        "code": reject.event.code,
        "reason": reject.event.reason,
        "paid_at": _utc(reject.payment.made_at),
        "rejected_at": _utc(reject.rejected_at),
        "reference": made.reference,
    }


def _batch_document(batch: BatchSettled) -> dict[str, Any]:
    return {
        "biller": batch.biller,
        "batch_id": batch.batch_id,
        "batch_type": batch.batch_type.value,
        "settled_on": batch.settled_on.isoformat(),
        "deposit_reference": batch.deposit_reference,
        "total": f"{batch.total:.2f}",
        "count": len(batch.entries),
        "entries": [
            {
                "transaction": entry.transaction.value,
                "payment_guid": entry.payment_guid,
                "invoice_number": entry.invoice_number,
                "amount": f"{entry.amount:.2f}",
                "fee": f"{entry.fee:.2f}",
            }
            for entry in batch.entries
        ],
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
