"""Moments and money come back exactly, and order as they should."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from adapter.domain.delivery import DeliveryState
from adapter.ledger.columns import Cents, Member, Moment

DIALECT = sqlite.dialect()
MOMENTS = st.datetimes(timezones=st.just(UTC))
CENTS = st.integers(min_value=-(10**17), max_value=10**17)


def kept(column, value):
    return column.process_bind_param(value, DIALECT)


def told(column, value):
    return column.process_result_value(value, DIALECT)


@given(MOMENTS)
def test_a_moment_comes_back_to_the_microsecond(moment):
    assert told(Moment(), kept(Moment(), moment)) == moment


@given(MOMENTS, MOMENTS, st.integers(min_value=-14, max_value=14))
def test_moments_order_as_integers_whatever_their_zone(one, other, hours):
    zone = timezone(timedelta(hours=hours))
    if one.year in {1, 9999}:
        return
    assert (kept(Moment(), one.astimezone(zone)) < kept(Moment(), other)) == (one < other)


def test_a_naive_moment_is_refused():
    with pytest.raises(ValueError, match="aware"):
        kept(Moment(), datetime(2026, 1, 5))  # noqa: DTZ001


@given(CENTS)
def test_money_comes_back_with_two_decimals(cents):
    amount = Decimal(cents).scaleb(-2)
    back = told(Cents(), kept(Cents(), amount))
    assert back == amount
    assert back.as_tuple().exponent == -2


def test_money_is_never_rounded():
    with pytest.raises(ValueError, match="whole cents"):
        kept(Cents(), Decimal("10.005"))


def test_a_member_is_kept_by_its_word():
    column = Member(DeliveryState)
    assert kept(column, DeliveryState.IN_DOUBT) == "in_doubt"
    assert told(column, "in_doubt") is DeliveryState.IN_DOUBT
    with pytest.raises(ValueError, match="unheard of"):
        kept(column, "unheard of")


@pytest.mark.parametrize("column", [Moment(), Cents(), Member(DeliveryState)])
def test_nothing_stays_nothing(column):
    assert kept(column, None) is None
    assert told(column, None) is None
