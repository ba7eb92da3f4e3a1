"""Invariant 15: what the books imply stands in the ledger, and what stands there is in a book."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from sandbox.audit.enrollments import KINDS
from sandbox.audit.evidence import Evidence
from sandbox.audit.ledger_view import Row
from sandbox.audit.payments import delivery_key
from sandbox.audit.report import Violation
from sandbox.audit.spelling import whole_second

# What makes two rows of a table of the ledger one and the same.
NAMES = {
    "delivery": ("biller", "payment_guid", "invoice_number"),
    "reversal": ("biller", "payment_guid", "invoice_number"),
    "settlement": ("biller", "batch_id", "transaction", "payment_guid", "invoice_number"),
    "enrolment": ("biller", "event_guid"),
    "upload": ("biller", "reference"),
}


def ledger_and_books_hold_the_same(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 15, for each biller whose ledger can be read; what a poll brings has its time."""
    yield from _missing_deliveries(evidence)
    yield from _missing_reversals(evidence)
    yield from _missing_settlements(evidence)
    yield from _missing_uploads(evidence)
    yield from _missing_enrollments(evidence)
    yield from _strange_reversals(evidence)
    yield from _strange_enrollments(evidence)
    for what, rows in _tables(evidence).items():
        yield from _doubled(what, rows)


def _tables(evidence: Evidence) -> dict[str, tuple[Row, ...]]:
    return {
        "delivery": evidence.deliveries,
        "reversal": evidence.reversals,
        "settlement": evidence.settlements,
        "enrolment": evidence.pushes,
        "upload": evidence.uploads,
    }


def _missing_deliveries(evidence: Evidence) -> Iterator[Violation]:
    """Yield what the data pump brought, or what the payment poll should have found by now."""
    known = {delivery_key(row) for row in evidence.deliveries}
    for payment in evidence.payments:
        if not payment.approved or payment.biller not in evidence.readable:
            continue
        is_told = payment.is_delivered and evidence.has_settled(payment.made_at)
        is_due = is_told or not evidence.is_young(payment.made_at)
        if is_due and payment.key not in known:
            yield Violation(
                story=f"payment {payment.payment_guid} of {payment.amount} on invoice "
                f"{payment.invoice_number} does not stand in the ledger",
                since=payment.made_at,
                payment_guid=payment.payment_guid,
                invoice_number=payment.invoice_number,
            )


def _missing_reversals(evidence: Evidence) -> Iterator[Violation]:
    """Yield returns that are not there; a code by which none is reversed makes an item instead."""
    known = {delivery_key(row) for row in evidence.reversals}
    items = " ".join(row["detail"] for row in evidence.exceptions)
    for reject in evidence.rejects:
        if not reject.goes_back or reject.biller not in evidence.readable:
            continue
        is_told = reject.key in known or reject.reject_guid in items
        if not is_told and not evidence.is_fresh(reject.rejected_at):
            yield Violation(
                story=f"the return of payment {reject.payment_guid} on invoice "
                f"{reject.invoice_number} does not stand in the ledger",
                since=reject.rejected_at,
                payment_guid=reject.payment_guid,
                invoice_number=reject.invoice_number,
            )


def _missing_settlements(evidence: Evidence) -> Iterator[Violation]:
    known = {tuple(row[name] for name in NAMES["settlement"]) for row in evidence.settlements}
    for entry in evidence.batch_entries:
        key = (
            entry.biller,
            entry.batch_id,
            entry.transaction,
            entry.payment_guid,
            entry.invoice_number,
        )
        is_due = entry.biller in evidence.readable and not evidence.is_unread(entry.settled_at)
        if is_due and key not in known:
            yield Violation(
                story=f"the {entry.transaction} of {entry.amount} in batch {entry.batch_id}, of "
                f"payment {entry.payment_guid}, does not stand in the ledger",
                since=entry.settled_at,
                payment_guid=entry.payment_guid,
                invoice_number=entry.invoice_number,
            )


def _missing_uploads(evidence: Evidence) -> Iterator[Violation]:
    known = {(row["biller"], row["reference"]) for row in evidence.uploads}
    for file in evidence.files:
        if file.biller not in evidence.readable or not evidence.has_settled(file.received_at):
            continue
        if (file.biller, file.reference) not in known:
            yield Violation(
                story=f"Invoice Cloud took file {file.reference} of {file.body_count} invoices, "
                "and the ledger never sent it",
                since=file.received_at,
            )


def _missing_enrollments(evidence: Evidence) -> Iterator[Violation]:
    known = {(row["biller"], row["event_guid"]) for row in evidence.pushes}
    for change in evidence.changes:
        is_told = change.is_delivered and evidence.has_settled(change.changed_at)
        if change.biller not in evidence.readable:
            continue
        if change.kind in KINDS and is_told and (change.biller, change.event_guid) not in known:
            yield Violation(
                story=f"the adapter took over that account {change.account_number} is "
                f"{'on' if change.enrolled else 'off'} {change.kind}, and its ledger lacks it",
                since=change.changed_at,
            )


def _strange_reversals(evidence: Evidence) -> Iterator[Violation]:
    known = {(reject.biller, reject.reject_guid) for reject in evidence.rejects}
    for row in evidence.reversals:
        if (row["biller"], row["reject_guid"]) not in known:
            yield Violation(
                story=f"the ledger has a reversal by reject {row['reject_guid']}, which Invoice "
                "Cloud does not know",
                payment_guid=row["payment_guid"],
                invoice_number=row["invoice_number"],
            )


def _strange_enrollments(evidence: Evidence) -> Iterator[Violation]:
    """Yield rows of no change: the data pump tells that very one, a report one like it."""
    events = {
        (c.biller, c.event_guid): (*c.setting, c.enrolled, whole_second(c.changed_at))
        for c in evidence.changes
    }
    ever = {(*change.setting, change.enrolled) for change in evidence.changes}
    for row in evidence.pushes:
        told = (row["biller"], row["account_number"], row["kind"], row["enrolled"])
        changed_at = whole_second(datetime.fromisoformat(row["changed_at"]))
        if row["source"] == "data_pump":
            is_known = events.get((row["biller"], row["event_guid"])) == (*told, changed_at)
        else:
            is_known = told in ever
        if not is_known:
            yield Violation(
                story=f"the ledger says that account {told[1]} went {'on' if told[3] else 'off'} "
                f"{told[2]} at {row['changed_at']}, and Invoice Cloud knows no such change"
            )


def _doubled(what: str, rows: Iterable[Row]) -> Iterator[Violation]:
    counts = Counter(tuple(str(row[name]) for name in NAMES[what]) for row in rows)
    for name, count in counts.items():
        if count > 1:
            yield Violation(story=f"the ledger has {count} rows of {what} {' '.join(name)}")
