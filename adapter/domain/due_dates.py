"""When an invoice's due date is near: banking days, Monday to Friday less the Federal Reserve's.

Days begin in UTC, some hours before they do for carriers in the Americas: nothing is seen late.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

# From so many banking days before its due date an invoice cannot wait (money rules, 1).
CRITICAL_BANKING_DAYS = 2
# Evidence, a sweep and the next try settle what they can within the hour. Who has paid on the due
# date itself, minutes ago, is nothing to wake a person for.
UNAPPLIED_MAX = timedelta(hours=1)

ONE_DAY = timedelta(days=1)
MONDAY, THURSDAY, SATURDAY = 0, 3, 5
# New Year's Day, Juneteenth, Independence Day, Veterans Day, Christmas Day.
_BY_DATE = frozenset({(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)})
# Martin Luther King, Washington, Labor Day, Columbus Day, Thanksgiving: month, weekday, which.
_BY_WEEK = frozenset(
    {(1, MONDAY, 3), (2, MONDAY, 3), (9, MONDAY, 1), (10, MONDAY, 2), (11, THURSDAY, 4)}
)


def is_banking_day(day: date) -> bool:
    """Tell whether the Reserve Banks are open on a day.

    A holiday on a Sunday closes the Monday after it; one on a Saturday closes no other day.
    """
    weekday = day.weekday()
    observed = [day, day - ONE_DAY] if weekday == MONDAY else [day]
    is_memorial_day = weekday == MONDAY and (5, 25) <= (day.month, day.day) <= (5, 31)
    return not (
        weekday >= SATURDAY
        or is_memorial_day
        or (day.month, weekday, (day.day + 6) // 7) in _BY_WEEK
        or any((each.month, each.day) in _BY_DATE for each in observed)
    )


def critical_from(due_date: date) -> date:
    """Return the day from which an invoice that is due then cannot wait."""
    day = due_date
    for _ in range(CRITICAL_BANKING_DAYS):
        day -= ONE_DAY
        while not is_banking_day(day):
            day -= ONE_DAY
    return day


def is_critical(due_date: date | None, now: datetime) -> bool:
    """Tell whether a due date is near or past; one that is not known is neither."""
    return due_date is not None and critical_from(due_date) <= now.astimezone(UTC).date()
