"""The states of a delivery, and what a balance can prove."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapter.domain.delivery import (
    FINAL_STATES,
    HOLDING_STATES,
    TRANSITIONS,
    VISIBLE_STATES,
    BalanceVerdict,
    DeliveryState,
    judge_by_balance,
)
from adapter.domain.money import ZERO

MONEY = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
AMOUNT = st.decimals(min_value=Decimal("0.01"), max_value=10**9, places=2)


@given(MONEY, AMOUNT)
def test_moved_by_exactly_the_amount_is_applied(before, amount):
    verdict = judge_by_balance(before=before, now=before - amount, amount=amount)
    assert verdict is BalanceVerdict.APPLIED


@given(MONEY, AMOUNT)
def test_unmoved_is_not_applied(before, amount):
    assume(before > 0)
    verdict = judge_by_balance(before=before, now=before, amount=amount)
    assert verdict is BalanceVerdict.NOT_APPLIED


@given(AMOUNT)
def test_nothing_due_before_proves_nothing(amount):
    """A balance that is never told below zero could not have moved."""
    verdict = judge_by_balance(before=ZERO, now=ZERO, amount=amount)
    assert verdict is BalanceVerdict.UNCLEAR


@given(MONEY, MONEY, AMOUNT)
def test_anything_else_is_unclear(before, now, amount):
    assume(now not in {before, before - amount})
    verdict = judge_by_balance(before=before, now=now, amount=amount)
    assert verdict is BalanceVerdict.UNCLEAR


@given(MONEY, AMOUNT)
def test_without_a_reading_before_nothing_is_proved(now, amount):
    verdict = judge_by_balance(before=None, now=now, amount=amount)
    assert verdict is BalanceVerdict.UNCLEAR


def test_every_state_is_reached_and_no_final_one_is_left():
    reached = {state for following in TRANSITIONS.values() for state in following}
    assert reached | {DeliveryState.ACCEPTED} == set(DeliveryState)
    assert not TRANSITIONS.keys() & (FINAL_STATES | VISIBLE_STATES)


@pytest.mark.parametrize("state", sorted(HOLDING_STATES, key=lambda state: state.value))
def test_what_may_have_left_is_never_sent_from_there(state):
    """A post is only ever begun from a state in which surely nothing was applied."""
    assert DeliveryState.SENDING not in TRANSITIONS[state]
    assert DeliveryState.ACCEPTED not in TRANSITIONS[state]
