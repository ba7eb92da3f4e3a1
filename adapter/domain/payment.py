"""A payment made at Invoice Cloud, and what Spectrum answered to its receipt."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from enum import Enum

from adapter.clock import require_aware
from adapter.domain.money import money_text
from adapter.domain.work_item import WorkItem
from adapter.errors import BadInputError

PAYMENT_REFERENCE_LENGTH = 50  # A3: transactionID is a varchar(50)


class PaymentMethod(Enum):
    """How the payer paid, spelled as A3 spells it."""

    CREDIT_CARD = "CreditCard"
    ACH = "ACH"


@dataclass(frozen=True, kw_only=True, order=True)
class DeliveryKey:
    """What makes a delivery unique: one GUID may pay several invoices."""

    biller: str
    payment_guid: str
    invoice_number: str

    @property
    def reference(self) -> str:
        """Name the payment's work item within its biller."""
        return f"{self.payment_guid}:{self.invoice_number}"


@dataclass(frozen=True, kw_only=True)
class Payment:
    """One invoice's share of a payment; `biller` is the adapter's own name of the carrier."""

    biller: str
    payment_guid: str
    invoice_number: str
    account_number: str
    customer_name: str
    paid_at: datetime
    amount: Decimal
    fee: Decimal
    payment_reference: str
    payment_message: str
    method: PaymentMethod
    approved: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "paid_at", require_aware(self.paid_at, "paid_at"))
        object.__setattr__(self, "payment_guid", canonical_guid(self.payment_guid))

    @property
    def key(self) -> DeliveryKey:
        return DeliveryKey(
            biller=self.biller,
            payment_guid=self.payment_guid,
            invoice_number=self.invoice_number,
        )

    def fingerprint(self) -> str:
        """Identify the content that moves money; names and messages may be retold."""
        content = (
            self.invoice_number,
            self.account_number,
            money_text(self.amount),
            money_text(self.fee),
            self.method.value,
            str(self.approved),
        )
        return hashlib.sha256("\x1f".join(content).encode()).hexdigest()


PAYMENT_FIELDS = tuple(field.name for field in fields(Payment))
# Invoice Cloud's report has all of them but our own name of the biller.
REPORT_FIELDS = tuple(name for name in PAYMENT_FIELDS if name != "biller")
PaymentItem = WorkItem[Payment]


def invoice_lane(invoice_number: str) -> str:
    """Name the lane in which whatever moves an invoice's balance goes one at a time."""
    return f"invoice:{invoice_number}"


def canonical_guid(text: str) -> str:
    """Return a GUID in lower case with dashes; .NET writes it in several shapes."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise BadInputError(
            field="PaymentGUID",
            value=text[:60],
            rule="it must be a GUID",
            remedy="Send the GUID that Invoice Cloud gave the payment",
        ) from None


@dataclass(frozen=True, kw_only=True)
class ReceiptApplied:
    """Outcome (a) of OnlineReceipt: the receipt exists."""

    receipt_id: str


@dataclass(frozen=True, kw_only=True)
class ReceiptPending:
    """Outcome (b): okay without a receipt; to be confirmed, never re-posted blindly."""

    message: str


@dataclass(frozen=True, kw_only=True)
class ReceiptNotApplied:
    """Outcome (c): success without data; a person has to look."""


# Outcome (d) is not an answer but an error: RetryableError, RejectedError, OutcomeUnknownError.
ReceiptAnswer = ReceiptApplied | ReceiptPending | ReceiptNotApplied
