"""Invariants 12 and 13: what a receipt says, and how much all of them may take in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox.audit.evidence import Evidence
from sandbox.audit.payments import delivery_key
from sandbox.audit.report import Violation
from sandbox.audit.rows import Key, PaymentRow, ReceiptRow
from sandbox.audit.spectrum_record import spectrum_record
from sandbox.audit.spelling import kind_of, moment_of, name_of, whole_second


def nothing_is_paid_twice_over(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 12: receipts and open payments are at most what was ever billed on an invoice.

    Only Invoice Cloud's money is counted: what reached Spectrum past it is the carrier's to mend.
    A receipt counts for nothing once the payer has the money back, and unapplied cash moves no
    balance. An invoice with an open review item is a person's.
    """
    most = {
        (invoice.biller, number): invoice.most_billed
        for number, invoice in spectrum_record(evidence.world).items()
    }
    asked = {(row["biller"], row["invoice_number"]) for row in evidence.open_items}
    taken_in = _taken_in(evidence)
    for key in sorted(taken_in.keys() - asked):
        if taken_in[key] > most.get(key, Decimal(0)):
            yield Violation(
                story=f"invoice {key[1]} was never billed higher than {most.get(key, 0)}, and "
                f"{taken_in[key]} stands paid on it at Invoice Cloud",
                invoice_number=key[1],
            )


def receipts_equal_payments(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 13: field by field and by value, whatever vendor the receipt names."""
    paid = {payment.key: payment for payment in evidence.payments if payment.approved}
    zones = {biller.slug: biller.zone for biller in evidence.world.billers}
    for receipt in evidence.receipts:
        payment = paid.get(receipt.key)
        if payment is None:
            continue
        date_paid = moment_of(receipt.date_paid, zones[receipt.biller])
        for field, told, known in (
            ("vendor", receipt.is_ours or receipt.vendor, True),
            ("policy", receipt.policy_number, payment.account_number),
            ("amount", receipt.amount, payment.amount),
            ("fee", receipt.fee, payment.fee),
            ("date", date_paid, whole_second(payment.made_at)),
            ("kind", kind_of(receipt.payment_type), kind_of(payment.method)),
            ("transaction id", receipt.transaction_id, payment.reference),
            ("name", name_of(receipt.full_name), name_of(payment.customer_name)),
        ):
            if told != known:
                yield _otherwise(receipt, payment, field, told, known)


def _otherwise(
    receipt: ReceiptRow, payment: PaymentRow, field: str, told: object, known: object
) -> Violation:
    """Say which field differs; of a name only that it does."""
    what = "another one" if field == "name" else f"{told}"
    paid = "" if field in {"name", "vendor"} else f", and Invoice Cloud has {known}"
    return Violation(
        story=f"receipt {receipt.receipt_id} of payment {payment.payment_guid} on invoice "
        f"{receipt.invoice_number}: its {field} is {what}{paid}",
        since=receipt.applied_at,
        payment_guid=payment.payment_guid,
        invoice_number=receipt.invoice_number,
    )


def _taken_in(evidence: Evidence) -> dict[tuple[str, str], Decimal]:
    """Return what stands paid on each invoice: receipts, and payments that have none yet."""
    payments: dict[Key, PaymentRow] = {
        payment.key: payment for payment in evidence.payments if payment.approved
    }
    given_back = {delivery_key(row) for row in evidence.deliveries if row["state"] == "given_back"}
    taken_in: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    known: set[Key] = set()
    for receipt in evidence.receipts:
        if not receipt.is_ours:
            continue
        known.add(receipt.key)
        payment = payments.get(receipt.key)
        came_back = payment is not None and payment.returned_at is not None
        if receipt.reversed_at is None and not receipt.unapplied and not came_back:
            taken_in[receipt.biller, receipt.invoice_number] += receipt.amount
    for key, payment in payments.items():
        if payment.returned_at is None and key not in known | given_back:
            taken_in[payment.biller, payment.invoice_number] += payment.amount
    return taken_in
