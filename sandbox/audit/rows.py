"""What stands in the books, as plain rows that the auditor compares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

# Receipts of other vendors are none of the adapter's.
VENDOR = "InvoiceCloud"


@dataclass(frozen=True, kw_only=True)
class ReceiptRow:
    """A receipt in Spectrum's book; unapplied cash moves no balance."""

    biller: str
    receipt_id: str
    invoice_number: str
    reference_number: str
    amount: Decimal
    vendor: str
    applied_at: datetime
    reversed_at: datetime | None
    unapplied: bool = False


@dataclass(frozen=True, kw_only=True)
class InvoiceRow:
    """An invoice in Spectrum's book, with the figures its balance follows from."""

    biller: str
    invoice_number: str
    billed: Decimal
    adjusted: Decimal
    reversed: Decimal
    balance: Decimal


@dataclass(frozen=True, kw_only=True)
class PaymentRow:
    """One invoice's share of a payment in Invoice Cloud's book."""

    biller: str
    payment_guid: str
    invoice_number: str
    amount: Decimal
    approved: bool
    made_at: datetime


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """A file that Invoice Cloud accepted: what its header says and what its body holds."""

    file_name: str
    reference: str
    header_count: int
    header_total: Decimal
    body_count: int
    body_total: Decimal
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class BilledRow:
    """What Invoice Cloud was billed for an invoice last."""

    biller: str
    invoice_number: str
    total_due: Decimal


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


@dataclass(frozen=True, kw_only=True)
class EnrollmentRow:
    """The last change of an account's enrolment, as Invoice Cloud knows it."""

    biller: str
    account_number: str
    kind: str
    enrolled: bool
    changed_at: datetime
