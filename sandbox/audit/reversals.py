"""Invariant 17: a reversal is that of its receipt and its reject, once; settings are known."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from sandbox.audit.evidence import Evidence
from sandbox.audit.ledger_view import Row
from sandbox.audit.report import Violation
from sandbox.audit.rows import Key, ReceiptRow, RejectRow, ReversalRow
from sandbox.audit.spelling import whole_second

# B3: what a policy's bill mode may be.
BILL_MODES = frozenset({"direct", "autopay"})


def reversals_equal_their_rejects(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 17; a reversal by hand bears no reject's name, and invariant 6 judges it."""
    yield from _of_spectrum(evidence)
    yield from _of_rejects(evidence)
    yield from _of_the_ledger(evidence)
    for settings in evidence.settings.values():
        mode, paperless = settings.bill_mode, settings.paperless
        if mode not in BILL_MODES or not isinstance(paperless, bool):
            yield Violation(
                story=f"IMT says of account {settings.account_number}: bill mode {mode}, "
                f"paperless {paperless}; nobody knows what that means",
                since=settings.changed_at,
            )


def _of_spectrum(evidence: Evidence) -> Iterator[Violation]:
    receipts = {receipt.receipt_id: receipt for receipt in evidence.receipts}
    rejects: dict[Key, list[RejectRow]] = defaultdict(list)
    for reject in evidence.rejects:
        if reject.goes_back:
            rejects[reject.key].append(reject)
    counts = Counter(taken.receipt_id for taken in evidence.taken_back)
    for receipt_id, count in counts.items():
        if count > 1:
            yield Violation(story=f"receipt {receipt_id} was reversed {count} times")
    for taken in evidence.taken_back:
        receipt = receipts.get(taken.receipt_id)
        if receipt is None or not receipt.is_ours or not taken.reversal_id:
            continue
        problem = _unlike(taken, receipt, rejects[receipt.key])
        if problem:
            yield Violation(
                story=f"receipt {receipt.receipt_id} of {receipt.amount} on invoice "
                f"{receipt.invoice_number} was reversed as {taken.reversal_id}: {problem}",
                since=taken.reversed_at,
                payment_guid=receipt.key[1],
                invoice_number=receipt.invoice_number,
            )


def _unlike(taken: ReversalRow, receipt: ReceiptRow, rejects: list[RejectRow]) -> str:
    """Return what a reversal says otherwise than its reject, or nothing."""
    reject = next((each for each in rejects if each.reversal_id == taken.reversal_id), None)
    if reject is None:
        return "no reject of its payment is of this name"
    if reject.amount != receipt.amount:
        return f"its reject is of {reject.amount}"
    if taken.reason.split(" ")[0] != reject.code:
        return f"for {taken.reason}, and its reject is {reject.code}"
    if taken.reversed_at < reject.rejected_at:
        return f"before its reject of {reject.rejected_at:%Y-%m-%dT%H:%M:%SZ}"
    return ""


def _of_rejects(evidence: Evidence) -> Iterator[Violation]:
    counts = Counter(reject.key for reject in evidence.rejects if reject.goes_back)
    for key, count in counts.items():
        if count > 1:
            yield Violation(
                story=f"payment {key[1]} on invoice {key[2]} came back {count} times",
                payment_guid=key[1],
                invoice_number=key[2],
            )


def _of_the_ledger(evidence: Evidence) -> Iterator[Violation]:
    rejects = {(r.biller, r.reject_guid, r.invoice_number): r for r in evidence.rejects}
    receipts = {receipt.receipt_id: receipt for receipt in evidence.receipts}
    for row in evidence.reversals:
        reject = rejects.get((row["biller"], row["reject_guid"], row["invoice_number"]))
        if reject is None:
            continue  # invariant 15 tells it
        for problem in _denied(row, reject, receipts):
            yield Violation(
                story=f"the ledger's reversal {row['reversal_id']}: {problem}",
                since=reject.rejected_at,
                payment_guid=reject.payment_guid,
                invoice_number=reject.invoice_number,
            )


def _second(text: str) -> datetime:
    return whole_second(datetime.fromisoformat(text))


def _denied(row: Row, reject: RejectRow, receipts: dict[str, ReceiptRow]) -> Iterator[str]:
    for name, told, known in (
        ("name", row["reversal_id"], reject.reversal_id),
        ("payment", row["payment_guid"], reject.payment_guid),
        ("amount", Decimal(row["amount"]), reject.amount),
        ("code", row["code"], reject.code),
        ("account", row["account_number"], reject.account_number),
        ("time", _second(row["returned_at"]), whole_second(reject.rejected_at)),
    ):
        if told != known:
            yield f"its {name} is {told}, and its reject says {known}"
    if row["state"] != "reversed" or not row["receipt_id"]:
        return
    receipt = receipts.get(row["receipt_id"])
    if receipt is None or receipt.key != reject.key or receipt.reversed_at is None:
        yield f"it took receipt {row['receipt_id']} back, which Spectrum denies"
