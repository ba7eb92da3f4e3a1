"""Invariants 1, 2 and 9: payments, receipts and the adapter's ledger tell one story."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from sandbox.audit.evidence import Evidence
from sandbox.audit.ledger_view import Row
from sandbox.audit.report import Violation
from sandbox.audit.rows import VENDOR, PaymentRow, ReceiptRow

Key = tuple[str, str, str]
# States in which a payment stands visibly at the adapter although Spectrum has no receipt yet.
WAITING = frozenset({"pending", "in_doubt", "failed"})
VISIBLE = frozenset({"not_applied", "dead", "given_back"})
IN_FLIGHT = frozenset({"accepted", "sending"})


def every_payment_has_one_receipt(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 1."""
    receipts = _receipts_by_key(evidence)
    deliveries = {_delivery_key(row): row for row in evidence.deliveries}
    for payment in evidence.payments:
        if not payment.approved:
            continue
        key = (payment.biller, payment.payment_guid, payment.invoice_number)
        problem = _judge_payment(payment, receipts[key], deliveries.get(key), evidence)
        if problem:
            yield Violation(
                story=f"payment {payment.payment_guid} of {payment.amount} on invoice "
                f"{payment.invoice_number}: {problem}",
                since=payment.made_at,
                payment_guid=payment.payment_guid,
                invoice_number=payment.invoice_number,
            )


def no_receipt_without_payment(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 2; other vendors' receipts may exist."""
    paid = {(p.biller, p.payment_guid, p.invoice_number) for p in evidence.payments if p.approved}
    for receipt in evidence.receipts:
        key = (receipt.biller, receipt.reference_number.lower(), receipt.invoice_number)
        if receipt.vendor == VENDOR and key not in paid:
            yield Violation(
                story=f"receipt {receipt.receipt_id} of {receipt.amount} on invoice "
                f"{receipt.invoice_number} refers to {receipt.reference_number}, which no "
                "approved payment at Invoice Cloud bears",
                since=receipt.applied_at,
                payment_guid=receipt.reference_number.lower(),
                invoice_number=receipt.invoice_number,
            )


def ledger_claims_nothing_denied(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 9."""
    if evidence.payments:
        for door in evidence.unreachable:
            yield Violation(story=f"the adapter's ledger cannot be read: {door}")
    receipts = _receipts_by_key(evidence)
    paid = {(p.biller, p.payment_guid, p.invoice_number): p for p in evidence.payments}
    accepted = {file.reference for file in evidence.files}
    for row in evidence.deliveries:
        key = _delivery_key(row)
        for claim in _denied_claims(row, receipts[key], paid.get(key)):
            yield Violation(
                story=f"the ledger says of payment {key[1]} on invoice {key[2]}: {claim}",
                since=datetime.fromisoformat(row["accepted_at"]),
                payment_guid=key[1],
                invoice_number=key[2],
            )
    for upload in evidence.uploads:
        if upload["state"] == "accepted" and upload["reference"] not in accepted:
            yield Violation(
                story=f"the ledger says that Invoice Cloud accepted file {upload['reference']}, "
                "and Invoice Cloud has no such file"
            )


def _judge_payment(
    payment: PaymentRow, receipts: list[ReceiptRow], delivery: Row | None, evidence: Evidence
) -> str:
    """Return what is wrong with an approved payment, or nothing."""
    if len(receipts) > 1:
        numbers = ", ".join(receipt.receipt_id for receipt in receipts)
        return f"applied {len(receipts)} times in Spectrum (receipts {numbers})"
    if not receipts:
        return _judge_absence(payment, delivery, evidence)
    if receipts[0].amount != payment.amount:
        return f"receipt {receipts[0].receipt_id} in Spectrum is of {receipts[0].amount}"
    return ""


def _judge_absence(payment: PaymentRow, delivery: Row | None, evidence: Evidence) -> str:
    """Return what is wrong with a payment that Spectrum has no receipt of, or nothing."""
    if delivery is None:
        if evidence.is_young(payment.made_at):
            return ""
        return "no receipt in Spectrum, unknown to the adapter, and the payment poll has passed"
    state = delivery["state"]
    if state in IN_FLIGHT and _is_overdue(delivery, evidence):
        return f"the world is at rest and the adapter still has it in flight ({state})"
    if state in VISIBLE | IN_FLIGHT or (state in WAITING and delivery["next_at"]):
        return ""
    return f"no receipt in Spectrum, and the adapter says {state}"


def _is_overdue(delivery: Row, evidence: Evidence) -> bool:
    """In flight at rest is wrong unless it waits for a moment to come, or for a person."""
    blocked = any(
        row["biller"] == delivery["biller"]
        and row["invoice_number"] == delivery["invoice_number"]
        and not row["resolved_at"]
        for row in evidence.exceptions
    )
    return not blocked and not evidence.goes_on(delivery)


def _denied_claims(
    row: Row, receipts: list[ReceiptRow], payment: PaymentRow | None
) -> Iterator[str]:
    if payment is None:
        yield f"it is {row['state']}, and Invoice Cloud knows no such payment"
    elif payment.amount != Decimal(row["amount"]):
        yield f"its amount is {row['amount']}, and Invoice Cloud took {payment.amount}"
    if row["state"] != "applied":
        return
    if not receipts:
        yield f"applied (by {row['evidence']}), and Spectrum has no such receipt"
    elif row["receipt_id"] and row["receipt_id"] not in {r.receipt_id for r in receipts}:
        yield f"receipt {row['receipt_id']}, and Spectrum's is {receipts[0].receipt_id}"


def _receipts_by_key(evidence: Evidence) -> dict[Key, list[ReceiptRow]]:
    found: dict[Key, list[ReceiptRow]] = defaultdict(list)
    for receipt in evidence.receipts:
        if receipt.vendor == VENDOR:
            key = (receipt.biller, receipt.reference_number.lower(), receipt.invoice_number)
            found[key].append(receipt)
    return found


def _delivery_key(row: Row) -> Key:
    return (row["biller"], row["payment_guid"], row["invoice_number"])
