"""Invariant 4: what Invoice Cloud was billed is what Spectrum said at the cut-off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from sandbox.audit.evidence import Evidence
from sandbox.audit.report import Violation
from sandbox.fakes.spectrum.book import (
    BalanceAdjusted,
    InvoiceIssued,
    ReceiptApplied,
    ReceiptReversed,
    SpectrumBook,
)

ZERO = Decimal("0.00")


def billed_figures_equal_spectrum(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 4, for each biller whose last file is answered: what is on its way is visible."""
    cut_offs = _cut_offs(evidence)
    balances: dict[str, dict[str, frozenset[Decimal]]] = {
        biller: _balances_at(evidence, as_of) for biller, as_of in cut_offs.items()
    }
    excused = {
        (row["biller"], row["invoice_number"])
        for row in evidence.exceptions
        if not row["resolved_at"]
    }
    for row in evidence.billed:
        told = balances.get(row.biller, {}).get(row.invoice_number)
        if told is None or row.total_due in told or (row.biller, row.invoice_number) in excused:
            continue
        as_of = cut_offs[row.biller]
        yield Violation(
            story=f"invoice {row.invoice_number} is billed {row.total_due} at Invoice Cloud, and "
            f"Spectrum said {', '.join(str(balance) for balance in sorted(told))} at "
            f"{as_of:%Y-%m-%dT%H:%M:%SZ}, the cut-off of the last file",
            since=as_of,
            invoice_number=row.invoice_number,
        )


def _cut_offs(evidence: Evidence) -> dict[str, datetime]:
    """Return the moment of each biller's last accepted file, unless a later one is unanswered."""
    accepted: dict[str, datetime] = {}
    open_ones: dict[str, datetime] = {}
    for row in evidence.uploads:
        as_of = datetime.fromisoformat(row["as_of"])
        found = accepted if row["state"] == "accepted" else open_ones
        found[row["biller"]] = max(as_of, found.get(row["biller"], as_of))
    return {
        biller: as_of
        for biller, as_of in accepted.items()
        if open_ones.get(biller) is None or open_ones[biller] < as_of
    }


def _balances_at(evidence: Evidence, as_of: datetime) -> dict[str, frozenset[Decimal]]:
    """Return what each invoice's balance was at a moment; in its very instant, each that it was.

    Credits are never billed: a balance is nothing or due.
    """
    book = evidence.world.book(SpectrumBook)
    balance: dict[str, Decimal] = {}
    seen: dict[str, set[Decimal]] = defaultdict(set)
    receipts: dict[str, ReceiptApplied] = {}
    with book.locked():
        for recorded in book.events:
            if recorded.at > as_of:
                continue
            number, moved = _move(recorded.event, receipts)
            before = balance.get(number, ZERO)
            balance[number] = before + moved
            if recorded.at == as_of:
                seen[number].add(max(before, ZERO))
    return {number: frozenset({max(now, ZERO), *seen[number]}) for number, now in balance.items()}


def _move(event: object, receipts: dict[str, ReceiptApplied]) -> tuple[str, Decimal]:
    match event:
        case InvoiceIssued(policy=policy):
            return policy.invoice_number, policy.billed
        case ReceiptApplied() as applied:
            receipts[applied.receipt_id] = applied
            return applied.invoice_number, -applied.amount
        case ReceiptReversed(receipt_id=receipt_id):
            return receipts[receipt_id].invoice_number, receipts[receipt_id].amount
        case BalanceAdjusted(invoice_number=number, amount=amount):
            return number, amount
    raise TypeError(f"the auditor knows no {type(event).__name__}")
