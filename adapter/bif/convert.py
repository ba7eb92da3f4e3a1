"""Makes this integration's BIF of another one's, and tells every change and every loss (E4).

The file of a MIPS or APPS biller at Invoice Cloud is read as it stands, tagged or positional. What
the technical design fixes is written so; whatever else a file says has no place here and is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import IO, Any

from adapter.bif.convertible import (
    AMOUNT_DUE,
    AUTOPAY_DATE,
    DUE_DATE,
    INVOICE_DATE,
    not_convertible,
)
from adapter.bif.dialects import Columns, split_row
from adapter.bif.foreign_values import date_of, integer_of, money_of
from adapter.bif.losses import Losses, Tally
from adapter.bif.reader import read_bif
from adapter.bif.rows import BifRow, FileHeader, InvoiceGroup, InvoiceRows, RefusedInvoice
from adapter.bif.table import judge
from adapter.bif.writer import write_bif
from adapter.domain.invoice import BifDialect, BifProfile, Invoice
from adapter.domain.money import ZERO, money_text
from adapter.errors import BadInputError
from contracts.loader import BifField, bif_fields

BILLER_GUID, REFERENCE, CREATED_ON, COUNT, TOTAL = 2, 3, 4, 5, 6
FORMAT_GUID, INVOICE_NUMBER = 9, 10
ACCOUNT_NUMBER, CUSTOMER_NAME, EMAIL = 59, 60, 67
ADDRESS = {61: "address1", 62: "address2", 63: "city", 64: "state", 65: "zip_code"}


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What came of a conversion: figures before and after, every change, every loss.

    `tallies` are the changes and losses, alike ones together. A refused invoice is not in the
    new file: written as it stands, its money would be lost, or somebody billed who owes nothing.
    """

    dialect: BifDialect
    source_count: int
    source_total: Decimal
    invoice_count: int
    total: Decimal
    tallies: tuple[Tally, ...]
    refused: tuple[RefusedInvoice, ...]

    @property
    def whole(self) -> bool:
        return not self.refused

    def render(self) -> str:
        lines = [tally.render() for tally in self.tallies]
        lines += [f"refused: {refused}" for refused in self.refused]
        lines.append(
            f"{self.source_count} invoices, total {money_text(self.source_total)}, "
            f"{self.dialect.value}: {self.invoice_count} converted, "
            f"total {money_text(self.total)}; {len(self.refused)} refused"
        )
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        return {
            "whole": self.whole,
            "source": {
                "dialect": self.dialect.value,
                "invoice_count": self.source_count,
                "total": money_text(self.source_total),
            },
            "invoice_count": self.invoice_count,
            "total": money_text(self.total),
            "changes": [tally.as_json() for tally in self.tallies],
            "refused": [
                {
                    "invoice_number": refused.invoice_number,
                    "problems": [problem.as_json() for problem in refused.problems],
                }
                for refused in self.refused
            ],
        }


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the new file is to be; what is None is taken over from the old one.

    `columns` says which FileSpecIDs a positional file of another system carries. With
    `trust_totals` TotalAmountDue is what is owed, whatever the details add up to.
    """

    profile: BifProfile | None = None
    dialect: BifDialect = BifDialect.TAGGED
    reference: str | None = None
    columns: Columns = field(default_factory=dict)
    trust_totals: bool = False


def convert_bif(source: IO[bytes], out: IO[bytes], wanted: Wanted) -> Conversion:
    """Read a BIF once and write it as this integration would.

    `out` is a binary file open for writing and reading. Raises BadInputError where the old file
    is no BIF, is another biller's, or has other invoices than its header says: then something is
    lost already.
    """
    reading = read_bif(source, columns=wanted.columns, details_min=0)
    first = next(reading.invoices, None)
    profile = wanted.profile or _profile_of(reading.header, first, wanted.dialect)
    header = _header(reading.header, profile, wanted.reference)
    converting = _Converting(profile, trust_totals=wanted.trust_totals)
    converting.compare_header(reading.header, header)
    groups = chain([first] if first else [], reading.invoices)
    written = write_bif(converting.invoices(groups), header, out)
    converting.require_whole(reading.header)
    return Conversion(
        dialect=reading.dialect,
        source_count=converting.count,
        source_total=converting.total,
        invoice_count=written.invoice_count,
        total=written.total,
        tallies=converting.losses.tallies(),
        refused=(*converting.refused, *written.refused),
    )


class _Converting:
    """One pass over the old file's invoices."""

    def __init__(self, profile: BifProfile, *, trust_totals: bool) -> None:
        self._trust_totals = trust_totals
        # In the tagged dialect, whatever is written, each value is known by its FileSpecID.
        self._rows = InvoiceRows(replace(profile, dialect=BifDialect.TAGGED))
        self.losses = Losses()
        self.refused: list[RefusedInvoice] = []
        self.count = 0
        self.total = ZERO

    def invoices(self, groups: Iterator[InvoiceGroup]) -> Iterator[Invoice]:
        """Yield what can be written, and keep what was changed, lost and refused on the way."""
        for group in groups:
            self.count += 1
            self.total += money_of(group.header.values.get(AMOUNT_DUE, "")) or ZERO
            problems = [*not_convertible(group, trust_totals=self._trust_totals)]
            invoice = None if problems else _invoice(group)
            rows = self._rows.write(invoice) if invoice else None
            if isinstance(rows, RefusedInvoice):
                problems += [replace(p, row=group.header.number) for p in rows.problems]
            if problems or invoice is None or not isinstance(rows, str):
                number = group.header.values.get(INVOICE_NUMBER, "")
                self.refused.append(
                    RefusedInvoice(invoice_number=number, problems=tuple(problems))
                )
                continue
            self._compare(group, rows)
            yield invoice

    def compare_header(self, old: BifRow, header: FileHeader) -> None:
        """Tell what the file header says otherwise; its figures follow the body."""
        row = header.row(invoice_count=0, total=ZERO)
        fields, _ = split_row(1, row, header.profile.dialect)
        new = {f.file_spec_id: f.value for f in fields if f.file_spec_id not in {COUNT, TOTAL}}
        figures = {i: old.values[i] for i in (COUNT, TOTAL) if i in old.values}
        self.losses.compare("FH", old.number, old.values, {**new, **figures})

    def require_whole(self, header: BifRow) -> None:
        """Refuse a file whose header tells of more, or of less, than there is."""
        told = header.values
        count, total = told.get(COUNT, "").strip(), money_of(told.get(TOTAL, ""))
        if count and integer_of(count) != str(self.count):
            raise _not_whole(header, COUNT, count, str(self.count))
        if told.get(TOTAL, "").strip() and total != self.total:
            raise _not_whole(header, TOTAL, told[TOTAL], money_text(self.total))

    def _compare(self, group: InvoiceGroup, rows: str) -> None:
        new_rows = [
            {f.file_spec_id: f.value for f in split_row(0, row, BifDialect.TAGGED)[0]}
            for row in rows.splitlines()
        ]
        header, customer, detail = new_rows
        self.losses.compare("IH", group.header.number, group.header.values, header)
        self.losses.compare("CR", group.customer.number, group.customer.values, customer)
        if len(group.details) == 1:
            (old,) = group.details
            self.losses.compare("ID", old.number, old.values, detail)
            return
        row = group.details[0].number if group.details else group.customer.number
        self.losses.merge(row, [old.values for old in group.details], detail)


def _profile_of(header: BifRow, first: InvoiceGroup | None, dialect: BifDialect) -> BifProfile:
    """Take both GUIDs over from the old file."""
    guids = {
        BILLER_GUID: (header, header.values.get(BILLER_GUID, "").strip()),
        FORMAT_GUID: (first and first.header, first and first.header.values.get(FORMAT_GUID, "")),
    }
    for file_spec_id, (row, value) in guids.items():
        if row and (problem := judge(_column(file_spec_id), (value or "").strip())):
            raise BadInputError(
                field=f"row {row.number}, {problem.name}",
                value=value or "",
                rule=problem.explanation,
                remedy="Name the settings and the biller that have it: --config and --biller",
            )
    biller_guid, format_guid = ((value or "").strip() for _, value in guids.values())
    return BifProfile(
        biller_guid=biller_guid,
        # A file without an invoice writes none.
        invoice_format_guid=format_guid or biller_guid,
        time_zone="UTC",
        replacement=None,
        dialect=dialect,
    )


def _header(old: BifRow, profile: BifProfile, reference: str | None) -> FileHeader:
    told = old.values.get(BILLER_GUID, "").strip()
    if told and told.lower() != profile.biller_guid.lower():
        raise BadInputError(
            field=f"row {old.number}, 2 BillerGuid",
            value=told,
            rule="it is not the biller's of the settings",
            remedy="Convert each biller's file with its own settings",
        )
    created_on = date_of(old.values.get(CREATED_ON, ""))
    if created_on is None:
        raise BadInputError(
            field=f"row {old.number}, 4 FileCreationDate",
            value=old.values.get(CREATED_ON, ""),
            rule="it is no day as m/d/yyyy, yyyy-mm-dd or yyyymmdd",
            remedy="Write the day on which the file was made",
        )
    kept = old.values.get(REFERENCE, "")
    if not reference and (not kept or judge(_column(REFERENCE), kept)):
        kept = f"conversion-{created_on:%Y%m%d}"
    return FileHeader(profile=profile, reference=reference or kept, created_on=created_on)


def _invoice(group: InvoiceGroup) -> Invoice:
    told, customer = group.header.values, group.customer.values
    address1, address2, city, state, zip_code = (customer.get(each, "") for each in ADDRESS)
    return Invoice(
        invoice_number=integer_of(told.get(INVOICE_NUMBER, "")),
        policy_number=integer_of(customer.get(ACCOUNT_NUMBER, "")),
        organization_name=customer.get(CUSTOMER_NAME, ""),
        first_name="",
        last_name="",
        address1=address1,
        address2=address2,
        city=city,
        state=state,
        zip_code=zip_code,
        email_address=customer.get(EMAIL, ""),
        invoice_date=date_of(told[INVOICE_DATE]) or date.min,
        due_date=date_of(told[DUE_DATE]) or date.min,
        balance_due=money_of(told[AMOUNT_DUE]) or ZERO,
        autopay_date=date_of(told.get(AUTOPAY_DATE, "")),
    )


def _column(file_spec_id: int) -> BifField:
    return next(column for column in bif_fields() if column.id == file_spec_id)


def _not_whole(header: BifRow, file_spec_id: int, told: str, found: str) -> BadInputError:
    return BadInputError(
        field=f"row {header.number}, {file_spec_id} {_column(file_spec_id).name}",
        value=told,
        rule=f"the file has {found}",
        remedy="Find what the file has lost before it is converted",
    )
