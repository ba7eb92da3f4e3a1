"""What Spectrum's events say of each invoice at any moment: its balance, and what was billed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from sandbox.audit.rows import ZERO
from sandbox.fakes.spectrum.book import (
    BalanceAdjusted,
    InvoiceIssued,
    ReceiptApplied,
    ReceiptReversed,
    SpectrumBook,
)
from sandbox.world.carrier import Policy
from sandbox.world.world import World

# The files of a feed in a folder tell the second they were written in, and no more.
WHOLE_SECOND = timedelta(seconds=1)


@dataclass(kw_only=True)
class InvoiceRecord:
    """One invoice: `moments` (UTC) and the balance from each of them on, in dollars.

    `most_billed` is the highest sum of what was billed and adjusted, whatever was paid.
    """

    biller: str = ""
    policy: Policy | None = None
    moments: list[datetime] = field(default_factory=list)
    balances: list[Decimal] = field(default_factory=list)
    billed: Decimal = ZERO
    most_billed: Decimal = ZERO

    def move(self, at: datetime, amount: Decimal, *, is_billed: bool) -> None:
        self.moments.append(at)
        self.balances.append((self.balances[-1] if self.balances else ZERO) + amount)
        if is_billed:
            self.billed += amount
            self.most_billed = max(self.most_billed, self.billed)

    def due_at(self, as_of: datetime) -> frozenset[Decimal]:
        """Return what was due at a cut-off; in its very instant, everything that it was.

        Credits are never billed: a balance is nothing or due. Nothing at all is returned for an
        invoice that was not there yet.
        """
        until = as_of if as_of.microsecond else as_of + WHOLE_SECOND
        return self.due_between(as_of, until, is_until_included=until == as_of)

    def due_between(
        self, start: datetime, end: datetime, *, is_until_included: bool = True
    ) -> frozenset[Decimal]:
        """Return everything that was due from `start`, with what stood before it, to `end`."""
        first = bisect_left(self.moments, start)
        last = (bisect_right if is_until_included else bisect_left)(self.moments, end)
        seen = [max(balance, ZERO) for balance in self.balances[max(first - 1, 0) : last]]
        if first == 0 and last > 0 and self.moments[0] >= start:
            seen.append(ZERO)
        return frozenset(seen)


def spectrum_record(world: World) -> dict[str, InvoiceRecord]:
    """Read Spectrum's events, in the order of their moments, into a record of each invoice."""
    book = world.book(SpectrumBook)
    with book.locked():
        events = sorted(book.events, key=lambda recorded: recorded.at)
    record: dict[str, InvoiceRecord] = defaultdict(InvoiceRecord)
    receipts = {
        each.event.receipt_id: each.event
        for each in events
        if isinstance(each.event, ReceiptApplied)
    }
    for recorded in events:
        match recorded.event:
            case InvoiceIssued(biller=biller, policy=policy):
                invoice = record[policy.invoice_number]
                invoice.biller, invoice.policy = biller, policy
                invoice.move(recorded.at, policy.billed, is_billed=True)
            case BalanceAdjusted(invoice_number=number, amount=amount):
                record[number].move(recorded.at, amount, is_billed=True)
            case ReceiptApplied() as applied:
                record[applied.invoice_number].move(recorded.at, -applied.moves, is_billed=False)
            case ReceiptReversed(receipt_id=receipt_id):
                taken = receipts[receipt_id]
                record[taken.invoice_number].move(recorded.at, taken.moves, is_billed=False)
            case event:
                raise TypeError(f"the auditor knows no {type(event).__name__}")
    return dict(record)
