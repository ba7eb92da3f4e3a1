"""Invariants 6 and 8: returned payments and settled batches, to the cent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox.audit.evidence import Evidence
from sandbox.audit.ledger_view import Row
from sandbox.audit.report import Violation
from sandbox.audit.rows import VENDOR, BatchEntryRow, ReceiptRow, RejectRow

Key = tuple[str, str, str]


def every_reject_is_reversed_once(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 6: or it stands visibly at the adapter, or the next reject poll is to come.

    A row of the report that takes no money back must bring no reversal about.
    """
    receipts: dict[Key, list[ReceiptRow]] = defaultdict(list)
    for receipt in evidence.receipts:
        if receipt.vendor == VENDOR:
            receipts[_receipt_key(receipt)].append(receipt)
    gone_back = [reject for reject in evidence.rejects if reject.goes_back]
    rejected = {(r.biller, r.payment_guid, r.invoice_number) for r in gone_back}
    for reject in gone_back:
        key = (reject.biller, reject.payment_guid, reject.invoice_number)
        problem = _judge_reject(reject, receipts[key], evidence)
        if problem:
            yield Violation(
                story=f"payment {reject.payment_guid} of {reject.amount} on invoice "
                f"{reject.invoice_number} came back: {problem}",
                since=reject.rejected_at,
                payment_guid=reject.payment_guid,
                invoice_number=reject.invoice_number,
            )
    for key in sorted(receipts.keys() - rejected):
        for receipt in receipts[key]:
            if receipt.reversed_at is not None:
                yield Violation(
                    story=f"receipt {receipt.receipt_id} of {receipt.amount} on invoice "
                    f"{receipt.invoice_number} was reversed, and no payment came back",
                    since=receipt.reversed_at,
                    payment_guid=key[1],
                    invoice_number=receipt.invoice_number,
                )


def batches_match_to_the_cent(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 8: each payment and each return is in one batch at most, of its very amount.

    What the ledger says of a batch, its total included, is what the processor paid out.
    """
    paid = {
        (p.biller, p.payment_guid, p.invoice_number): p.amount
        for p in evidence.payments
        if p.approved
    }
    returned = {
        (r.biller, r.payment_guid, r.invoice_number): -r.amount
        for r in evidence.rejects
        if r.goes_back
    }
    batches: dict[tuple[str, Key], list[str]] = defaultdict(list)
    for entry in evidence.batch_entries:
        key = (entry.biller, entry.payment_guid, entry.invoice_number)
        seen_in = batches[entry.transaction, key]
        seen_in.append(entry.batch_id)
        known = paid if entry.transaction == "payment" else returned
        expected = known.get(key, Decimal(0))
        if entry.amount != expected:
            problem = f"is {entry.amount} in batch {entry.batch_id}, not {expected}"
            yield _of_entry(entry, problem)
        elif len(seen_in) > 1:
            yield _of_entry(entry, f"is in the batches {', '.join(seen_in)}")
    yield from _ledger_differs(evidence)
    yield from _totals_differ(evidence)


def _judge_reject(reject: RejectRow, receipts: list[ReceiptRow], evidence: Evidence) -> str:
    """Return what is wrong with a reject, or nothing."""
    reversed_ones = [receipt for receipt in receipts if receipt.reversed_at is not None]
    if reversed_ones:
        count = len(reversed_ones)
        return "" if count == 1 else f"{count} receipts were reversed for it"
    rows = [
        row
        for row in evidence.reversals
        if row["biller"] == reject.biller
        and row["reversal_id"] == f"{reject.reject_guid}:{reject.invoice_number}"
    ]
    if rows:
        return _judge_reversal(rows[0], evidence)
    if evidence.is_fresh(reject.rejected_at):
        return ""
    return "no receipt was reversed, the adapter does not know it, and its poll has passed"


def _judge_reversal(row: Row, evidence: Evidence) -> str:
    """Return what is wrong with the adapter's reversal of a receipt that stands, or nothing."""
    if row["state"] == "reversed":
        return "the adapter says reversed, and Spectrum's receipt stands"
    is_visible = row["state"] in {"refused", "failed"} or evidence.goes_on(row)
    return "" if is_visible else f"no receipt was reversed, and the adapter says {row['state']}"


def _ledger_differs(evidence: Evidence) -> Iterator[Violation]:
    """Yield what the ledger says of a batch that the processor's book denies."""
    known = {
        (e.biller, e.batch_id, e.transaction, e.payment_guid, e.invoice_number): e.amount
        for e in evidence.batch_entries
    }
    for row in evidence.settlements:
        key = (
            row["biller"],
            row["batch_id"],
            row["transaction"],
            row["payment_guid"],
            row["invoice_number"],
        )
        amount = known.get(key)
        if amount != Decimal(row["amount"]):
            yield Violation(
                story=f"the ledger says that batch {row['batch_id']} holds {row['amount']} for "
                f"payment {row['payment_guid']}, and the processor says {amount}",
                payment_guid=row["payment_guid"],
                invoice_number=row["invoice_number"],
            )


def _totals_differ(evidence: Evidence) -> Iterator[Violation]:
    """Yield each batch of which the ledger was told another total than was paid out."""
    paid_out: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in evidence.batch_entries:
        paid_out[entry.biller, entry.batch_id] += entry.amount
    told = {(row["biller"], row["batch_id"], row["batch_total"]) for row in evidence.settlements}
    for biller, batch_id, total in sorted(told):
        if Decimal(total) != paid_out[biller, batch_id]:
            yield Violation(
                story=f"the ledger says that batch {batch_id} is of {total} in all, and the "
                f"processor paid out {paid_out[biller, batch_id]}"
            )


def _of_entry(entry: BatchEntryRow, problem: str) -> Violation:
    what = "payment" if entry.transaction == "payment" else "the return of payment"
    return Violation(
        story=f"{what} {entry.payment_guid} on invoice {entry.invoice_number} {problem}",
        since=entry.settled_at,
        payment_guid=entry.payment_guid,
        invoice_number=entry.invoice_number,
    )


def _receipt_key(receipt: ReceiptRow) -> Key:
    return (receipt.biller, receipt.reference_number.lower(), receipt.invoice_number)
