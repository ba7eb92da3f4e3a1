"""Invariant 6: each returned payment takes its receipt back, and the payer owes again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sandbox.audit.evidence import Evidence
from sandbox.audit.ledger_view import Row
from sandbox.audit.payments import receipts_by_key
from sandbox.audit.report import Violation
from sandbox.audit.rows import Key, ReceiptRow, RejectRow


def every_reject_is_reversed_once(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 6: or it stands visibly at the adapter, or the next reject poll is to come.

    A row of the report that takes no money back must bring no reversal about.
    """
    receipts = receipts_by_key(evidence)
    gone_back = [reject for reject in evidence.rejects if reject.goes_back]
    for reject in gone_back:
        problem = _judge_reject(reject, receipts[reject.key], evidence)
        if problem:
            yield Violation(
                story=f"payment {reject.payment_guid} of {reject.amount} on invoice "
                f"{reject.invoice_number} came back: {problem}",
                since=reject.rejected_at,
                payment_guid=reject.payment_guid,
                invoice_number=reject.invoice_number,
            )
    for key in sorted(receipts.keys() - {reject.key for reject in gone_back}):
        for receipt in receipts[key]:
            if receipt.reversed_at is not None:
                yield Violation(
                    story=f"receipt {receipt.receipt_id} of {receipt.amount} on invoice "
                    f"{receipt.invoice_number} was reversed, and no payment came back",
                    since=receipt.reversed_at,
                    payment_guid=key[1],
                    invoice_number=receipt.invoice_number,
                )
    yield from _bills_differ(evidence)


def _bills_differ(evidence: Evidence) -> Iterator[Violation]:
    """Yield payments that Invoice Cloud gave back unlike its own report of rejects."""
    rejected: dict[Key, list[RejectRow]] = defaultdict(list)
    for reject in evidence.rejects:
        if reject.goes_back:
            rejected[reject.key].append(reject)
    for payment in evidence.payments:
        came_back = bool(rejected[payment.key])
        if came_back is (payment.returned_at is not None):
            continue
        problem = "no bank returned it" if not came_back else "its bill counts it as paid"
        verb = "came back" if came_back else "was given back"
        yield Violation(
            story=f"payment {payment.payment_guid} of {payment.amount} on invoice "
            f"{payment.invoice_number} {verb} at Invoice Cloud, and {problem}",
            since=payment.returned_at or payment.made_at,
            payment_guid=payment.payment_guid,
            invoice_number=payment.invoice_number,
        )


def _judge_reject(reject: RejectRow, receipts: list[ReceiptRow], evidence: Evidence) -> str:
    """Return what is wrong with a reject, or nothing."""
    reversed_ones = [receipt for receipt in receipts if receipt.reversed_at is not None]
    if reversed_ones:
        count = len(reversed_ones)
        return "" if count == 1 else f"{count} receipts were reversed for it"
    rows = [
        row
        for row in evidence.reversals
        if row["biller"] == reject.biller and row["reversal_id"] == reject.reversal_id
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
