"""Banking days: the Reserve Banks' own table, and what holds of every calendar."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.fakes.invoice_cloud.processor.calendar import (
    add_banking_days,
    holidays_of,
    is_banking_day,
)

# The Richmond Fed's table for 2025 to 2027, and 2028 by its rule.
TABLE = {
    2025: "1/1 1/20 2/17 5/26 6/19 7/4 9/1 10/13 11/11 11/27 12/25",
    2026: "1/1 1/19 2/16 5/25 6/19 9/7 10/12 11/11 11/26 12/25",
    2027: "1/1 1/18 2/15 5/31 7/5 9/6 10/11 11/11 11/25",
    2028: "1/17 2/21 5/29 6/19 7/4 9/4 10/9 11/23 12/25",
}
DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize("year", TABLE)
def test_the_holidays_are_the_reserve_banks(year):
    days = [tuple(map(int, day.split("/"))) for day in TABLE[year].split()]
    assert sorted(holidays_of(year)) == [date(year, month, day) for month, day in days]


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 1, 5), 1, date(2026, 1, 6)),
        (date(2026, 1, 5), 3, date(2026, 1, 8)),
        (date(2026, 1, 9), 1, date(2026, 1, 12)),  # over a weekend
        (date(2026, 1, 10), 1, date(2026, 1, 12)),  # from a Saturday
        (date(2026, 1, 16), 1, date(2026, 1, 20)),  # over a weekend and a holiday
        (date(2026, 7, 2), 1, date(2026, 7, 3)),  # a holiday on Saturday closes no Friday
        (date(2027, 7, 2), 1, date(2027, 7, 6)),  # one on Sunday closes the Monday
        (date(2025, 12, 31), 1, date(2026, 1, 2)),  # over the year's end
    ],
)
def test_banking_days_are_counted_from_the_day_after(day, count, expected):
    assert add_banking_days(day, count) == expected


@pytest.mark.parametrize("count", [0, -1])
def test_banking_days_are_counted_from_one(count):
    with pytest.raises(ValueError, match="counted from 1"):
        add_banking_days(date(2026, 1, 5), count)


@given(DAYS, st.integers(1, 30))
def test_as_many_banking_days_lie_between_as_were_added(day, count):
    end = add_banking_days(day, count)
    passed = [day + timedelta(days=n) for n in range(1, (end - day).days + 1)]
    assert is_banking_day(end)
    assert sum(map(is_banking_day, passed)) == count


@given(DAYS)
def test_no_more_than_four_days_in_a_row_are_closed(day):
    assert any(is_banking_day(day + timedelta(days=n)) for n in range(4))


@given(st.integers(1990, 2100))
def test_a_year_has_nine_to_eleven_holidays_and_none_on_a_weekend(year):
    assert 9 <= len(holidays_of(year)) <= 11
    assert all(day.weekday() < 5 for day in holidays_of(year))
