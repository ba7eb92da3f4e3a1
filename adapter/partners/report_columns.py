"""Reads the columns of Invoice Cloud's reports, and gathers the rows that break a rule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from adapter.domain.money import parse_money
from adapter.errors import BadInputError

# Of rows that cannot be read, the error lists so many and counts the rest.
LISTED_ROWS_MAX = 10
# Where a moment without an offset was written (decision 0004).
SERVER_ZONE = "America/New_York"
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


@dataclass
class RefusedRows:
    """Rows that could not be mapped: the first ones in full, the rest as a number.

    A row is told by `names`, which are its own in every poll; its place in the report is not.
    """

    what: str = "payment"
    names: tuple[str, ...] = ("payment_guid", "paid_at")
    count: int = 0
    listed: list[tuple[str, BadInputError]] = field(default_factory=list)

    def add(
        self, row: Mapping[str, str], columns: Mapping[str, str], error: BadInputError
    ) -> None:
        self.count += 1
        if len(self.listed) < LISTED_ROWS_MAX:
            told = (row.get(columns[name], "").strip() for name in self.names)
            self.listed.append((" of ".join(text[:40] or "?" for text in told), error))

    def raise_if_any(self) -> None:
        if not self.count:
            return
        more = self.count - len(self.listed)
        fields = (f"{self.what} {subject}: {error.field}" for subject, error in self.listed)
        rest = f", and {more} rows more" if more else ""
        raise BadInputError(
            field=f"{', '.join(fields)}{rest}",
            value=", ".join(error.value for _, error in self.listed),
            rule="; ".join(dict.fromkeys(error.rule for _, error in self.listed)),
            remedy=f"Ask Invoice Cloud about these {self.what}s; the others were read",
        )


def required(row: Mapping[str, str], columns: Mapping[str, str], name: str) -> str:
    """Return a column's text by our name of it; raises BadInputError where there is none."""
    value = row.get(columns[name], "").strip()
    if not value:
        raise refused(columns[name], "", "it must have a value")
    return value


def number(text: str, column: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise refused(column, text, "it must be digits without a leading zero")
    return text


def dollars(text: str, column: str, *, least: Decimal) -> Decimal:
    amount = parse_money(text, field=column)
    if amount < least:
        raise refused(column, text, f"it must be at least {least}")
    return amount


def moment(text: str, column: str) -> datetime:
    """Read a moment as UTC; one without an offset was written on the server's clock."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=ZoneInfo(SERVER_ZONE))
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise refused(column, text, "it must be a moment in ISO 8601") from None
    if found.year == 1:
        raise refused(column, text, "it must be set; .NET writes no moment as the year 1")
    return found


def truth_of(text: str) -> bool | None:
    """Read an xsd:boolean, in any case; None for anything else."""
    return _TRUTHS.get(text.strip().lower())


def truth(text: str, column: str) -> bool:
    found = truth_of(text)
    if found is None:
        raise refused(column, text, "it must be true or false")
    return found


def refused(column: str, value: str, rule: str) -> BadInputError:
    return BadInputError(
        field=column, value=value[:40], rule=rule, remedy="Ask Invoice Cloud about it"
    )
