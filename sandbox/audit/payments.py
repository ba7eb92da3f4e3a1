"""Invariants 1 and 2: every payment has its receipt, and every receipt its payment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sandbox.audit.evidence import Evidence
from sandbox.audit.ledger_view import Row
from sandbox.audit.report import Violation
from sandbox.audit.rows import Key, PaymentRow, ReceiptRow

# States in which a payment stands visibly at the adapter although Spectrum has no receipt yet.
WAITING = frozenset({"pending", "in_doubt", "failed"})
VISIBLE = frozenset({"not_applied", "dead", "given_back"})
IN_FLIGHT = frozenset({"accepted", "sending"})


def every_payment_has_one_receipt(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 1."""
    receipts = receipts_by_key(evidence)
    deliveries = {delivery_key(row): row for row in evidence.deliveries}
    for payment in evidence.payments:
        if not payment.approved:
            continue
        key = payment.key
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
    paid = {payment.key for payment in evidence.payments if payment.approved}
    for receipt in evidence.receipts:
        if receipt.is_ours and receipt.key not in paid:
            yield Violation(
                story=f"receipt {receipt.receipt_id} of {receipt.amount} on invoice "
                f"{receipt.invoice_number} refers to {receipt.reference_number}, which no "
                "approved payment at Invoice Cloud bears",
                since=receipt.applied_at,
                payment_guid=receipt.key[1],
                invoice_number=receipt.invoice_number,
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


def receipts_by_key(evidence: Evidence) -> dict[Key, list[ReceiptRow]]:
    """Return InvoiceCloud's receipts of each share of a payment."""
    found: dict[Key, list[ReceiptRow]] = defaultdict(list)
    for receipt in evidence.receipts:
        if receipt.is_ours:
            found[receipt.key].append(receipt)
    return found


def delivery_key(row: Row) -> Key:
    """Return which share of which payment a row of the ledger is about."""
    return (row["biller"], row["payment_guid"], row["invoice_number"])
