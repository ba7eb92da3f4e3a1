"""Settling a receipt in doubt: what the feed and the balance prove, and when to look again."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from adapter.domain.invoice import ReceiptSearch
from adapter.domain.payment import Payment

# Looking costs the partner a call: never more often than after the settle time, never less than
# once in two hours, as the payment report is read.
LOOK_SECONDS_MAX = 7200.0
# Evidence that has not come within a day does not come by waiting: a person has to look as well.
EVIDENCE_HOURS_MAX = 24


class FeedVerdict(Enum):
    """What the receipts feed says about a receipt."""

    APPLIED = "applied"  # it is there, with the right amount
    ABSENT = "absent"  # it is not there, in a feed told up to a moment after the settle time
    TOO_EARLY = "too_early"  # it is not there yet, and the feed is not told that far
    UNCLEAR = "unclear"  # it is there with another amount


def judge_by_feed(
    search: ReceiptSearch, payment: Payment, *, sent_at: datetime, settle_seconds: float
) -> FeedVerdict:
    """Weigh a receipt by the feed; absence counts only once the settle time is told of."""
    if search.receipt is not None:
        same = search.receipt.amount == payment.amount
        return FeedVerdict.APPLIED if same else FeedVerdict.UNCLEAR
    settled_at = sent_at + timedelta(seconds=settle_seconds)
    if search.as_of is not None and search.as_of >= settled_at:
        return FeedVerdict.ABSENT
    return FeedVerdict.TOO_EARLY


def next_look_at(*, sent_at: datetime, now: datetime, settle_seconds: float) -> datetime:
    """Return when to look for evidence again: after as long as has passed already, in bounds."""
    passed = (now - sent_at).total_seconds()
    wait = min(max(passed, settle_seconds), max(settle_seconds, LOOK_SECONDS_MAX))
    return now + timedelta(seconds=wait)


def is_overdue(*, sent_at: datetime, now: datetime) -> bool:
    """Tell whether evidence has not come for so long that a person has to look."""
    return now - sent_at >= timedelta(hours=EVIDENCE_HOURS_MAX)


class BalanceVerdict(Enum):
    """What the balance of an invoice says about a receipt in doubt."""

    APPLIED = "applied"  # moved by exactly the amount
    NOT_APPLIED = "not_applied"  # unmoved
    UNCLEAR = "unclear"  # anything else


def judge_by_balance(*, before: Decimal | None, now: Decimal, amount: Decimal) -> BalanceVerdict:
    """Weigh a receipt in doubt by the invoice's balance before the post and after settling.

    What could still fool this rule stands in decision 0006.
    """
    if before is None:
        return BalanceVerdict.UNCLEAR
    if now == before:
        # Where nothing was due, a balance that is never shown below zero can't move.
        return BalanceVerdict.NOT_APPLIED if before > 0 else BalanceVerdict.UNCLEAR
    if before - now == amount:
        return BalanceVerdict.APPLIED
    return BalanceVerdict.UNCLEAR
