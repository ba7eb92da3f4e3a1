"""Reads values as other systems write them: money with commas or without cents, other dates."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from adapter.domain.money import CENT

_MONEY = re.compile(r"(-?)\$?((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]{0,6})?|\.[0-9]{1,6})")
_DATES = (
    (re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}"), "%m/%d/%Y"),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "%Y-%m-%d"),
    (re.compile(r"[0-9]{8}"), "%Y%m%d"),
)
# Beyond 15 digits no BIF can say it.
_MONEY_LENGTH_MAX = 30
_INTEGER = re.compile(r"0*([1-9][0-9]*)")


def money_of(text: str) -> Decimal | None:
    """Read dollars; None for what is none, or no whole number of cents."""
    stripped = text.strip()
    match = _MONEY.fullmatch(stripped) if len(stripped) <= _MONEY_LENGTH_MAX else None
    if match is None:
        return None
    amount = Decimal(match[1] + match[2].replace(",", ""))
    cents = amount.quantize(CENT)
    return cents if cents == amount else None


def date_of(text: str) -> date | None:
    """Read a day as m/d/yyyy, yyyy-mm-dd or yyyymmdd; None for what is none."""
    stripped = text.strip()
    for pattern, form in _DATES:
        if pattern.fullmatch(stripped):
            try:
                return datetime.strptime(stripped, form).date()  # noqa: DTZ007  # a day has no zone
            except ValueError:
                return None
    return None


def integer_of(text: str) -> str:
    """Take the zeros off before a number; what is none is returned as it stands."""
    match = _INTEGER.fullmatch(text.strip())
    return match[1] if match else text
