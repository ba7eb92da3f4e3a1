"""Values as other systems write them."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.bif.foreign_values import date_of, integer_of, money_of


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("731.37", "731.37"),
        ("731", "731.00"),
        ("731.", "731.00"),
        (".5", "0.50"),
        (" $1,234,567.8 ", "1234567.80"),
        ("731.3700", "731.37"),
        ("-5.00", "-5.00"),
        ("0", "0.00"),
    ],
)
def test_dollars_are_read(text, amount):
    assert str(money_of(text)) == amount


@pytest.mark.parametrize(
    "text", ["", " ", "x", "1,23.00", "12.345", "1e3", "NaN", "--1", "1.2.3", "9" * 40, "\u0661"]
)
def test_what_is_no_whole_number_of_cents_is_none(text):
    assert money_of(text) is None


@given(st.integers(-(10**17), 10**17))
def test_any_amount_of_cents_is_itself(cents):
    amount = Decimal(cents).scaleb(-2)
    assert money_of(f"{amount:.2f}") == amount
    assert money_of(f"{amount:,.2f}") == amount


@pytest.mark.parametrize(
    "text", ["01/05/2026", "1/5/2026", "2026-01-05", "20260105", " 1/5/2026 "]
)
def test_days_are_read(text):
    assert date_of(text) == date(2026, 1, 5)


@pytest.mark.parametrize(
    "text", ["", "1/5/26", "13/01/2026", "02/30/2026", "2026-1-5", "00000000"]
)
def test_what_is_no_day_is_none(text):
    assert date_of(text) is None


@pytest.mark.parametrize(
    ("text", "number"), [("007", "7"), (" 7 ", "7"), ("HO-7", "HO-7"), ("0", "0")]
)
def test_zeros_before_a_number_are_taken_off(text, number):
    assert integer_of(text) == number
