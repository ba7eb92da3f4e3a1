"""What the receipts feed and the balance prove, and when to look again."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapter.domain.evidence import (
    EVIDENCE_HOURS_MAX,
    LOOK_SECONDS_MAX,
    BalanceVerdict,
    FeedVerdict,
    is_overdue,
    judge_by_balance,
    judge_by_feed,
    next_look_at,
)
from adapter.domain.invoice import ExtractedReceipt, ReceiptSearch
from adapter.domain.money import ZERO

SENT_AT = datetime(2026, 1, 5, 9, 12, 30, 500_000, tzinfo=UTC)
SETTLE = 120.0
SETTLED_AT = SENT_AT + timedelta(seconds=SETTLE)
MONEY = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
AMOUNT = st.decimals(min_value=Decimal("0.01"), max_value=10**9, places=2)


def judged(payment, *, amount=None, as_of=SETTLED_AT):
    receipt = amount and ExtractedReceipt(
        receipt_id="R-1",
        invoice_number=payment.invoice_number,
        reference_number=payment.payment_guid,
        amount=amount,
        applied_at=SENT_AT,
    )
    search = ReceiptSearch(receipt=receipt, as_of=as_of)
    return judge_by_feed(search, payment, sent_at=SENT_AT, settle_seconds=SETTLE)


@pytest.mark.parametrize("as_of", [None, SENT_AT, SETTLED_AT])
def test_a_receipt_that_is_there_is_proof_at_any_time(payment, as_of):
    assert judged(payment, amount=payment.amount, as_of=as_of) is FeedVerdict.APPLIED


def test_a_receipt_of_another_amount_proves_nothing(payment):
    assert judged(payment, amount=Decimal("731.36")) is FeedVerdict.UNCLEAR


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=30)))
def test_absence_counts_only_once_the_settle_time_is_told_of(payment, ahead):
    assert judged(payment, as_of=SETTLED_AT + ahead) is FeedVerdict.ABSENT
    early = SETTLED_AT - ahead - timedelta(microseconds=1)
    assert judged(payment, as_of=early) is FeedVerdict.TOO_EARLY
    assert judged(payment, as_of=None) is FeedVerdict.TOO_EARLY


@given(st.floats(min_value=0, max_value=30 * 86_400))
def test_looks_grow_apart_within_bounds(passed):
    now = SENT_AT + timedelta(seconds=passed)
    wait = next_look_at(sent_at=SENT_AT, now=now, settle_seconds=SETTLE) - now
    assert timedelta(seconds=SETTLE) <= wait <= timedelta(seconds=LOOK_SECONDS_MAX)


def test_a_day_takes_few_looks_and_then_is_overdue():
    now, looks = SETTLED_AT, 0
    while not is_overdue(sent_at=SENT_AT, now=now):
        now = next_look_at(sent_at=SENT_AT, now=now, settle_seconds=SETTLE)
        looks += 1
    assert looks < 25
    assert now - SENT_AT <= timedelta(hours=EVIDENCE_HOURS_MAX, seconds=LOOK_SECONDS_MAX)


@given(MONEY, MONEY, AMOUNT)
def test_the_balance_proves_what_moved_it_by_the_amount_or_not_at_all(before, now, amount):
    def verdict(before, now):
        return judge_by_balance(before=before, now=now, amount=amount)

    assert verdict(before, before - amount) is BalanceVerdict.APPLIED
    if before > 0:
        assert verdict(before, before) is BalanceVerdict.NOT_APPLIED
    assert verdict(None, now) is BalanceVerdict.UNCLEAR
    # A balance that is never shown below zero could not have moved.
    assert verdict(ZERO, ZERO) is BalanceVerdict.UNCLEAR
    assume(now not in {before, before - amount})
    assert verdict(before, now) is BalanceVerdict.UNCLEAR
