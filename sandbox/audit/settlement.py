"""Invariant 8: a payment is paid out in one settled batch, to the cent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox.audit.evidence import Evidence
from sandbox.audit.report import Violation
from sandbox.audit.rows import ZERO, BatchEntryRow, Key


def batches_match_to_the_cent(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 8: each payment and each return is in one batch, of its very amount.

    What the ledger says of a batch, its total included, is what the processor paid out.
    """
    expected = _expected(evidence)
    batches: dict[tuple[str, Key], list[str]] = defaultdict(list)
    for entry in evidence.batch_entries:
        seen_in = batches[entry.transaction, entry.key]
        seen_in.append(entry.batch_id)
        amount, fee, account = expected.get((entry.transaction, entry.key), (ZERO, ZERO, ""))
        if entry.amount != amount:
            yield _of_entry(entry, f"is {entry.amount} in batch {entry.batch_id}, not {amount}")
        elif len(seen_in) > 1:
            yield _of_entry(entry, f"is in the batches {', '.join(seen_in)}")
        elif entry.fee != fee:
            yield _of_entry(entry, f"has a fee of {entry.fee} in its batch, not {fee}")
        elif entry.account_number != account:
            yield _of_entry(entry, f"is of account {entry.account_number}, not {account}")
    for missing in evidence.unpaid:
        yield Violation(
            story=f"payment {missing.key[1]} on invoice {missing.key[2]} was captured for the "
            f"batch of {missing.settles_on}, which does not hold it",
            payment_guid=missing.key[1],
            invoice_number=missing.key[2],
        )
    yield from _batches_share_a_number(evidence)
    yield from _ledger_differs(evidence)
    yield from _totals_differ(evidence)


def _expected(evidence: Evidence) -> dict[tuple[str, Key], tuple[Decimal, Decimal, str]]:
    """Return amount, fee and account of each payment and return that a batch may hold."""
    paid = {
        ("payment", payment.key): (payment.amount, payment.fee, payment.account_number)
        for payment in evidence.payments
        if payment.approved
    }
    returned = {
        ("return", reject.key): (-reject.amount, ZERO, reject.account_number)
        for reject in evidence.rejects
        if reject.goes_back
    }
    return paid | returned


def _batches_share_a_number(evidence: Evidence) -> Iterator[Violation]:
    days: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in evidence.batch_entries:
        days[entry.biller, entry.batch_id].add(entry.settled_on)
    for (_, batch_id), seen in sorted(days.items()):
        if len(seen) > 1:
            yield Violation(
                story=f"batch {batch_id} was settled on {' and on '.join(sorted(seen))}"
            )


def _ledger_differs(evidence: Evidence) -> Iterator[Violation]:
    """Yield what the ledger says of a batch that the processor's book denies."""
    known = {
        (e.biller, e.batch_id, e.transaction, e.payment_guid, e.invoice_number): e
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
        entry = known.get(key)
        problem = ""
        if entry is None or entry.amount != Decimal(row["amount"]):
            problem = f"holds {row['amount']}, and the processor says {entry and entry.amount}"
        elif entry.settled_on != row["settled_on"]:
            problem = f"is of {row['settled_on']}, and the processor says {entry.settled_on}"
        if problem:
            yield Violation(
                story=f"the ledger says that batch {row['batch_id']}, for payment "
                f"{row['payment_guid']}, {problem}",
                payment_guid=row["payment_guid"],
                invoice_number=row["invoice_number"],
            )


def _totals_differ(evidence: Evidence) -> Iterator[Violation]:
    """Yield each batch of which the ledger was told another total or count than was paid out."""
    paid_out: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in evidence.batch_entries:
        paid_out[entry.biller, entry.batch_id] += entry.amount
    counts = Counter((entry.biller, entry.batch_id) for entry in evidence.batch_entries)
    told = {
        (row["biller"], row["batch_id"], row["batch_total"], row["batch_count"])
        for row in evidence.settlements
    }
    for biller, batch_id, total, count in sorted(told):
        key = (biller, batch_id)
        if (Decimal(total), count) != (paid_out[key], counts[key]):
            yield Violation(
                story=f"the ledger says that batch {batch_id} is of {total} in all, in {count} "
                f"rows, and the processor paid out {paid_out[key]}, in {counts[key]}"
            )


def _of_entry(entry: BatchEntryRow, problem: str) -> Violation:
    what = "payment" if entry.transaction == "payment" else "the return of payment"
    return Violation(
        story=f"{what} {entry.payment_guid} on invoice {entry.invoice_number} {problem}",
        since=entry.settled_at,
        payment_guid=entry.payment_guid,
        invoice_number=entry.invoice_number,
    )
