"""A payment made at Invoice Cloud, how its reports compare, and what Spectrum answers (A3, C2)."""

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

METHOD_LENGTH_MAX = 100
PAYMENT_REFERENCE_LENGTH = 50  # A3: transactionID is a varchar(50)


class PaymentMethod(Enum):
    """How the payer paid, spelled as A3 spells it."""

    CREDIT_CARD = "CreditCard"
    ACH = "ACH"


# What a bank account is called, without spaces and dashes.
_BANK_ACCOUNT = frozenset({"ach", "eft", "echeck"})


def method_of(reported: str) -> PaymentMethod:
    """Return the payment type that Spectrum is sent; it defaults to a card (A3, 0032)."""
    word = "".join(character for character in reported.casefold() if character.isalnum())
    return PaymentMethod.ACH if word in _BANK_ACCOUNT else PaymentMethod.CREDIT_CARD


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
    """One invoice's share of a payment; `biller` is the adapter's own name of the carrier.

    `method_reported` is its kind in Invoice Cloud's word, which may be another in the report.
    """

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
    method_reported: str = ""

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
# Invoice Cloud's report has all of them but our own name of the biller; one column tells `method`.
REPORT_FIELDS = tuple(name for name in PAYMENT_FIELDS if name not in {"biller", "method_reported"})
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


def is_guid(text: str, guid: str) -> bool:
    """Tell whether a text is this GUID; brackets, case, dashes and blanks count for nothing."""
    try:
        return canonical_guid(text.strip().strip("()")) == canonical_guid(guid)
    except BadInputError:
        return False


class Finding(Enum):
    """What one reported payment turns out to be."""

    CONFIRMED = "confirmed"  # the ledger has it, and every figure agrees
    MISSING = "missing"  # approved, and the data pump never brought it: post it
    DECLINED = "declined"  # declined at Invoice Cloud, nothing posted: nothing to do
    MISMATCH = "mismatch"  # both have it and disagree: an exception


def compare(reported: Payment, item: PaymentItem | None) -> Finding:
    """Judge one row of the report against the delivery of the same key, if there is one."""
    if item is None:
        return Finding.MISSING if reported.approved else Finding.DECLINED
    if reported.fingerprint() == item.payload.fingerprint():
        return Finding.CONFIRMED
    return Finding.MISMATCH


def differences(reported: Payment, posted: Payment) -> str:
    """Name each figure that differs, as `field: reported X, posted Y`."""
    pairs = {
        "account_number": (reported.account_number, posted.account_number),
        "amount": (money_text(reported.amount), money_text(posted.amount)),
        "fee": (money_text(reported.fee), money_text(posted.fee)),
        "method": (reported.method.value, posted.method.value),
        "approved": (str(reported.approved), str(posted.approved)),
    }
    return "; ".join(
        f"{field}: reported {theirs}, posted {ours}"
        for field, (theirs, ours) in pairs.items()
        if theirs != ours
    )


@dataclass(frozen=True, kw_only=True)
class ReceiptApplied:
    """Outcome (a) of OnlineReceipt: the receipt exists."""

    receipt_id: str


@dataclass(frozen=True, kw_only=True)
class ReceiptPending:
    """Outcome (b): okay without a receipt; to be confirmed, never re-posted blindly."""

    message: str


@dataclass(frozen=True, kw_only=True)
class ReceiptEmpty:
    """An empty success: outcome (c), once the balance has not moved (decision 0031)."""


# Outcome (d) is not an answer but an error of a partner.
ReceiptAnswer = ReceiptApplied | ReceiptPending | ReceiptEmpty
