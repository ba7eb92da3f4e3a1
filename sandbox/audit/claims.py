"""Invariant 9: the adapter's ledger claims nothing that the books deny."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from sandbox.audit.evidence import Evidence
from sandbox.audit.ledger_view import Row
from sandbox.audit.payments import delivery_key, receipts_by_key
from sandbox.audit.report import Violation
from sandbox.audit.rows import FileRow, PaymentRow, ReceiptRow
from sandbox.audit.spelling import kind_of, whole_second

# What a payment is called while the adapter does not know that Spectrum has its receipt.
NOT_APPLIED_YET = frozenset({"accepted", "sending", "pending", "in_doubt", "failed"})
DELIVERY_STATES = NOT_APPLIED_YET | {"applied", "not_applied", "dead", "given_back"}
UPLOAD_STATES = frozenset({"sending", "accepted", "refused", "failed", "in_doubt"})
# What a reversal is called while the adapter does not know that Spectrum has taken it.
NOT_REVERSED_YET = frozenset({"waiting", "sending", "handed_over", "in_doubt"})


def ledger_claims_nothing_denied(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 9."""
    if evidence.payments:
        for door in evidence.unreachable:
            yield Violation(story=f"the adapter's ledger cannot be read: {door}")
    yield from _of_deliveries(evidence)
    yield from _of_uploads(evidence)
    yield from _of_reversals(evidence)


def _of_deliveries(evidence: Evidence) -> Iterator[Violation]:
    receipts = receipts_by_key(evidence)
    paid = {payment.key: payment for payment in evidence.payments}
    for row in evidence.deliveries:
        key = delivery_key(row)
        claims = [
            *_denied_payment(row, paid.get(key)),
            *_denied_receipt(row, receipts[key]),
        ]
        if row["state"] in NOT_APPLIED_YET and receipts[key] and _is_left(row, evidence):
            claims.append(
                f"{row['state']}, and Spectrum has receipt {receipts[key][0].receipt_id}"
            )
        for claim in claims:
            yield Violation(
                story=f"the ledger says of payment {key[1]} on invoice {key[2]}: {claim}",
                since=datetime.fromisoformat(row["accepted_at"]),
                payment_guid=key[1],
                invoice_number=key[2],
            )


def _is_left(row: Row, evidence: Evidence) -> bool:
    """Tell a row that nobody will look at again; one that is due waits for the next sweep."""
    return evidence.at_rest and not row["next_at"]


def _denied_payment(row: Row, payment: PaymentRow | None) -> Iterator[str]:
    if payment is None:
        yield f"it is {row['state']}, and Invoice Cloud knows no such payment"
        return
    made_at = whole_second(payment.made_at)
    for name, told, known in (
        ("amount", Decimal(row["amount"]), payment.amount),
        ("fee", Decimal(row["fee"]), payment.fee),
        ("account", row["account_number"], payment.account_number),
        ("kind", kind_of(row["method"]), kind_of(payment.method)),
        ("payment time", whole_second(datetime.fromisoformat(row["paid_at"])), made_at),
    ):
        if told != known:
            yield f"its {name} is {told}, and Invoice Cloud took {known}"
    if datetime.fromisoformat(row["accepted_at"]) < made_at:
        yield f"it was taken over at {row['accepted_at']}, before it was paid"


def _denied_receipt(row: Row, receipts: list[ReceiptRow]) -> Iterator[str]:
    if row["state"] not in DELIVERY_STATES:
        yield f"it is {row['state']}, which nobody knows"
    if row["state"] == "given_back" and any(r.reversed_at is None for r in receipts):
        yield f"given back to the payer, and Spectrum's receipt {receipts[0].receipt_id} stands"
    if row["state"] != "applied":
        return
    if not receipts:
        yield f"applied (by {row['evidence']}), and Spectrum has no such receipt"
    elif row["receipt_id"] and row["receipt_id"] not in {r.receipt_id for r in receipts}:
        yield f"receipt {row['receipt_id']}, and Spectrum's is {receipts[0].receipt_id}"


def _of_uploads(evidence: Evidence) -> Iterator[Violation]:
    """Judge each file; one that was sent again stands twice at Invoice Cloud, and one is meant."""
    accepted: dict[tuple[str, str], list[FileRow]] = defaultdict(list)
    for file in evidence.files:
        accepted[file.biller, file.reference].append(file)
    for row in evidence.uploads:
        claim = _denied_upload(row, accepted[row["biller"], row["reference"]])
        if claim:
            yield Violation(
                story=f"the ledger says that Invoice Cloud {row['state']} file "
                f"{row['reference']}, {claim}"
            )


def _denied_upload(row: Row, files: list[FileRow]) -> str:
    if row["state"] not in UPLOAD_STATES:
        return "which nobody knows"
    if row["state"] == "refused":
        return "and Invoice Cloud has taken it" if files else ""
    if row["state"] != "accepted":
        return ""
    if not files:
        return "and Invoice Cloud has no such file"
    told = (row["file_guid"], row["file_name"], row["invoice_count"], Decimal(row["total"]))
    if any(told == (f.file_guid, f.file_name, f.body_count, f.body_total) for f in files):
        return ""
    return (
        f"with {told[2]} invoices, {told[3]} in all, as {told[1]} {told[0]}; Invoice Cloud has it "
        f"with {files[-1].body_count}, {files[-1].body_total} in all, as {files[-1].file_name} "
        f"{files[-1].file_guid}"
    )


def _of_reversals(evidence: Evidence) -> Iterator[Violation]:
    """Yield what is still to be reversed, was taken back, and will not be looked at again."""
    done = {row.reversal_id: row for row in evidence.taken_back if row.reversal_id}
    for row in evidence.reversals:
        taken = done.get(row["reversal_id"])
        if taken and row["state"] in NOT_REVERSED_YET and _is_left(row, evidence):
            yield Violation(
                story=f"the ledger says of reversal {row['reversal_id']} that it is "
                f"{row['state']}, and Spectrum has taken receipt {taken.receipt_id} back",
                since=taken.reversed_at,
                payment_guid=row["payment_guid"],
                invoice_number=row["invoice_number"],
            )
