"""Invariant 11: Invoice Cloud asks nobody for more than Spectrum does, less money under way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox.audit.billing import cut_offs
from sandbox.audit.evidence import Evidence
from sandbox.audit.payments import delivery_key, receipts_by_key
from sandbox.audit.report import Violation
from sandbox.audit.rows import ZERO
from sandbox.audit.spectrum_record import spectrum_record

Invoice = tuple[str, str]


def nobody_is_asked_for_too_much(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 11, for each biller whose last file is answered.

    Due is at most the highest that Spectrum's balance was since that file's cut-off, less the
    payments that Spectrum has no receipt of, plus those that the bank took back and Spectrum did
    not yet.
    """
    record = spectrum_record(evidence.world)
    under_way = _under_way(evidence)
    as_of = cut_offs(evidence)
    for bill in evidence.billed:
        invoice = record.get(bill.invoice_number)
        if bill.biller not in as_of or invoice is None or invoice.biller != bill.biller:
            continue
        highest = max(invoice.due_between(as_of[bill.biller], evidence.now), default=ZERO)
        lacking = under_way[bill.biller, bill.invoice_number]
        if bill.shown > max(highest - lacking, ZERO):
            yield Violation(
                story=f"Invoice Cloud shows {bill.shown} as due on invoice {bill.invoice_number}; "
                f"since its last file Spectrum said {highest} at most, and {lacking} is under way",
                since=as_of[bill.biller],
                invoice_number=bill.invoice_number,
            )


def _under_way(evidence: Evidence) -> dict[Invoice, Decimal]:
    """Return what was paid on each invoice and Spectrum lacks, less what it has yet to reverse."""
    receipts = receipts_by_key(evidence)
    given_back = {delivery_key(row) for row in evidence.deliveries if row["state"] == "given_back"}
    found: dict[Invoice, Decimal] = defaultdict(lambda: ZERO)
    for payment in evidence.payments:
        key = (payment.biller, payment.invoice_number)
        if not payment.approved or payment.key in given_back:
            continue
        if payment.returned_at is None and not receipts[payment.key]:
            found[key] += payment.amount
        if payment.returned_at is not None:
            found[key] -= sum(
                (
                    receipt.amount
                    for receipt in receipts[payment.key]
                    if receipt.reversed_at is None and not receipt.unapplied
                ),
                ZERO,
            )
    return found
