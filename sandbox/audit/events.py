"""Invariant 3: what every book shows is what its own events make; balances follow from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.audit.evidence import Evidence
from sandbox.audit.report import Violation
from sandbox.fakes.imt.book import ImtBook
from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook, PaymentMade
from sandbox.fakes.invoice_cloud.customers.book import CustomersBook
from sandbox.fakes.invoice_cloud.processor.book import PaymentReturned, ProcessorBook
from sandbox.fakes.spectrum.book import (
    BalanceAdjusted,
    InvoiceIssued,
    ReceiptApplied,
    ReceiptReversed,
    SpectrumBook,
)
from sandbox.world.book import Book

BOOKS: Mapping[type[Book], str] = {
    SpectrumBook: "Spectrum",
    InvoiceCloudBook: "Invoice Cloud",
    ProcessorBook: "the processor",
    CustomersBook: "Invoice Cloud's list of customers",
    ImtBook: "IMT",
}
ZERO = Decimal("0.00")


def books_follow_from_events(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 3: each book is made anew from its events; a balance is added up by hand."""
    yield from _balances_differ(evidence.world.book(SpectrumBook))
    for kind, name in BOOKS.items():
        book = evidence.world.book(kind)
        with book.locked():
            yield from _numbers_are_wrong(book, name)
            made_anew = _made_anew(book)
            for attribute, value in vars(book).items():
                is_state = not attribute.startswith("_") and attribute != "events"
                if is_state and isinstance(value, dict | list):
                    yield from _differences(
                        name, attribute, _by_key(value), _by_key(getattr(made_anew, attribute))
                    )


def _balances_differ(book: SpectrumBook) -> Iterator[Violation]:
    """Yield each invoice whose balance is not billed and adjusted - receipts + reversals."""
    due: Counter[str] = Counter()
    receipts: dict[str, ReceiptApplied] = {}
    with book.locked():
        for recorded in book.events:
            match recorded.event:
                case InvoiceIssued(policy=policy):
                    due[policy.invoice_number] += policy.billed  # type: ignore[assignment]
                case BalanceAdjusted(invoice_number=number, amount=amount):
                    due[number] += amount  # type: ignore[assignment]
                case ReceiptApplied() as applied:
                    receipts[applied.receipt_id] = applied
                    due[applied.invoice_number] -= applied.moves  # type: ignore[assignment]
                case ReceiptReversed(receipt_id=receipt_id) if receipt_id in receipts:
                    taken = receipts[receipt_id]
                    due[taken.invoice_number] += taken.moves  # type: ignore[assignment]
        shown = {number: invoice.balance for number, invoice in book.invoices.items()}
    for number in sorted(due.keys() | shown.keys()):
        if due[number] != shown.get(number):
            yield Violation(
                story=f"Spectrum shows {shown.get(number, 'no balance')} as due on invoice "
                f"{number}; billed and adjusted, less receipts, plus reversals make {due[number]}",
                invoice_number=number,
            )


def _numbers_are_wrong(book: Book, name: str) -> Iterator[Violation]:
    counts: Counter[str] = Counter()
    for place, recorded in enumerate(book.events, 1):
        if recorded.sequence != place:
            yield Violation(story=f"{name} has lost its event {place}")
            break
    for recorded in book.events:
        match recorded.event:
            case InvoiceIssued(policy=policy):
                counts[f"invoice {policy.invoice_number}"] += 1
            case ReceiptApplied(receipt_id=receipt_id):
                counts[f"receipt {receipt_id}"] += 1
            case PaymentMade(payment_guid=guid):
                counts[f"payment {guid}"] += 1
            case PaymentReturned(reject_guid=guid):
                counts[f"reject {guid}"] += 1
    for what, count in counts.items():
        if count > 1:
            yield Violation(story=f"{name} has recorded {what} {count} times")


def _made_anew(book: Book) -> Book:
    """Return the book that the events make; its world is born with the first of them."""
    anew = type(book)(book.world)
    begins_with = len(anew.events)
    if [each.event for each in anew.events] != [e.event for e in book.events[:begins_with]]:
        # What the world was born with has been changed: only the events count then.
        for value in vars(anew).values():
            if isinstance(value, dict):
                value.clear()
        begins_with = 0
    for recorded in book.events[begins_with:]:
        try:
            anew.apply(recorded)
        except KeyError:  # it speaks of what was never recorded; the difference tells it
            continue
    return anew


def _differences(
    name: str, attribute: str, shown: Mapping[Any, Any], made: Mapping[Any, Any]
) -> Iterator[Violation]:
    what = attribute.replace("_", " ")
    for key in made:
        if key not in shown:
            yield Violation(story=f"{name} has lost one of its {what}, {_name(key)}")
    for key, value in shown.items():
        if key not in made:
            yield Violation(story=f"{name} has {_name(key)} among its {what}, and no event of it")
        elif value is not made[key] and value != made[key]:
            yield Violation(
                story=f"{name} shows {_name(key)} of its {what} otherwise than its events: "
                f"{_difference(value, made[key])}"
            )


def _by_key(value: dict[Any, Any] | list[Any]) -> Mapping[Any, Any]:
    return value if isinstance(value, dict) else dict(enumerate(value, 1))


def _difference(shown: Any, made: Any) -> str:
    """Name the fields that differ; texts could be secrets, so only figures are told."""
    if not is_dataclass(shown) or type(shown) is not type(made):
        return "another value"
    told = []
    for field in fields(shown):
        one, other = getattr(shown, field.name), getattr(made, field.name)
        if one != other:
            figures = isinstance(one, Decimal | datetime | bool) or one is None
            told.append(f"{field.name} {one}, not {other}" if figures else field.name)
    return ", ".join(told)


def _name(key: Any) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return " ".join(str(part) for part in parts)
