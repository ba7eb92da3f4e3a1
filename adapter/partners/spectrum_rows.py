"""What a row of Spectrum's extract means (decision 0001), whether it came by HTTP or in a file.

A row that breaks a rule is refused with the place where it stands, the field, its value and the
rule. Fields that are not known are no concern of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from adapter.domain.invoice import ExtractedReceipt, Invoice
from adapter.domain.money import parse_money
from adapter.domain.payment import Payment
from adapter.errors import BadInputError

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REMEDY = "Mend Spectrum's extract; nothing of it was taken"


@dataclass(frozen=True)
class Row:
    """One row and where it stands, such as `invoices-20260105T080000Z.jsonl line 3`."""

    where: str
    fields: Mapping[str, Any]

    def text(self, name: str) -> str:
        """Return a field as text; null is empty, an absent field is refused."""
        if name not in self.fields:
            raise self.refuse(name, "", "it is missing")
        value = self.fields[name]
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise self.refuse(name, str(value), "it must be a text")
        return (format(value, "f") if isinstance(value, Decimal) else str(value)).strip()

    def optional_text(self, name: str) -> str:
        """Return a field as text that not every extract tells; absent is empty."""
        return self.text(name) if name in self.fields else ""

    def number(self, name: str) -> str:
        text = self.text(name)
        if not _NUMBER.fullmatch(text):
            raise self.refuse(name, text, "it must be a whole number from 1, in digits")
        return text

    def money(self, name: str) -> Decimal:
        try:
            return parse_money(self.text(name), field=name)
        except BadInputError as error:
            if error.field != name:
                raise
            raise self.refuse(name, error.value, error.rule) from None

    def day(self, name: str) -> date:
        text = self.text(name)
        try:
            if _DAY.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise self.refuse(name, text, "it must be a day of the calendar, such as 2026-01-05")

    def moment(self, name: str) -> datetime:
        text = self.text(name)
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise self.refuse(name, text, "it must be a moment with its zone: 2026-01-05T08:00:00Z")

    def refuse(self, name: str, value: str, rule: str) -> BadInputError:
        field = f"{self.where} {name}".strip()
        return BadInputError(field=field, value=value[:60], rule=rule, remedy=_REMEDY)


def row_of(value: Any, *, where: str) -> Row:
    """Take a value for a row; one that is no object is refused."""
    if not isinstance(value, dict):
        rule = "it must be an object with the extract's fields"
        raise Row(where, {}).refuse("", str(value), rule)
    return Row(where, value)


def invoice_of(row: Row) -> Invoice:
    """Map a row of the invoice extract."""
    return Invoice(
        invoice_number=row.number("invoice_number"),
        policy_number=row.number("policy_number"),
        organization_name=row.text("organization_name"),
        first_name=row.text("first_name"),
        last_name=row.text("last_name"),
        address1=row.text("address1"),
        address2=row.text("address2"),
        city=row.text("city"),
        state=row.text("state"),
        zip_code=row.text("zip_code"),
        email_address=row.text("email_address"),
        invoice_date=row.day("invoice_date"),
        due_date=row.day("due_date"),
        balance_due=row.money("balance_due"),
        autopay_date=row.day("autopay_date") if row.text("autopay_date") else None,
    )


def receipt_of(row: Row) -> ExtractedReceipt:
    """Map a row of the receipt extract."""
    receipt_id = row.text("receipt_id")
    if not receipt_id:
        raise row.refuse("receipt_id", "", "it must have a value")
    return ExtractedReceipt(
        receipt_id=receipt_id,
        invoice_number=row.number("invoice_number"),
        reference_number=row.text("reference_number"),
        amount=row.money("amount"),
        applied_at=row.moment("applied_at"),
        reversal_id=row.optional_text("reversal_id"),
        reversed_at=row.moment("reversed_at") if row.optional_text("reversed_at") else None,
    )


def concerns(receipt: ExtractedReceipt, payment: Payment) -> bool:
    """Tell whether a receipt bears the payment's GUID or is on its invoice."""
    return receipt.invoice_number == payment.invoice_number or receipt.is_of(payment.payment_guid)


def utc_text(moment: datetime) -> str:
    """Write a moment as the extract does, such as `2026-01-05T08:00:00Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
