"""Invariant 4: what Invoice Cloud was billed is what Spectrum said at the cut-off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
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

Key = tuple[str, str]
ZERO = Decimal("0.00")
# No file can carry the invoice, and a person was asked to look.
EXCUSE = "invoice_refused"
# The files of a feed in a folder tell the second they were written in, and no more.
WHOLE_SECOND = timedelta(seconds=1)


def billed_figures_equal_spectrum(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 4, for each biller whose last file is answered: what is on its way is visible.

    An invoice that no file can carry, and that stands in the exceptions, is not judged.
    """
    billed = {(row.biller, row.invoice_number): row.total_due for row in evidence.billed}
    excused = {
        (row["biller"], row["invoice_number"])
        for row in evidence.exceptions
        if row["kind"] == EXCUSE and not row["resolved_at"]
    }
    for biller, as_of in sorted(_cut_offs(evidence).items()):
        told = _balances_at(evidence, biller, as_of)
        for key in sorted((billed.keys() | told.keys()) - excused):
            problem = _compare(key, billed, told) if key[0] == biller else ""
            if problem:
                yield Violation(
                    story=f"invoice {key[1]} is {problem} at {as_of:%Y-%m-%dT%H:%M:%SZ}, the "
                    "cut-off of the last file",
                    since=as_of,
                    invoice_number=key[1],
                )


def _compare(
    key: Key, billed: Mapping[Key, Decimal], told: Mapping[Key, frozenset[Decimal]]
) -> str:
    """Return what is wrong with an invoice, or nothing; one with nothing due need no bill."""
    if key not in told:
        return f"billed {billed[key]} at Invoice Cloud, and Spectrum had no such invoice"
    balances = ", ".join(str(balance) for balance in sorted(told[key]))
    if key not in billed:
        said = f"not billed at Invoice Cloud, and Spectrum said {balances}"
        return "" if ZERO in told[key] else said
    if billed[key] in told[key]:
        return ""
    return f"billed {billed[key]} at Invoice Cloud, and Spectrum said {balances}"


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


def _balances_at(
    evidence: Evidence, biller: str, as_of: datetime
) -> dict[Key, frozenset[Decimal]]:
    """Return what each invoice's balance was at a moment; in its very instant, each that it was.

    Credits are never billed: a balance is nothing or due.
    """
    until = as_of if as_of.microsecond else as_of + WHOLE_SECOND
    balance: dict[Key, Decimal] = {}
    seen: dict[Key, set[Decimal]] = defaultdict(set)
    receipts: dict[str, ReceiptApplied] = {}
    book = evidence.world.book(SpectrumBook)
    with book.locked():
        for recorded in book.events:
            number, moved = _move(recorded.event, receipts)
            key = (book.invoices[number].biller, number)
            if key[0] != biller or (recorded.at > as_of and recorded.at >= until):
                continue
            before = balance.get(key, ZERO)
            balance[key] = before + moved
            if recorded.at >= as_of:
                seen[key].add(max(before, ZERO))
    return {key: frozenset({max(now, ZERO), *seen[key]}) for key, now in balance.items()}


def _move(event: object, receipts: dict[str, ReceiptApplied]) -> tuple[str, Decimal]:
    match event:
        case InvoiceIssued(policy=policy):
            return policy.invoice_number, policy.billed
        case ReceiptApplied() as applied:
            receipts[applied.receipt_id] = applied
            return applied.invoice_number, -_moved_by(applied)
        case ReceiptReversed(receipt_id=receipt_id):
            return receipts[receipt_id].invoice_number, _moved_by(receipts[receipt_id])
        case BalanceAdjusted(invoice_number=number, amount=amount):
            return number, amount
    raise TypeError(f"the auditor knows no {type(event).__name__}")


def _moved_by(applied: ReceiptApplied) -> Decimal:
    return ZERO if applied.unapplied else applied.amount
