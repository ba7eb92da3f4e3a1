"""What Invoice Cloud knows of an invoice file's columns: their order, and what each may hold."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

from contracts.loader import BifField, bif_fields, toml

KINDS = ("FH", "IH", "CR", "ID")
# Base64 brings them in, and no answer of ours could ever tell them.
_NOT_XML = re.compile("[\ufffe\uffff]")


def judge(column: BifField, value: str) -> str:
    """Return the rule that a column's value breaks, or nothing."""
    if column.required and not value.strip():
        return "required"
    if not value:
        return ""
    if _reserved().search(value) or _NOT_XML.search(value):
        return "reserved_character"
    if column.format == "constant":
        return "" if value == column.value else "constant"
    if not _pattern(column.pattern).fullmatch(value):
        return "format"
    return "format" if column.format == "date" and not _in_calendar(value) else ""


def is_id(text: str) -> bool:
    return bool(_pattern("[1-9][0-9]{0,3}").fullmatch(text))


def is_count(text: str) -> bool:
    return _has_format("count", text)


def is_money(text: str) -> bool:
    return _has_format("money", text)


@cache
def columns_of(kind: str) -> dict[int, BifField]:
    """Return a record's columns by FileSpecID, in their order."""
    return {column.id: column for column in bif_fields() if column.record == kind}


@cache
def layouts_of(kind: str) -> tuple[tuple[int, ...], ...]:
    """Return the FileSpecIDs that a positional record's values can have.

    Those that a biller's questionnaire adds stand in it all together, or none of them.
    """
    columns = columns_of(kind).values()
    usual = tuple(column.id for column in columns if not column.customization)
    return tuple(dict.fromkeys((usual, tuple(column.id for column in columns))))


def row_type_column(kind: str) -> BifField:
    return next(iter(columns_of(kind).values()))


@cache
def tagged_row_types() -> dict[str, str]:
    """Return the kinds of records by the FileSpecID of their RowType."""
    return {str(row_type_column(kind).id): kind for kind in KINDS}


@cache
def rules() -> dict[str, str]:
    """Return every rule of a BIF with what it says."""
    return dict(toml("bif/fields.toml")["rule"])


def _in_calendar(text: str) -> bool:
    try:
        date(int(text[6:]), int(text[:2]), int(text[3:5]))
    except ValueError:
        return False
    return True


def _has_format(name: str, text: str) -> bool:
    return bool(_pattern(toml("bif/fields.toml")["format"][name]["pattern"]).fullmatch(text))


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


@cache
def _reserved() -> re.Pattern[str]:
    return re.compile(toml("bif/fields.toml")["reserved"]["pattern"])
