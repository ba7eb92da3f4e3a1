"""Evidence of a reversal whose answer was lost, and when evidence is looked for again."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from adapter.domain.invoice import ReceiptSearch
from adapter.domain.payment import Payment

# Looking costs the partner a call: never more often than after the settle time, never less than
# once in two hours, as the payment report is read.
LOOK_SECONDS_MAX = 7200.0


def next_look_at(*, sent_at: datetime, now: datetime, settle_seconds: float) -> datetime:
    """Return when to look for evidence again: after as long as has passed already, in bounds."""
    passed = (now - sent_at).total_seconds()
    wait = min(max(passed, settle_seconds), max(settle_seconds, LOOK_SECONDS_MAX))
    return now + timedelta(seconds=wait)


class ReversalVerdict(Enum):
    """What the receipts feed or the balance says about a reversal whose answer was lost."""

    REVERSED = "reversed"
    STANDS = "stands"  # the receipt stands after the settle time: the reversal did not arrive
    TOO_EARLY = "too_early"
    UNCLEAR = "unclear"


def judge_reversal_by_feed(
    search: ReceiptSearch, payment: Payment, *, sent_at: datetime, settle_seconds: float
) -> ReversalVerdict:
    """Weigh a reversal by the mark of its payment's receipt, whoever reversed it (0032)."""
    receipts = [
        receipt
        for receipt in search.receipts
        if receipt.is_of(payment.payment_guid) and receipt.invoice_number == payment.invoice_number
    ]
    if len(receipts) == 1 and receipts[0].reversed_at is not None:
        return ReversalVerdict.REVERSED
    if search.as_of < sent_at + timedelta(seconds=settle_seconds):
        return ReversalVerdict.TOO_EARLY
    return ReversalVerdict.STANDS if len(receipts) == 1 else ReversalVerdict.UNCLEAR


def judge_reversal_by_balance(
    *, before: Decimal | None, now: Decimal, amount: Decimal
) -> ReversalVerdict:
    """Weigh a reversal by the balance before it and after settling; a credit is shown too (A2)."""
    if before is None:
        return ReversalVerdict.UNCLEAR
    if now - before == amount:
        return ReversalVerdict.REVERSED
    return ReversalVerdict.STANDS if now == before else ReversalVerdict.UNCLEAR
