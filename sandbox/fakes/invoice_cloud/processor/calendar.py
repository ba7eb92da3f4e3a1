"""The banking calendar: Monday to Friday without the Federal Reserve's holidays."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

SATURDAY, SUNDAY = 5, 6
MONDAY, THURSDAY = 0, 3
ONE_DAY = timedelta(days=1)
# One century of years, for calendars that are looked at again and again.
YEARS_KEPT_MAX = 100


def is_banking_day(day: date) -> bool:
    """Tell whether the Reserve Banks are open on a day."""
    return day.weekday() < SATURDAY and day not in holidays_of(day.year)


def add_banking_days(day: date, count: int) -> date:
    """Return the `count`-th banking day after a day, which need not be one itself."""
    if count < 1:
        raise ValueError(f"banking days are counted from 1, got {count}")
    for _ in range(count):
        day += ONE_DAY
        while not is_banking_day(day):
            day += ONE_DAY
    return day


@lru_cache(maxsize=YEARS_KEPT_MAX)
def holidays_of(year: int) -> frozenset[date]:
    """Return the weekdays of a year on which the Reserve Banks are closed.

    A holiday on a Sunday closes the Monday after it; one on a Saturday closes no other day.
    """
    fixed = (
        date(year, 1, 1),  # New Year's Day
        date(year, 6, 19),  # Juneteenth
        date(year, 7, 4),  # Independence Day
        date(year, 11, 11),  # Veterans Day
        date(year, 12, 25),  # Christmas Day
    )
    moving = (
        _nth_weekday(year, 1, MONDAY, 3),  # Martin Luther King, Jr.
        _nth_weekday(year, 2, MONDAY, 3),  # Washington's Birthday
        _nth_weekday(year, 6, MONDAY, 1) - timedelta(days=7),  # Memorial Day, May's last Monday
        _nth_weekday(year, 9, MONDAY, 1),  # Labor Day
        _nth_weekday(year, 10, MONDAY, 2),  # Columbus Day
        _nth_weekday(year, 11, THURSDAY, 4),  # Thanksgiving
    )
    shifted = (day + ONE_DAY if day.weekday() == SUNDAY else day for day in fixed)
    return frozenset(day for day in (*shifted, *moving) if day.weekday() != SATURDAY)


def _nth_weekday(year: int, month: int, weekday: int, count: int) -> date:
    first = date(year, month, 1)
    days = (weekday - first.weekday()) % 7 + 7 * (count - 1)
    return first + timedelta(days=days)
