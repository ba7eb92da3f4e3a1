"""Dollars in, dollars out, without a float and without a lost cent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.money import CENT, money_text, parse_money
from adapter.errors import BadInputError

CENTS = st.integers(min_value=-(10**17) + 1, max_value=10**17 - 1)


@given(CENTS, st.sampled_from(["", "0", "00"]))
def test_text_and_back_is_the_same_amount_whatever_zeros_trail(cents, zeros):
    amount = Decimal(cents).scaleb(-2)
    text = money_text(amount)
    assert parse_money(f" {text}{zeros} ", field="amount") == amount
    assert text.partition(".")[2].isdigit()
    assert len(text.partition(".")[2]) == 2


@given(st.integers(min_value=0, max_value=10**12), st.integers(min_value=1, max_value=99))
def test_parts_of_a_cent_are_refused(dollars, parts):
    """Sub-cent fractions can't be paid, so they are never rounded away."""
    with pytest.raises(BadInputError) as refused:
        parse_money(f"{dollars}.00{parts:02}", field="balance")
    assert refused.value.field == "balance"
    assert "whole cents" in refused.value.rule


@given(st.text(max_size=30))
def test_anything_is_read_as_whole_cents_or_refused(text):
    try:
        amount = parse_money(text, field="amount")
    except BadInputError:
        return
    assert amount == amount.quantize(CENT)
    assert amount.as_tuple().exponent == -2


@pytest.mark.parametrize(
    "text",
    ["", "1e3", "NaN", "1,000.00", "$1", "1.", ".5", "1.00000", "+1", "--1", "1_0", "9" * 4000],
)
def test_other_notations_are_refused_in_short_and_with_what_to_send(text):
    with pytest.raises(BadInputError, match=r"Send dollars and cents") as refused:
        parse_money(text, field="amount")
    assert (refused.value.field, refused.value.value) == ("amount", text[:40])
