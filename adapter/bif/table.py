"""The field table of the contract, compiled: which columns a record has, what a value may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType

from adapter.bif.problems import Problem, Rule, problem_at
from adapter.domain.invoice import BifDialect
from contracts.loader import BifField, bif_fields, toml

FIELD_SEPARATOR = "|"
ID_SEPARATOR = "~"
# A half surrogate can stand in a Python string and has no UTF-8: no file can carry it.
_SURROGATES = r"\ud800-\udfff"
_FILE_SPEC_ID = re.compile(r"[1-9][0-9]*")
_FILE_SPEC_ID_LENGTH_MAX = 9
# Dates and FileSpecIDs of one file are few; the bound only guards against a hostile one.
_REMEMBERED = 4096

# What each format demands, and an example of what fits.
_DEMANDS = {
    "guid": ("a GUID is 8-4-4-4-12 hexadecimal digits", "5f0c9a3e-7d41-4b86-9c2e-1a6b3d8f4e70"),
    "reference": ("a reference is 1 to 50 letters, digits, - and _", "imt-20260105-080000"),
    "date": ("a date is mm/dd/yyyy and stands in the calendar", "01/31/2026"),
    "count": ("a count is at most 9 digits without a leading zero", "25"),
    "money": ("money is at most 15 digits with two decimals, no sign, no comma", "12.34"),
    "flag": ("a flag is 0 or 1", "0"),
    "integer": ("an integer is at most 18 digits, the first not 0", "30254"),
}


@dataclass(frozen=True, kw_only=True)
class RecordShape:
    """One kind of record; a pattern of `row_patterns` fits a whole faultless row of a dialect.

    Its groups are named by `group_name`. The row has every column, the customizations all or
    none. A tagged row that does not fit may still be right: optional columns can be absent.
    """

    kind: str
    columns: tuple[BifField, ...]
    positions: Mapping[int, int]
    row_patterns: Mapping[BifDialect, re.Pattern[str]]
    date_groups: tuple[str, ...]

    @property
    def row_type(self) -> BifField:
        return self.columns[0]

    def carried(self, *, customized: bool) -> tuple[BifField, ...]:
        """Return the columns of a file, with those that a questionnaire can add or without."""
        return tuple(c for c in self.columns if customized or not c.customization)


@cache
def shapes() -> Mapping[str, RecordShape]:
    """Return each record's shape by its kind, in the order in which a file brings them."""
    kinds = dict.fromkeys(column.record for column in bif_fields())
    return MappingProxyType({kind: _compile(kind) for kind in kinds})


@cache
def reserved_characters() -> re.Pattern[str]:
    """Return what fits one character that no value can carry."""
    return re.compile(_reserved_class())


def values_pattern(columns: tuple[BifField, ...]) -> re.Pattern[str]:
    """Return what fits the columns' faultless values, joined by the field separator."""
    return re.compile(re.escape(FIELD_SEPARATOR).join(_value(column) for column in columns))


def group_name(file_spec_id: int) -> str:
    """Return the name of a column's group in its record's `row_pattern`."""
    return f"f{file_spec_id}"


def judge(column: BifField, value: str, *, row: int | None = None) -> Problem | None:
    """Return the rule that a value breaks, or None."""
    broken = _broken_rule(column, value)
    if broken is None:
        return None
    rule, explanation, remedy = broken
    return problem_at(row, column.id, value, rule, explanation=explanation, remedy=remedy)


def file_spec_id_of(text: str) -> int | None:
    """Read a FileSpecID as it stands on the wire; None for what is none."""
    return _file_spec_id_of(text) if len(text) <= _FILE_SPEC_ID_LENGTH_MAX else None


@lru_cache(maxsize=_REMEMBERED)
def stands_in_calendar(text: str | None) -> bool:
    """Tell whether mm/dd/yyyy is a real day; no text names none and is no fault here."""
    if not text:
        return True
    try:
        date(int(text[6:]), int(text[:2]), int(text[3:5]))
    except ValueError:
        return False
    return True


def _broken_rule(column: BifField, value: str) -> tuple[Rule, str, str] | None:
    if not value.strip() and column.required:
        return Rule.REQUIRED, "a required column is never empty", _remedy(column)
    if not value:
        return None
    if reserved := reserved_characters().search(value):
        what = f"no value can carry U+{ord(reserved[0]):04X}, it has no escape"
        return Rule.RESERVED_CHARACTER, what, "take it out or replace it"
    if column.format == "constant":
        same = value == column.value
        return None if same else (Rule.CONSTANT, "it never varies", _remedy(column))
    fits = re.fullmatch(column.pattern, value)
    if fits and (column.format != "date" or stands_in_calendar(value)):
        return None
    return Rule.FORMAT, _DEMANDS[column.format][0], _remedy(column)


def _remedy(column: BifField) -> str:
    if column.format == "constant":
        return f"write {column.value}"
    if column.format in _DEMANDS:
        return f"write it as in {_DEMANDS[column.format][1]}"
    return f"give the {column.name}"


@lru_cache(maxsize=_REMEMBERED)
def _file_spec_id_of(text: str) -> int | None:
    return int(text) if _FILE_SPEC_ID.fullmatch(text) else None


def _compile(kind: str) -> RecordShape:
    columns = tuple(column for column in bif_fields() if column.record == kind)
    dates = (group_name(column.id) for column in columns if column.format == "date")
    return RecordShape(
        kind=kind,
        columns=columns,
        positions={column.id: place for place, column in enumerate(columns)},
        row_patterns={dialect: _row_pattern(columns, dialect) for dialect in BifDialect},
        date_groups=tuple(dates),
    )


def _row_pattern(columns: tuple[BifField, ...], dialect: BifDialect) -> re.Pattern[str]:
    separator = re.escape(FIELD_SEPARATOR)
    pattern = ""
    for added, run in groupby(columns, key=attrgetter("customization")):
        parts = (
            f"{f'{column.id}{ID_SEPARATOR}' if dialect is BifDialect.TAGGED else ''}"
            f"(?P<{group_name(column.id)}>{_value(column)}){separator}"
            for column in run
        )
        pattern += f"(?:{''.join(parts)})?" if added else "".join(parts)
    return re.compile(pattern.removesuffix(separator))


def _value(column: BifField) -> str:
    """Return the pattern of a column's faultless value; a slow look judges what it leaves out."""
    if column.format == "constant":
        pattern = re.escape(column.value or "")
    elif column.format == "text":
        free = f"[^{_reserved_class()[1:]}"
        # Possessive: a text ends where the next separator is, and is never tried shorter.
        return rf"(?!\s){free}++" if column.required else f"{free}*+"
    else:
        pattern = f"(?:{column.pattern})"
    return pattern if column.required else f"(?:{pattern})?"


def _reserved_class() -> str:
    """Return the contract's character class of reserved characters, half surrogates added."""
    listed: str = toml("bif/fields.toml")["reserved"]["pattern"]
    return f"{listed[:-1]}{_SURROGATES}]"
