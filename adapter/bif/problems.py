"""What can be wrong with a BIF or with an invoice on its way into one, and how it is told."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from contracts.loader import bif_fields

VALUE_LENGTH_MAX = 60


class Rule(StrEnum):
    """The rules of a BIF, by the names that `contracts/bif/fields.toml` describes."""

    REQUIRED = "required"
    CONSTANT = "constant"
    FORMAT = "format"
    UNKNOWN_FIELD = "unknown_field"
    DUPLICATE_FIELD = "duplicate_field"
    FIELD_ORDER = "field_order"
    RECORD_ORDER = "record_order"
    UNKNOWN_RECORD = "unknown_record"
    MISSING_RECORD = "missing_record"
    COUNT = "count"
    TOTAL = "total"
    DUPLICATE_INVOICE = "duplicate_invoice"
    RESERVED_CHARACTER = "reserved_character"
    ENCODING = "encoding"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One broken rule: where, what stands there, why that is wrong, what to write instead.

    `row` counts from 1, and is None for a value that never reached a file. `file_spec_id`
    and `field` are None where no column can be named.
    """

    row: int | None
    file_spec_id: int | None
    field: str | None
    value: str
    rule: Rule
    explanation: str
    remedy: str

    @property
    def name(self) -> str:
        """Name the field, such as `13 TotalAmountDue`; nothing where none can be named."""
        return " ".join(str(part) for part in (self.file_spec_id, self.field) if part)

    @property
    def subject(self) -> str:
        """Name the field and quote its value, such as `13 TotalAmountDue = "12.3.4"`."""
        quoted = f'"{excerpt(self.value)}"'
        return f"{self.name} = {quoted}" if self.name else quoted

    def render(self, file_name: str) -> str:
        """Tell the problem in one line, as a compiler would."""
        place = f"{file_name}:{self.row}: " if self.row else f"{file_name}: "
        return f"{place}{self.subject}: {self.rule}: {self.explanation}; {self.remedy}"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "value": excerpt(self.value)}


def problem_at(
    row: int | None,
    file_spec_id: int | None,
    value: str,
    rule: Rule,
    *,
    explanation: str,
    remedy: str,
) -> Problem:
    """Return a problem with the name of its column; an unknown field has none."""
    known = () if rule is Rule.UNKNOWN_FIELD else bif_fields()
    names = (column.name for column in known if column.id == file_spec_id)
    return Problem(
        row=row,
        file_spec_id=file_spec_id,
        field=next(names, None),
        value=value,
        rule=rule,
        explanation=explanation,
        remedy=remedy,
    )


def excerpt(value: str) -> str:
    """Shorten a value and spell out what a terminal should not be sent."""
    shown = value[:VALUE_LENGTH_MAX]
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
    return safe if shown == value else f"{safe}..."
