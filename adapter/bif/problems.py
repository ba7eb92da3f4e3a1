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
    COLUMN_COUNT = "column_count"
    RECORD_ORDER = "record_order"
    UNKNOWN_RECORD = "unknown_record"
    MISSING_RECORD = "missing_record"
    COUNT = "count"
    TOTAL = "total"
    DUPLICATE_INVOICE = "duplicate_invoice"
    RESERVED_CHARACTER = "reserved_character"
    ENCODING = "encoding"


class Advice(StrEnum):
    """What no rule forbids and nobody means: a warning, and the file stays valid."""

    NO_REFERENCE = "no_reference"
    DUE_BEFORE_INVOICE_DATE = "due_before_invoice_date"
    MINIMUM_ABOVE_TOTAL = "minimum_above_total"
    DETAILS_DIFFER = "details_differ"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One broken rule: where, what stands there, why that is wrong, what to write instead.

    `row` and `column` count lines and characters from 1; `row` is None for a value that never
    reached a file. `file_spec_id` and `field` are None where no field can be named.
    """

    row: int | None
    column: int = 1
    file_spec_id: int | None
    field: str | None
    value: str
    rule: Rule | Advice
    explanation: str
    remedy: str

    @property
    def severity(self) -> str:
        return "warning" if isinstance(self.rule, Advice) else "error"

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
        place = f"{file_name}:{self.row}:{self.column}" if self.row else file_name
        told = f"{self.severity}: {self.subject}: {self.explanation}; {self.remedy}"
        return f"{place}: {told} [{self.rule}]"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "value": excerpt(self.value), "severity": self.severity}


def problem_at(
    row: int | None,
    file_spec_id: int | None,
    value: str,
    rule: Rule | Advice,
    *,
    explanation: str,
    remedy: str,
    column: int = 1,
) -> Problem:
    """Return a problem with the name of its field; an unknown one has none."""
    known = () if rule is Rule.UNKNOWN_FIELD else bif_fields()
    names = (field.name for field in known if field.id == file_spec_id)
    return Problem(
        row=row,
        column=column,
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
