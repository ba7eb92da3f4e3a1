"""Invariants 3 and 5: balances follow from receipts, file headers from file bodies."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sandbox.audit.evidence import Evidence
from sandbox.audit.report import Violation


def balances_add_up(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 3: balance = billed (and adjusted) - receipts + reversals."""
    received: dict[tuple[str, str], Decimal] = {}
    for receipt in (receipt for receipt in evidence.receipts if not receipt.unapplied):
        key = (receipt.biller, receipt.invoice_number)
        received[key] = received.get(key, Decimal(0)) + receipt.amount
    for invoice in evidence.invoices:
        told = received.get((invoice.biller, invoice.invoice_number), Decimal(0))
        due = invoice.billed + invoice.adjusted - told + invoice.reversed
        if due != invoice.balance:
            yield Violation(
                story=f"invoice {invoice.invoice_number} shows {invoice.balance}; billed "
                f"{invoice.billed}, adjusted {invoice.adjusted}, received {told}, reversed "
                f"{invoice.reversed} make {due}",
                invoice_number=invoice.invoice_number,
            )


def file_headers_equal_bodies(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 5."""
    for file in evidence.files:
        header = (file.header_count, file.header_total)
        body = (file.body_count, file.body_total)
        if header != body:
            yield Violation(
                story=f"file {file.file_name} says {header[0]} invoices, {header[1]} in all; "
                f"its body holds {body[0]}, {body[1]} in all",
                since=file.received_at,
            )
