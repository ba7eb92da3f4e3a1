"""A BIF's rows: what a row is, and how an invoice becomes its rows (E2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from operator import attrgetter

from adapter.bif.dialects import join_row
from adapter.bif.problems import Problem, excerpt
from adapter.bif.table import (
    FIELD_SEPARATOR,
    judge,
    reserved_characters,
    shapes,
    values_pattern,
)
from adapter.domain.invoice import BifProfile, Invoice
from adapter.domain.money import CENT, money_text
from adapter.errors import BadInputError, ConfigurationError
from contracts.loader import BifField

# What each column of an invoice carries, by FileSpecID; constants stand in the field table (E2).
INVOICE_ATTRIBUTES: Mapping[int, str] = {
    10: "invoice_number",
    11: "invoice_date",
    12: "due_date",
    13: "amount_due",
    14: "due_date",
    15: "due_date",
    16: "due_date",
    21: "amount_due",
    248: "autopay_date",
    59: "policy_number",
    60: "customer_name",
    61: "address1",
    62: "address2",
    63: "city",
    64: "state",
    65: "zip_code",
    67: "email_address",
    72: "policy_number",
    79: "amount_due",
}
# What comes of the biller's settings instead.
PROFILE_ATTRIBUTES: Mapping[int, str] = {
    2: "biller_guid",
    9: "invoice_format_guid",
    20: "partial_payments",
}
# The notify dates, so many days from the due date as the biller's questionnaire says (E5).
NOTIFY_DATES = (14, 15, 16)
# Due dates and invoice dates of one file are few.
_DATES_REMEMBERED = 4096


@dataclass(frozen=True, kw_only=True)
class BifRow:
    """One row as it stands in a file: its number from 1, its kind, its values by FileSpecID."""

    number: int
    kind: str
    values: Mapping[int, str]


@dataclass(frozen=True, kw_only=True)
class InvoiceGroup:
    """The rows of one invoice."""

    header: BifRow
    customer: BifRow
    details: tuple[BifRow, ...]


@dataclass(frozen=True, kw_only=True)
class FileHeader:
    """What a file says of itself before its figures are known.

    `reference` is ThirdPartyFileReference; `created_on` is the day in the biller's time zone.
    """

    profile: BifProfile
    reference: str
    created_on: date

    def row(self, *, invoice_count: int, total: Decimal) -> str:
        """Return the FH row; raises an error for what no file could begin with."""
        told = {
            2: self.profile.biller_guid,
            3: self.reference,
            4: date_text(self.created_on),
            5: str(invoice_count),
            6: money_text(total),
        }
        shape = shapes()["FH"]
        values = [told.get(column.id, column.value or "") for column in shape.columns]
        for column, value in zip(shape.columns, values, strict=True):
            if problem := judge(column, value):
                raise _file_error(problem)
        return join_row(shape.columns, values, self.profile.dialect)


@dataclass(frozen=True, kw_only=True)
class RefusedInvoice:
    """An invoice that no BIF can carry, with every reason; the others are not held up by it."""

    invoice_number: str
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        reasons = "; ".join(
            f"{problem.subject}: {problem.rule}: {problem.explanation}; {problem.remedy}"
            for problem in self.problems
        )
        return f"invoice {excerpt(self.invoice_number)} is left out of the file: {reasons}"

    def errors(self) -> tuple[BadInputError, ...]:
        """Return each reason as the error that names invoice, field, value, rule and remedy."""
        return tuple(
            BadInputError(
                field=f"invoice {excerpt(self.invoice_number)}, {problem.name}",
                value=excerpt(problem.value),
                rule=f"{problem.rule}: {problem.explanation}",
                remedy=problem.remedy,
            )
            for problem in self.problems
        )


class InvoiceRows:
    """Makes the IH, CR and ID rows of invoices: values first, checked as one, then one template.

    Built once for a file. A value that the quick check does not take gets a slow look, which
    mends what may be mended (a reserved character where the biller has a replacement, a whole
    dollar amount without its cents) and names the rest.
    """

    def __init__(self, profile: BifProfile) -> None:
        self._replacement = _usable(profile.replacement)
        columns = [column for kind in ("IH", "CR", "ID") for column in _carried(kind, profile)]
        self._columns = tuple(column for column in columns if column.id in INVOICE_ATTRIBUTES)
        self._template = "".join(f"{_template(kind, profile)}\n" for kind in ("IH", "CR", "ID"))
        self._told = attrgetter(*(INVOICE_ATTRIBUTES[column.id] for column in self._columns))
        self._dates = self._places_of("date")
        self._notified = tuple(self._notify_days(profile))
        self._amounts = self._places_of("money")
        self._faultless = values_pattern(self._columns).fullmatch

    def write(self, invoice: Invoice) -> str | RefusedInvoice:
        """Return the invoice's rows, each with its line end, or why there are none."""
        values = list(self._told(invoice))
        for place, days in self._notified:
            values[place] = _notify_date(values[place], days)
        for place in self._dates:
            values[place] = date_text(values[place])
        for place in self._amounts:
            values[place] = str(values[place])  # every digit it has, so that sub-cents show
        if self._faultless(FIELD_SEPARATOR.join(values)):
            return self._template % tuple(values)
        return self._write_slowly(invoice, values)

    def _write_slowly(self, invoice: Invoice, values: list[str]) -> str | RefusedInvoice:
        mended: list[str] = []
        problems: dict[str, Problem] = {}  # one for each wrong datum, however many columns have it
        for column, value in zip(self._columns, values, strict=True):
            mended.append(self._mend(column, value))
            if problem := judge(column, mended[-1]):
                problems.setdefault(INVOICE_ATTRIBUTES[column.id], problem)
        if problems:
            return RefusedInvoice(
                invoice_number=invoice.invoice_number, problems=tuple(problems.values())
            )
        return self._template % tuple(mended)

    def _places_of(self, form: str) -> tuple[int, ...]:
        return tuple(place for place, column in enumerate(self._columns) if column.format == form)

    def _notify_days(self, profile: BifProfile) -> Iterator[tuple[int, int | None]]:
        """Yield where each notify date stands, and how many days it is from the due date."""
        places = {column.id: place for place, column in enumerate(self._columns)}
        for file_spec_id, days in zip(
            NOTIFY_DATES, profile.questionnaire.notify_days, strict=True
        ):
            if file_spec_id in places:
                yield places[file_spec_id], days

    def _mend(self, column: BifField, value: str) -> str:
        if column.format == "money":
            return _whole_cents(value)
        if column.format == "text" and self._replacement is not None:
            return reserved_characters().sub(lambda _: self._replacement or "", value)
        return value


@lru_cache(maxsize=_DATES_REMEMBERED)
def date_text(day: date | None) -> str:
    """Write mm/dd/yyyy, or nothing where there is no date."""
    return "" if day is None else f"{day.month:02}/{day.day:02}/{day.year:04}"


def _whole_cents(text: str) -> str:
    """Return money with its two decimals; what is no whole number of cents stays as it is."""
    try:
        amount = Decimal(text)
        cents = amount.quantize(CENT)
    except InvalidOperation:
        return text
    return money_text(abs(cents) if cents.is_zero() else cents) if cents == amount else text


def _notify_date(due_date: date, days: int | None) -> date | None:
    """Return the day of a notice; one beyond the calendar is none."""
    if days is None:
        return None
    try:
        return due_date + timedelta(days=days)
    except OverflowError:
        return None


def _carried(kind: str, profile: BifProfile) -> tuple[BifField, ...]:
    return shapes()[kind].carried(customized=profile.questionnaire.notifies)


def _template(kind: str, profile: BifProfile) -> str:
    """Return a record with what never varies within a file, and a %s for each datum."""
    columns = _carried(kind, profile)
    values = []
    for column in columns:
        if column.id in INVOICE_ATTRIBUTES:
            values.append("%s")
            continue
        attribute = PROFILE_ATTRIBUTES.get(column.id)
        value = getattr(profile, attribute) if attribute else column.value or ""
        if problem := judge(column, value):
            raise _file_error(problem)
        values.append(value.replace("%", "%%"))
    return join_row(columns, values, profile.dialect)


def _usable(replacement: str | None) -> str | None:
    if replacement is not None and (
        len(replacement) != 1 or reserved_characters().search(replacement)
    ):
        raise ConfigurationError(
            "bif.reserved_characters is `refuse` or one character that a BIF can carry"
        )
    return replacement


def _file_error(problem: Problem) -> ConfigurationError | BadInputError:
    """Return a wrong setting as one, and anything else as the caller's input."""
    if attribute := PROFILE_ATTRIBUTES.get(problem.file_spec_id or 0):
        return ConfigurationError(
            f"{attribute}, the BIF's {problem.subject}: {problem.explanation}; {problem.remedy}"
        )
    return BadInputError(
        field=problem.name,
        value=problem.value,
        rule=f"{problem.rule}: {problem.explanation}",
        remedy=problem.remedy,
    )
