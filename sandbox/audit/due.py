"""Invariant 11: Invoice Cloud asks nobody for more than Spectrum does, less money under way."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sandbox.audit.billing import cut_offs
from sandbox.audit.evidence import THREE_HOUR_POLL, Evidence
from sandbox.audit.payments import delivery_key, receipts_by_key
from sandbox.audit.report import Violation
from sandbox.audit.rows import ZERO, PaymentRow, ReceiptRow
from sandbox.audit.spectrum_record import InvoiceRecord, spectrum_record

Invoice = tuple[str, str]


def nobody_is_asked_for_too_much(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 11, for each biller whose last file is answered.

    Due is at most the highest that Spectrum's balance was since that file's cut-off, less the
    payments that Spectrum has no receipt of, plus those that the bank took back and Spectrum did
    not yet.
    """
    record = spectrum_record(evidence.world)
    paid = _paid(evidence)
    as_of = cut_offs(evidence)
    for bill in evidence.billed:
        invoice = record.get(bill.invoice_number)
        if bill.biller not in as_of or invoice is None or invoice.biller != bill.biller:
            continue
        since = as_of[bill.biller]
        highest = max(invoice.due_between(since, evidence.now), default=ZERO)
        shares = paid[bill.biller, bill.invoice_number]
        lacking = sum((share.lacking for share in shares), ZERO)
        whole = _shown_whole(invoice, shares, since, evidence.now)
        if bill.shown > max(highest - lacking, whole):
            yield Violation(
                story=f"Invoice Cloud shows {bill.shown} as due on invoice {bill.invoice_number}; "
                f"since its last file Spectrum said {highest} at most, and {lacking} is under way",
                since=since,
                invoice_number=bill.invoice_number,
            )


@dataclass(frozen=True, kw_only=True)
class _Share:
    """What was paid on an invoice in one payment, and Spectrum's receipts of it; in dollars."""

    payment: PaymentRow
    receipts: list[ReceiptRow]

    @property
    def lacking(self) -> Decimal:
        """Return by how much Spectrum's balance is too high; below nothing after a return."""
        if self.payment.returned_at is None:
            return ZERO if self.receipts else self.payment.amount
        standing = (r for r in self.receipts if not r.reversed_at and not r.unapplied)
        return -sum((each.amount for each in standing), ZERO)

    def was_back(self, since: datetime) -> bool:
        """Tell whether the payment came back, and no file made by then could know of it."""
        if self.payment.returned_at is None:
            return False
        if not self.receipts:
            return since < self.payment.returned_at + THREE_HOUR_POLL
        return any(each.reversed_at is None or each.reversed_at >= since for each in self.receipts)

    def is_lacking(self, moment: datetime) -> bool:
        """Tell whether Spectrum's balance was without this payment at a moment."""
        return not any(
            not each.unapplied and (each.reversed_at is None or each.reversed_at > moment)
            for each in self.receipts
        )


def _shown_whole(
    invoice: InvoiceRecord, shares: list[_Share], since: datetime, now: datetime
) -> Decimal:
    """Return the most that is shown of a bill whose payment came back, which is due again whole.

    Invoice Cloud knows of no credit (decision 0003): what stood there before is in the next file.
    """
    back = [share for share in shares if share.was_back(since)]
    others = sum((share.lacking for share in shares if share not in back), ZERO)
    reversals = {each.reversed_at for share in back for each in share.receipts}
    starts = sorted({since, *(at for at in reversals if at is not None and at > since)})
    before = ZERO
    for start, end in itertools.zip_longest(starts, starts[1:]):
        seen = invoice.due_between(start, end or now, is_until_included=end is None)
        lacking = sum((each.payment.amount for each in back if each.is_lacking(start)), ZERO)
        before = max(before, max(seen, default=ZERO) - others - lacking)
    return before + sum((share.payment.amount for share in back), ZERO)


def _paid(evidence: Evidence) -> dict[Invoice, list[_Share]]:
    """Return what was paid on each invoice, but for what a person has given back."""
    receipts = receipts_by_key(evidence)
    given_back = {delivery_key(row) for row in evidence.deliveries if row["state"] == "given_back"}
    found: dict[Invoice, list[_Share]] = defaultdict(list)
    for payment in evidence.payments:
        if payment.approved and payment.key not in given_back:
            share = _Share(payment=payment, receipts=receipts[payment.key])
            found[payment.biller, payment.invoice_number].append(share)
    return found
