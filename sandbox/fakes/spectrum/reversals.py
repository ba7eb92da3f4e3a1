"""The inbox of reversals (decision 0018): a receipt is taken back, once for each reversal id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.fakes.spectrum.book import Receipt, SpectrumBook, money_text, utc_text
from sandbox.fakes.spectrum.errors import conflict, invalid, not_found
from sandbox.world.billers import Biller


@dataclass(frozen=True, kw_only=True)
class ReversalOrder:
    """A reversal as it was posted; `amount` is dollars, the whole receipt's."""

    reversal_id: str
    reference_number: str
    invoice_number: str
    policy_number: str
    amount: Decimal
    reason_code: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Reversal:
    """What came of it; `repeated` says that this reversal id had been taken before."""

    receipt: Receipt
    repeated: bool

    def document(self) -> dict[str, Any]:
        return {
            "reversal_id": self.receipt.reversal_id,
            "receipt_id": self.receipt.id,
            "amount": money_text(self.receipt.applied.amount),
            "applied_at": utc_text(self.receipt.changed_at),
            "repeated": self.repeated,
        }


def read_reversal(document: Mapping[str, Any]) -> ReversalOrder:
    """Read a document that the schema accepts; refuse what no schema can see."""
    try:
        datetime.fromisoformat(document["returned_at"])
    except ValueError:
        raise invalid({"returned_at": ["The value is not a moment of the calendar."]}) from None
    return ReversalOrder(
        reversal_id=document["reversal_id"],
        reference_number=document["reference_number"],
        invoice_number=document["invoice_number"],
        policy_number=document["policy_number"],
        amount=Decimal(document["amount"]),
        reason_code=document["reason_code"],
        reason=document["reason"],
    )


def take_reversal(book: SpectrumBook, biller: Biller, order: ReversalOrder) -> Reversal:
    """Take the receipt back, or say that it was; raises RefusedError for what fits no receipt."""
    with book.locked():
        earlier = book.find_reversal(order.reversal_id)
        if earlier is not None and earlier.applied.biller == biller.slug:
            _require_same(earlier, order)
            return Reversal(receipt=earlier, repeated=True)
        receipt = _standing_receipt(book, biller, order)
        if order.amount != receipt.applied.amount:
            told = money_text(receipt.applied.amount)
            raise invalid({"amount": [f"The receipt is of {told}, and is reversed whole."]})
        reason = f"{order.reason_code} {order.reason}"
        reversed_ = book.reverse_receipt(receipt.id, reason, reversal_id=order.reversal_id)
        return Reversal(receipt=reversed_, repeated=False)


def _standing_receipt(book: SpectrumBook, biller: Biller, order: ReversalOrder) -> Receipt:
    found = [
        receipt
        for receipt in book.find_receipts(order.reference_number, order.invoice_number)
        if receipt.applied.biller == biller.slug
        and receipt.applied.policy_number == order.policy_number
    ]
    standing = [receipt for receipt in found if receipt.reversed_at is None]
    if not found:
        raise not_found(
            f"There is no receipt of {order.reference_number} on invoice {order.invoice_number}."
        )
    if not standing:
        raise conflict(f"Receipt {found[-1].id} was reversed before, by another reversal.")
    return standing[0]


def _require_same(earlier: Receipt, order: ReversalOrder) -> None:
    applied = earlier.applied
    told = (order.invoice_number, order.policy_number, order.amount)
    known = (applied.invoice_number, applied.policy_number, applied.amount)
    reference = order.reference_number.casefold()
    if told != known or reference != applied.reference_number.casefold():
        raise conflict(f"Reversal {order.reversal_id} was taken before, of another receipt.")
