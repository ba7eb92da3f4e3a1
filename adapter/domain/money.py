"""Money: US dollars as `Decimal`, parsed and written digit by digit, never through a float."""

from __future__ import annotations

import re
from decimal import Decimal

from adapter.errors import BadInputError

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
# Spectrum's column is money, SQL's decimal(19, 4): fifteen digits before the point hold it all.
_MONEY = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,4})?")


def parse_money(text: str, *, field: str) -> Decimal:
    """Read dollars such as `731.3700` (A2); at most four decimals, the last two zero.

    Raises BadInputError for anything else, sub-cent fractions included: they can't be paid.
    """
    cleaned = text.strip()
    if not _MONEY.fullmatch(cleaned):
        raise _refused(field, text, "money is digits with at most four decimals")
    value = Decimal(cleaned)
    if value != value.quantize(CENT):
        raise _refused(field, text, "money has whole cents")
    return value.quantize(CENT)


def money_text(amount: Decimal) -> str:
    """Write dollars with two decimals, such as `10.00`."""
    return format(amount.quantize(CENT), "f")


def _refused(field: str, text: str, rule: str) -> BadInputError:
    return BadInputError(
        field=field, value=text[:40], rule=rule, remedy="Send dollars and cents, such as 731.37"
    )
