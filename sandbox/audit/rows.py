"""What stands in the books, as plain rows that the auditor compares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sandbox.audit.spelling import guid_of, is_vendor

# A biller, a payment's GUID and the invoice of which it paid a share.
Key = tuple[str, str, str]
ZERO = Decimal("0.00")


@dataclass(frozen=True, kw_only=True)
class ReceiptRow:
    """A receipt in Spectrum's book; unapplied cash moves no balance. Money is in dollars."""

    biller: str
    receipt_id: str
    invoice_number: str
    reference_number: str
    amount: Decimal
    vendor: str
    applied_at: datetime
    reversed_at: datetime | None
    unapplied: bool = False
    policy_number: str = ""
    fee: Decimal = ZERO
    full_name: str = ""
    date_paid: str = ""
    transaction_id: str = ""
    payment_type: str = ""

    @property
    def key(self) -> Key:
        return (self.biller, guid_of(self.reference_number), self.invoice_number)

    @property
    def is_ours(self) -> bool:
        """Tell whether Invoice Cloud is its vendor, in any spelling."""
        return is_vendor(self.vendor)


@dataclass(frozen=True, kw_only=True)
class PaymentRow:
    """One invoice's share of a payment in Invoice Cloud's book, in dollars; moments are UTC."""

    biller: str
    payment_guid: str
    invoice_number: str
    amount: Decimal
    approved: bool
    made_at: datetime
    account_number: str = ""
    customer_name: str = ""
    fee: Decimal = ZERO
    method: str = ""
    reference: str = ""
    returned_at: datetime | None = None
    is_delivered: bool = False  # the adapter took it over from the data pump

    @property
    def key(self) -> Key:
        return (self.biller, self.payment_guid, self.invoice_number)


@dataclass(frozen=True, kw_only=True)
class LineRow:
    """One invoice of a file: what Invoice Cloud was billed, column by column (E2)."""

    invoice_number: str
    account_number: str
    customer_name: str
    email_address: str
    address: str
    invoice_date: str
    due_date: str
    autopay_date: str
    total_due: Decimal
    details: tuple[tuple[str, Decimal], ...]
    allow_partial: bool
    notify_dates: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """A file that Invoice Cloud accepted: its header, its body, and the lines that were posted."""

    file_name: str
    reference: str
    header_count: int
    header_total: Decimal
    body_count: int
    body_total: Decimal
    received_at: datetime
    biller: str = ""
    file_guid: str = ""
    lines: tuple[LineRow, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BilledRow:
    """What Invoice Cloud was billed for an invoice last, and shows as due now; in dollars."""

    biller: str
    invoice_number: str
    total_due: Decimal
    shown: Decimal = ZERO


@dataclass(frozen=True, kw_only=True)
class RejectRow:
    """One invoice's share of a row about a returned payment.

    `goes_back` is false for a notice, and for a return that was told before: no money moves.
    """

    biller: str
    reject_guid: str
    payment_guid: str
    invoice_number: str
    amount: Decimal
    rejected_at: datetime
    goes_back: bool = True
    code: str = ""
    account_number: str = ""

    @property
    def key(self) -> Key:
        return (self.biller, self.payment_guid, self.invoice_number)

    @property
    def reversal_id(self) -> str:
        """Name the reversal that it brings about (decision 0018)."""
        return f"{self.reject_guid}:{self.invoice_number}"


@dataclass(frozen=True, kw_only=True)
class ReversalRow:
    """One time that Spectrum's book took a receipt back."""

    receipt_id: str
    reversal_id: str
    reason: str
    reversed_at: datetime


@dataclass(frozen=True, kw_only=True)
class BatchEntryRow:
    """One row of a settled batch; the amount of a return is negative."""

    biller: str
    batch_id: str
    transaction: str
    payment_guid: str
    invoice_number: str
    amount: Decimal
    settled_at: datetime
    fee: Decimal = ZERO
    account_number: str = ""
    settled_on: str = ""

    @property
    def key(self) -> Key:
        return (self.biller, self.payment_guid, self.invoice_number)


@dataclass(frozen=True, kw_only=True)
class UnpaidRow:
    """A captured payment that its batch, which has been settled, did not pay out."""

    key: Key
    settles_on: str


@dataclass(frozen=True, kw_only=True)
class EnrollmentRow:
    """A change of an account's enrolment, as Invoice Cloud knows it."""

    biller: str
    account_number: str
    kind: str
    enrolled: bool
    changed_at: datetime
    event_guid: str = ""
    is_delivered: bool = False  # the adapter took it over from the data pump

    @property
    def setting(self) -> tuple[str, str, str]:
        return (self.biller, self.account_number, self.kind)
