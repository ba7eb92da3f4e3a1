"""Due dates: the Reserve Banks' days, held against another calendar, and two of them before."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.due_dates import critical_from, is_banking_day, is_critical
from sandbox.fakes.invoice_cloud.processor import calendar

DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize("year", [2022, 2025, 2026, 2027, 2028, 2034])
def test_banking_days_are_those_of_the_processors_own_calendar(year):
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [d for d in days if is_banking_day(d) is not calendar.is_banking_day(d)] == []


@pytest.mark.parametrize(
    ("due", "day"),
    [
        (date(2026, 1, 8), date(2026, 1, 6)),
        (date(2026, 1, 12), date(2026, 1, 8)),  # over a weekend
        (date(2026, 1, 10), date(2026, 1, 8)),  # due on a Saturday
        (date(2026, 1, 20), date(2026, 1, 15)),  # over a weekend and a holiday
        (date(2026, 5, 26), date(2026, 5, 21)),  # Memorial Day
        (date(2027, 7, 6), date(2027, 7, 1)),  # a holiday on Sunday closes the Monday
        (date(2026, 1, 2), date(2025, 12, 30)),  # over the year's end
    ],
)
def test_an_invoice_cannot_wait_from_two_banking_days_before_it_is_due(due, day):
    assert critical_from(due) == day
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert not is_critical(due, begins - timedelta(microseconds=1))
    assert is_critical(due, begins)
    assert is_critical(due, begins + timedelta(days=90))


def test_the_day_is_that_of_utc_whatever_zone_the_moment_is_told_in():
    evening = datetime(2026, 1, 5, 19, tzinfo=timezone(-timedelta(hours=6)))
    assert is_critical(date(2026, 1, 8), evening)


def test_an_unknown_due_date_is_not_near():
    assert not is_critical(None, datetime(2026, 1, 5, tzinfo=UTC))


@given(DAYS)
def test_two_banking_days_lie_from_there_to_the_day_before(due):
    day = critical_from(due)
    assert is_banking_day(day)
    between = [day + timedelta(days=n) for n in range((due - day).days)]
    assert sum(map(calendar.is_banking_day, between)) == 2
