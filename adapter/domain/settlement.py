"""Settled batches: what the processor paid out, matched to payments to the cent (C4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.money import ZERO, money_text
from adapter.domain.payment import PaymentItem, canonical_guid

# A row may be read before the payment or the reject that it belongs to.
UNMATCHED_AFTER = timedelta(hours=26)
# Two banking days after the close, with a long weekend in between, and some patience.
UNSETTLED_AFTER = timedelta(days=9)
# How far back payments are looked at that no batch has paid out.
UNSETTLED_REACH = timedelta(days=60)


class TransactionType(Enum):
    """What a row of a batch is about."""

    PAYMENT = "payment"
    RETURN = "return"  # a payment taken back, with a negative amount


@dataclass(frozen=True, kw_only=True)
class SettledRow:
    """One invoice's share of a payment, or of its return, in a settled batch; dollars.

    `batch_total` and `batch_count` are what Invoice Cloud says of the whole batch.
    """

    biller: str
    batch_id: str
    settled_on: date
    transaction: TransactionType
    payment_guid: str
    invoice_number: str
    amount: Decimal
    batch_total: Decimal
    batch_count: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "payment_guid", canonical_guid(self.payment_guid))

    @property
    def reference(self) -> str:
        """Name the row for people: batch, payment and invoice."""
        return f"{self.batch_id}:{self.payment_guid}:{self.invoice_number}"


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """One row of the ledger: a settled row, when it was first seen, and when it matched (UTC)."""

    id: int
    row: SettledRow
    seen_at: datetime
    matched_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """What is wrong with a row or a batch."""

    kind: ExceptionKind
    reference: str
    detail: str


def check_batches(rows: Iterable[SettledRow]) -> Iterator[Doubt]:
    """Yield every batch whose rows do not add up to what Invoice Cloud says of it."""
    batches: dict[str, list[SettledRow]] = defaultdict(list)
    for row in rows:
        batches[row.batch_id].append(row)
    for batch_id, inside in sorted(batches.items()):
        total = sum((row.amount for row in inside), ZERO)
        told, count = inside[0].batch_total, inside[0].batch_count
        if (total, len(inside)) != (told, count):
            yield Doubt(
                kind=ExceptionKind.BATCH_TOTAL,
                reference=batch_id,
                detail=f"batch {batch_id}: {len(inside)} rows of {money_text(total)}, and Invoice "
                f"Cloud says {count} of {money_text(told)}",
            )


def judge_payment(row: SettledRow, item: PaymentItem | None) -> Doubt | None:
    """Return what is wrong with a paid-out payment, or None where it matches to the cent."""
    if item is None:
        return Doubt(
            kind=ExceptionKind.SETTLED_UNKNOWN,
            reference=row.reference,
            detail=f"batch {row.batch_id} paid out {money_text(row.amount)} for payment "
            f"{row.payment_guid} on invoice {row.invoice_number}, which is not known here",
        )
    amount = item.payload.amount
    if amount != row.amount:
        return Doubt(
            kind=ExceptionKind.SETTLED_OTHERWISE,
            reference=row.reference,
            detail=f"batch {row.batch_id} paid out {money_text(row.amount)} for payment "
            f"{row.payment_guid} on invoice {row.invoice_number}, which was of "
            f"{money_text(amount)}",
        )
    return None


def judge_return(row: SettledRow, returned: Decimal | None) -> Doubt | None:
    """Return what is wrong with a return in a batch; `returned` is what the reject said."""
    if returned is None:
        return Doubt(
            kind=ExceptionKind.SETTLED_UNKNOWN,
            reference=row.reference,
            detail=f"batch {row.batch_id} took back {money_text(-row.amount)} for payment "
            f"{row.payment_guid} on invoice {row.invoice_number}, and no reject tells of it",
        )
    if returned != -row.amount:
        return Doubt(
            kind=ExceptionKind.SETTLED_OTHERWISE,
            reference=row.reference,
            detail=f"batch {row.batch_id} took back {money_text(-row.amount)} for payment "
            f"{row.payment_guid} on invoice {row.invoice_number}, and its reject is of "
            f"{money_text(returned)}",
        )
    return None


def unsettled(item: PaymentItem) -> Doubt:
    payment = item.payload
    return Doubt(
        kind=ExceptionKind.UNSETTLED,
        reference=f"{payment.payment_guid}:{payment.invoice_number}",
        detail=f"payment {payment.payment_guid} of {money_text(payment.amount)} on invoice "
        f"{payment.invoice_number}, paid at {payment.paid_at:%Y-%m-%dT%H:%M:%SZ}, is in no "
        "settled batch",
    )
