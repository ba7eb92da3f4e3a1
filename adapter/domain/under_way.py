"""Money under way: what a balance of Spectrum's cannot contain yet, and nobody owes (0036).

All is pure: moments are handed in. Money is in dollars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from adapter.domain.ach_return import AchReturn
from adapter.domain.guard_view import KnownBalances
from adapter.domain.invoice import Invoice
from adapter.domain.money import CENT, ZERO
from adapter.domain.payment import PaymentItem
from adapter.domain.work_item import FINAL_STATES, BalanceReading, State, WorkItem

# So long an invoice waits for its money to arrive before it is billed less that money.
HELD_BACK_MAX = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class PaymentUnderWay:
    """A payment that a balance may lack; `known` is what it is judged by, if it may have left."""

    item: PaymentItem
    known: KnownBalances = field(default_factory=KnownBalances)


@dataclass(frozen=True, kw_only=True)
class InvoiceMoney:
    """What the ledger knows of one invoice's payments and of those that came back."""

    payments: Sequence[PaymentUnderWay] = ()
    returns: Sequence[WorkItem[AchReturn]] = ()

    def missing(self, reading: BalanceReading, settle: timedelta) -> list[PaymentItem]:
        """Return the payments that a balance cannot contain, and that are not on their way back.

        In doubt, one is in the balance if that fell by exactly its amount. Applied, one is not if
        the balance was asked for before, or is still the one from before it within `settle`.
        """
        returned = {item.payload.payment_reference for item in self.returns}
        return [
            each.item
            for each in self.payments
            if each.item.reference not in returned and not _is_in(each, reading, settle)
        ]

    def returned(self, reading: BalanceReading, settle: timedelta) -> list[WorkItem[AchReturn]]:
        """Return the returned payments whose receipts a balance surely still contains."""
        applied = {each.item.reference for each in self.payments if _is_in(each, reading, settle)}
        return [
            item
            for item in self.returns
            if item.payload.payment_reference in applied and _stands(item, reading, settle)
        ]

    def owed(self, reading: BalanceReading, settle: timedelta) -> Decimal:
        """Return what is owed: the balance less what it lacks, plus what was returned.

        It is never below zero: a credit is not shown (0003).
        """
        lacks = sum((item.payload.amount for item in self.missing(reading, settle)), ZERO)
        returned = sum((item.payload.amount for item in self.returned(reading, settle)), ZERO)
        return max(ZERO, reading.balance - lacks + returned)


def _is_in(each: PaymentUnderWay, reading: BalanceReading, settle: timedelta) -> bool:
    """Tell whether a balance contains a payment, or the payment is over; unknown counts as not."""
    item, balance = each.item, reading.balance
    if item.state is State.DONE and item.done_at is not None:
        if item.done_at > reading.asked_at:
            return False
        lags = item.done_at > reading.asked_at - settle and item.balance_before is not None
        return not (lags and _is_same(balance, item.balance_before))
    if item.state in FINAL_STATES:
        return True
    expected = each.known.expected_at(reading.asked_at)
    return expected is not None and _is_same(balance, expected - item.payload.amount)


def _stands(item: WorkItem[AchReturn], reading: BalanceReading, settle: timedelta) -> bool:
    """Tell whether a balance surely lacks a reversal; nobody is asked for what may be in it."""
    before = item.balance_before
    is_unmoved = before is not None and _is_same(reading.balance, before)
    if item.state is State.DONE and item.done_at is not None:
        is_late = item.done_at > reading.asked_at - settle
        return item.done_at > reading.asked_at or (is_late and is_unmoved)
    if item.state in FINAL_STATES:
        return False
    return is_unmoved if item.may_have_left else True


def _is_same(balance: Decimal, other: Decimal | None) -> bool:
    return other is not None and abs(balance - other) < CENT


def bill_of(
    invoice: Invoice,
    money: InvoiceMoney,
    *,
    as_of: datetime,
    now: datetime,
    settle: timedelta,
    corrects: bool = False,
) -> Invoice | None:
    """Return an invoice as a file bills it, less its money under way; None while it waits.

    It waits for money that is under way for less than an hour, and for a reversal. `as_of` (UTC)
    is the moment of the extract. A bill that stands wrong already is corrected at once.
    """
    reading = BalanceReading(asked_at=as_of, balance=invoice.balance_due)
    missing = money.missing(reading, settle)
    is_young = any(now - item.payload.paid_at < HELD_BACK_MAX for item in missing)
    if money.returned(reading, settle) or (is_young and not corrects):
        return None
    return replace(invoice, under_way=sum((item.payload.amount for item in missing), ZERO))
