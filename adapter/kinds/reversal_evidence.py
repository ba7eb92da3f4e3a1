"""Evidence of a reversal whose answer was lost: the feed's mark, else the balance (0032)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from adapter.context import JobContext
from adapter.domain.ach_return import AchReturn
from adapter.domain.evidence import (
    ReversalVerdict,
    judge_reversal_by_balance,
    judge_reversal_by_feed,
)
from adapter.domain.money import money_text
from adapter.domain.work_item import BalanceReading, Evidence, WorkItem
from adapter.kinds.payment_guard import CLOCKS_DIFFER_MAX
from adapter.kinds.payments import PAYMENT
from adapter.ports import BillerPorts, ReceiptFeedPort


class ReversalLook:
    """One look at one reversal: the verdict, in words too, and the balance that was read."""

    def __init__(self, item: WorkItem[AchReturn], ports: BillerPorts, work: JobContext) -> None:
        """Look at the feed where the biller has one; raises what the partner's client raises."""
        self._item = item
        self._work = work
        self._settle = _settle(ports, work)
        self.reading: BalanceReading | None = None
        feed = ports.receipt_feed
        if feed is None:
            self.evidence = Evidence.BALANCE
            self.verdict, self.words = self._at_balance(ports)
        else:
            self.evidence = Evidence.RECEIPTS_FEED
            self.verdict, self.words = self._at_feed(feed)

    def _at_feed(self, feed: ReceiptFeedPort) -> tuple[ReversalVerdict, str]:
        returned = self._item.payload
        known = self._work.ledger.items(PAYMENT).find(
            self._item.biller, returned.payment_reference
        )
        if known is None:
            return ReversalVerdict.UNCLEAR, "its payment is not known here"
        payment = known.payload
        search = feed.find_receipts(payment, since=payment.paid_at - CLOCKS_DIFFER_MAX)
        verdict = judge_reversal_by_feed(
            search,
            payment,
            sent_at=self._item.sent_at or self._item.accepted_at,
            settle_seconds=self._settle.total_seconds(),
        )
        place = f"the receipts feed, as of {search.as_of:%Y-%m-%dT%H:%M:%SZ}"
        return verdict, {
            ReversalVerdict.REVERSED: f"reversed in {place}",
            ReversalVerdict.STANDS: f"its receipt stands in {place}",
            ReversalVerdict.TOO_EARLY: f"not yet in {place}",
            ReversalVerdict.UNCLEAR: f"not one receipt of it in {place}",
        }[verdict]

    def _at_balance(self, ports: BillerPorts) -> tuple[ReversalVerdict, str]:
        before, returned = self._item.balance_before, self._item.payload
        words, self.reading = read_balance(self._item, ports, self._work)
        settled_at = (self._item.sent_at or self._item.accepted_at) + self._settle
        if self.reading is None or self._work.clock.now() < settled_at:
            return ReversalVerdict.TOO_EARLY, words
        now = self.reading.balance
        verdict = judge_reversal_by_balance(before=before, now=now, amount=returned.amount)
        was = "unknown" if before is None else money_text(before)
        return verdict, {
            ReversalVerdict.REVERSED: f"balance moved {was} -> {money_text(now)}, up by exactly "
            "the amount: reversed (inferred)",
            ReversalVerdict.STANDS: f"balance is still {was}",
        }.get(verdict, f"balance moved {was} -> {money_text(now)}")


def _settle(ports: BillerPorts, work: JobContext) -> timedelta:
    """Return after how long a reversal has arrived or never will, and the balance shows it."""
    return max(ports.guard.settle, timedelta(seconds=work.rules.settle_seconds))


def shown_at(item: WorkItem[AchReturn], ports: BillerPorts, work: JobContext) -> datetime | None:
    """Return from when on the balance surely shows our last receipt, if that is still to come."""
    moved_at = work.ledger.balances.last_move(item)
    if item.may_have_left or moved_at is None:
        return None
    settled_at = moved_at + _settle(ports, work)
    return settled_at if settled_at > work.clock.now() else None


def read_balance(
    item: WorkItem[AchReturn], ports: BillerPorts, work: JobContext
) -> tuple[str, BalanceReading | None]:
    """Ask for a balance; return it in words, and as a reading unless it is no evidence."""
    asked_at = work.clock.now()
    answer = ports.balances.balance_due(item.payload.invoice_number)
    why_none = answer.stale
    sent_at = item.sent_at if item.may_have_left else None
    if answer.dated_at is not None and sent_at is not None and answer.dated_at < sent_at:
        why_none = why_none or "as of a moment before the reversal was sent"
    words = f"balance {money_text(answer.balance)}"
    if why_none:
        return f"{words}, which is no evidence ({why_none})", None
    return words, BalanceReading(asked_at=asked_at, balance=answer.balance)


def has_moved(before: Decimal | None, reading: BalanceReading | None) -> bool:
    """Tell whether a balance that may be compared is another one than before."""
    return before is not None and reading is not None and reading.balance != before
