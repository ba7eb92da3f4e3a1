"""Column types: moments as whole microseconds since 1970 in UTC, dollars as whole cents.

Integers compare and order exactly on every database; a text or a float would not. A biller is
kept by its BillerGUID: the name of its settings table may change, its rows stay its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Dialect, String
from sqlalchemy.types import TypeDecorator

from adapter.clock import require_aware
from adapter.errors import MalformedRowError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ENUM_LENGTH = 24


class Moment(TypeDecorator[datetime]):
    """An aware datetime, to the microsecond."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        del dialect
        return None if value is None else (require_aware(value, "moment") - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        del dialect
        try:
            return None if value is None else EPOCH + value * MICROSECOND
        except (TypeError, OverflowError):
            raise _malformed("a moment in microseconds") from None


class Cents(TypeDecorator[Decimal]):
    """Dollars with two decimals; anything finer is refused, never rounded."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        del dialect
        if value is None:
            return None
        cents = value.scaleb(2)
        if cents != cents.to_integral_value():
            raise ValueError(f"money has whole cents, got {value}")
        return int(cents)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        del dialect
        if value is not None and not isinstance(value, int):
            raise _malformed("an amount in whole cents")
        return None if value is None else Decimal(value).scaleb(-2)


class BillerNames:
    """Which BillerGUID stands behind each name of the settings.

    A name without a GUID stands for itself, and so does a GUID that no settings name any more. A
    name that was known stays known: work that began before its table was renamed goes on.
    """

    def __init__(self, read_guids: Callable[[], Mapping[str, str]]) -> None:
        self._read_guids = read_guids
        self._seen: Mapping[str, str] = {}
        self._guids: Mapping[str, str] = {}
        self._names: Mapping[str, str] = {}

    def refresh(self) -> None:
        """Read the settings anew; each transaction begins with this."""
        seen = self._read_guids()
        if seen is not self._seen:
            guids = {name: _canonical(guid) for name, guid in seen.items()}
            self._names = {guid: name for name, guid in guids.items()}
            self._guids = {**self._guids, **guids}
            self._seen = seen

    def guid_of(self, name: str) -> str:
        return self._guids.get(name, name)

    def name_of(self, guid: str) -> str:
        return self._names.get(guid, guid)


def _canonical(guid: str) -> str:
    """Write a GUID in one spelling, whatever letters, dashes or braces the settings have."""
    try:
        return str(UUID(guid))
    except ValueError:
        return guid


class Biller(TypeDecorator[str]):
    """A biller's name, kept as its BillerGUID; the engine's dialect carries the `BillerNames`."""

    impl = String(63)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        names = names_of(dialect)
        return value if value is None or names is None else names.guid_of(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        names = names_of(dialect)
        return value if value is None or names is None else names.name_of(value)


def names_of(dialect: Dialect) -> BillerNames | None:
    """Return the names that a ledger was opened with; each engine has a dialect of its own."""
    names: BillerNames | None = getattr(dialect, "biller_names", None)
    return names


class Member(TypeDecorator[Enum]):
    """A member of an Enum, kept by its value."""

    impl = String(ENUM_LENGTH)
    cache_ok = True

    def __init__(self, kind: type[Enum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else str(self.kind(value).value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Enum | None:
        del dialect
        try:
            return None if value is None else self.kind(value)
        except ValueError:
            raise _malformed(f"one of {', '.join(each.value for each in self.kind)}") from None


def _malformed(wanted: str) -> MalformedRowError:
    """Say what should stand there; what does may be personal."""
    return MalformedRowError(f"a row of the ledger is malformed: it needs {wanted}")
