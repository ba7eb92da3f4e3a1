"""Money under way: what a balance contains, what is owed of it, and what a file bills."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.guard_view import KnownBalances, Move
from adapter.domain.under_way import InvoiceMoney, PaymentUnderWay, bill_of
from adapter.domain.work_item import BalanceReading, State
from tests.unit.domain.conftest import INVOICE, PAYMENT, build_item, build_return

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
NOTHING_KNOWN = KnownBalances()
MINUTE, SETTLE = timedelta(minutes=1), timedelta(minutes=15)
BALANCE, AMOUNT = Decimal("731.37"), Decimal("31.37")
OPEN = (State.WAITING, State.RETRYING, State.NEEDS_PERSON)
LEFT = (State.SENDING, State.IN_DOUBT, State.UNCONFIRMED, State.NEEDS_PERSON)


def paid(state, *, known=NOTHING_KNOWN, minutes=-120, done=None, **fields):
    payment = replace(PAYMENT, amount=AMOUNT, paid_at=NOW + minutes * MINUTE)
    done_at = None if done is None else NOW + done * MINUTE
    item = build_item(state, payload=payment, done_at=done_at, **fields)
    return PaymentUnderWay(item=item, known=known)


def left(state, **fields):
    known = KnownBalances(before=BalanceReading(asked_at=NOW - 60 * MINUTE, balance=BALANCE))
    return paid(state, may_have_left=True, **{"known": known, **fields})


def returned(state=State.WAITING, *, done=None, **fields):
    back = build_return(payment_guid=PAYMENT.payment_guid, amount=AMOUNT)
    done_at = None if done is None else NOW + done * MINUTE
    item = build_item(state, may_have_left=fields.pop("may_have_left", False), **fields)
    return replace(item, payload=back, done_at=done_at)


def owed(*payments, returns=(), balance=BALANCE):
    money = InvoiceMoney(payments=payments, returns=returns)
    return money.owed(BalanceReading(asked_at=NOW, balance=Decimal(balance)), SETTLE)


def test_without_money_under_way_the_balance_is_owed_and_a_credit_is_nothing():
    assert owed() == BALANCE
    assert owed(balance="-5.00") == 0


@pytest.mark.parametrize("state", OPEN)
def test_what_never_left_is_not_owed_whatever_the_time(state):
    """Also dead ones: until they are applied, given back or returned."""
    assert owed(paid(state, minutes=-60 * 24 * 90)) == BALANCE - AMOUNT


@pytest.mark.parametrize("state", LEFT)
def test_in_doubt_a_balance_that_fell_by_the_amount_contains_it(state):
    assert owed(left(state), balance="700.00") == Decimal("700.00")
    assert owed(left(state)) == BALANCE - AMOUNT
    assert owed(left(state), balance="725.00") == Decimal("725.00") - AMOUNT
    assert owed(left(state, known=NOTHING_KNOWN)) == BALANCE - AMOUNT


def test_our_own_receipts_since_are_no_evidence_of_it():
    before = BalanceReading(asked_at=NOW - 60 * MINUTE, balance=BALANCE)
    known = KnownBalances(before=before, moves=(Move(at=NOW - MINUTE, amount=-AMOUNT),))
    doubtful = left(State.IN_DOUBT, known=known)
    assert owed(doubtful, balance="700.00") == Decimal("700.00") - AMOUNT
    assert owed(doubtful, balance="668.63") == Decimal("668.63")


@pytest.mark.parametrize(
    ("done", "balance", "is_in"),
    [
        (1, "731.37", False),  # applied after the balance was asked for
        (-1, "731.37", False),  # the balance is still the one from before it: it lags
        (-1, "700.00", True),
        (-1, "725.00", True),  # somebody else moved it too
        (-20, "731.37", True),  # long enough ago: a charge of the same amount came since
    ],
)
def test_what_is_applied_is_in_the_balance_unless_that_is_older(done, balance, is_in):
    applied = paid(State.DONE, done=done, balance_before=BALANCE)
    lacks = Decimal(0) if is_in else AMOUNT
    assert owed(applied, balance=balance) == Decimal(balance) - lacks


@pytest.mark.parametrize("state", [State.GIVEN_BACK, State.SUPERSEDED])
def test_what_was_given_back_is_owed_again(state):
    assert owed(paid(state)) == BALANCE


def test_what_came_back_is_owed_again_once_its_receipt_stands():
    applied = paid(State.DONE, done=-600)
    assert owed(applied, returns=(returned(),), balance="700.00") == BALANCE
    assert owed(applied, returns=(returned(State.NEEDS_PERSON),), balance="700.00") == BALANCE
    reversed_long_ago = returned(State.DONE, done=-60)
    assert owed(applied, returns=(reversed_long_ago,)) == BALANCE
    while_asked = returned(State.DONE, done=1)
    assert owed(applied, returns=(while_asked,), balance="700.00") == BALANCE


def test_what_came_back_before_it_was_applied_is_owed_once():
    assert owed(paid(State.RETRYING), returns=(returned(),)) == BALANCE


@pytest.mark.parametrize(
    ("before", "balance", "stands"),
    [("700.00", "700.00", True), ("700.00", "731.37", False), (None, "700.00", False)],
)
def test_a_reversal_in_doubt_is_asked_for_only_where_the_balance_surely_lacks_it(
    before, balance, stands
):
    before = before and Decimal(before)
    doubtful = returned(State.IN_DOUBT, may_have_left=True, balance_before=before)
    expected = Decimal(balance) + (AMOUNT if stands else 0)
    assert owed(paid(State.DONE, done=-600), returns=(doubtful,), balance=balance) == expected


@given(
    states=st.lists(st.sampled_from([*OPEN, State.DONE, State.GIVEN_BACK]), max_size=5),
    balance=st.decimals(min_value=-50, max_value=5000, places=2),
)
def test_nobody_is_asked_for_more_than_the_balance_and_never_for_less_than_nothing(
    states, balance
):
    payments = [
        paid(state, done=-600 if state is State.DONE else None, reference=str(number))
        for number, state in enumerate(states)
    ]
    open_ones = sum(state in OPEN for state in states)
    assert owed(*payments, balance=balance) == max(Decimal(0), balance - open_ones * AMOUNT)


# What a file bills


def bill(*payments, returns=(), corrects=False, balance=BALANCE):
    return bill_of(
        replace(INVOICE, balance_due=balance),
        InvoiceMoney(payments=payments, returns=returns),
        as_of=NOW,
        now=NOW,
        settle=SETTLE,
        corrects=corrects,
    )


def test_a_bill_waits_an_hour_for_its_money_and_is_then_less_by_it():
    assert bill(paid(State.RETRYING, minutes=-59)) is None
    billed = bill(paid(State.RETRYING, minutes=-60))
    assert (billed.balance_due, billed.under_way) == (BALANCE, AMOUNT)
    assert billed.amount_due == BALANCE - AMOUNT
    assert bill(paid(State.DONE, done=-30)).amount_due == BALANCE


def test_a_bill_that_is_wrong_already_waits_for_nothing():
    billed = bill(paid(State.WAITING, minutes=-5), corrects=True)
    assert billed.amount_due == BALANCE - AMOUNT


def test_a_bill_waits_for_a_reversal():
    applied = paid(State.DONE, done=-600)
    assert bill(applied, returns=(returned(),)) is None
    assert bill(applied, returns=(returned(State.DONE, done=-30),)).amount_due == BALANCE


def test_a_bill_is_never_less_than_nothing():
    billed = bill(paid(State.NEEDS_PERSON), balance=Decimal("20.00"))
    assert billed.amount_due == 0
    assert billed.balance_due == Decimal("20.00")
