"""Invoice Cloud's own reading of an invoice file: every rule checked, nothing taken on trust.

Either dialect is taken, and the first row shows which (decision 0024). It shares the field table
with the adapter and not a line of code, so each tests the other.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO

from contracts.loader import BifField
from sandbox.fakes.invoice_cloud.bif_columns import (
    KINDS,
    columns_of,
    is_count,
    is_id,
    is_money,
    judge,
    layouts_of,
    row_type_column,
    rules,
    tagged_row_types,
)
from sandbox.fakes.invoice_cloud.book import BilledInvoice

ZERO = Decimal("0.00")
PROBLEMS_KEPT = 1000
# A file with more is no invoice file, and is read no further.
PROBLEMS_COUNTED_MAX = 100_000
VALUE_SHOWN = 60
ROW_BYTES_MAX = 16 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class BifProblem:
    """One broken rule: the row from 1, and the column where one can be named."""

    row: int
    file_spec_id: int | None
    field: str
    value: str
    rule: str

    def __str__(self) -> str:
        column = f", FileSpecID {self.file_spec_id} {self.field}" if self.file_spec_id else ""
        shown = "".join(map(_printable, self.value))
        return f"row {self.row}{column} '{shown}': {self.rule}: {rules()[self.rule]}"


@dataclass(kw_only=True)
class ParsedBif:
    """A file as it was read: its header, its invoices, and everything wrong with it."""

    header: dict[int, str] = field(default_factory=dict)
    invoices: list[BilledInvoice] = field(default_factory=list)
    problems: list[BifProblem] = field(default_factory=list)
    problem_count: int = 0
    invoice_count: int = 0
    total: Decimal = ZERO

    @property
    def header_count(self) -> int:
        return int(self.header[5]) if is_count(self.header.get(5, "")) else 0

    @property
    def header_total(self) -> Decimal:
        return Decimal(self.header[6]) if is_money(self.header.get(6, "")) else ZERO


def parse_bif(content: bytes | IO[bytes]) -> ParsedBif:
    """Read a whole file; whatever is wrong stands in `problems`, and reading goes on."""
    return _Reading().read(io.BytesIO(content) if isinstance(content, bytes) else content)


class _Reading:
    """One pass over a file: rows one by one, the order of records, the figures at the end."""

    def __init__(self) -> None:
        self.parsed = ParsedBif()
        self._seen: set[str] = set()
        self._kind = ""  # of the row before; empty before the first
        self._invoice: dict[int, str] | None = None
        self._invoice_row = 0
        self._customer: dict[int, str] | None = None
        self._details: list[dict[int, str]] = []
        self._unread_rows = 0
        self._unread_before_invoice = 0
        self._amounts_known = True
        self._positional: bool | None = None

    def read(self, file: IO[bytes]) -> ParsedBif:
        if file.read(len(BYTE_ORDER_MARK)) == BYTE_ORDER_MARK:
            self._problem(1, None, "byte order mark", "encoding")
        else:
            file.seek(0)
        for number, line in _lines(file):
            if self.parsed.problem_count > PROBLEMS_COUNTED_MAX:
                break
            text = self._decoded(number, line)
            if text is not None:
                self._row(number, text)
        if not self.parsed.header and self._kind in {"", "unreadable"}:
            self._missing(1, "FH", "")
        self._close_invoice()
        self._check_figures()
        return self.parsed

    def _decoded(self, number: int, line: bytes) -> str | None:
        if len(line) > ROW_BYTES_MAX:
            self._problem(number, None, line[:VALUE_SHOWN].decode("utf-8", "replace"), "format")
            self._pass_over()
            return None
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            self._problem(number, None, line.decode("utf-8", "replace"), "encoding")
            self._pass_over()
            return None

    def _pass_over(self) -> None:
        """Note a row whose kind cannot be told: what seems missing may be this."""
        self._unread_rows += 1
        self._kind = self._kind or "unreadable"

    def _row(self, number: int, text: str) -> None:
        if self._positional is None:
            self._positional = text.partition("|")[0] in KINDS
        kind = _kind_of(text, positional=self._positional)
        if kind is None:
            self._problem(number, None, text.partition("|")[0], "unknown_record")
            self._pass_over()
            return
        if not self._kind and kind != "FH":
            self._missing(number, "FH", "")
        read = self._values_by_place if self._positional else self._values
        values = read(number, kind, text)
        match kind:
            case "FH":
                self._file_header(number, values)
            case "IH":
                self._invoice_header(number, values)
            case "CR":
                self._customer_record(number, values)
            case "ID":
                self._detail(number, values)
        self._kind = kind

    def _file_header(self, number: int, values: dict[int, str]) -> None:
        if self._kind:
            self._record_order(number, "FH")
        else:
            self.parsed.header = values

    def _invoice_header(self, number: int, values: dict[int, str]) -> None:
        self._close_invoice()
        self._invoice, self._invoice_row = values, number
        self._unread_before_invoice = self._unread_rows
        self._customer, self._details = None, []
        self.parsed.invoice_count += 1
        invoice_number = values.get(10, "")
        if invoice_number and invoice_number in self._seen:
            self._problem(number, columns_of("IH")[10], invoice_number, "duplicate_invoice")
        self._seen.add(invoice_number)
        if is_money(values.get(13, "")):
            self.parsed.total += Decimal(values[13])
        else:
            self._amounts_known = False

    def _customer_record(self, number: int, values: dict[int, str]) -> None:
        if self._kind != "IH" and self._all_read:
            self._record_order(number, "CR")
        if self._customer is None:
            self._customer = values

    def _detail(self, number: int, values: dict[int, str]) -> None:
        if self._invoice is None and self._all_read:
            self._record_order(number, "ID")
        self._details.append(values)

    @property
    def _all_read(self) -> bool:
        """Tell whether every row since the last invoice header could be read."""
        return self._unread_rows == self._unread_before_invoice

    def _close_invoice(self) -> None:
        """Judge the invoice that ends here, and keep it when it is whole."""
        if self._invoice is None:
            return
        if self._all_read:
            if self._customer is None:
                self._missing(self._invoice_row, "CR", self._invoice.get(10, ""))
            if not self._details:
                self._missing(self._invoice_row, "ID", self._invoice.get(10, ""))
        if not self.parsed.problem_count and self._customer is not None:
            self.parsed.invoices.append(_billed(self._invoice, self._customer, self._details))
        self._invoice = None

    def _check_figures(self) -> None:
        header, columns = self.parsed.header, columns_of("FH")
        if not header or self._unread_rows:
            return
        count, total = header.get(5, ""), header.get(6, "")
        if is_count(count) and int(count) != self.parsed.invoice_count:
            self._problem(1, columns[5], count, "count")
        if self._amounts_known and is_money(total) and Decimal(total) != self.parsed.total:
            self._problem(1, columns[6], total, "total")

    def _values(self, number: int, kind: str, text: str) -> dict[int, str]:
        """Return a row's values by FileSpecID, and note what is wrong with each."""
        columns = columns_of(kind)
        order = {file_spec_id: place for place, file_spec_id in enumerate(columns)}
        values: dict[int, str] = {}
        before: BifField | None = None
        for part in text.split("|"):
            name, tilde, value = part.partition("~")
            column = columns.get(int(name)) if is_id(name) and tilde else None
            if column is None:
                self._unknown_field(number, part, name if tilde else "")
                continue
            if column.id in values:
                self._problem(number, column, value, "duplicate_field")
                continue
            if before is not None and order[column.id] < order[before.id]:
                self._problem(number, before, values[before.id], "field_order")
            values[column.id] = value
            before = column
        for column in columns.values():
            rule = judge(column, values.get(column.id, ""))
            if rule:
                self._problem(number, column, values.get(column.id, ""), rule)
        return values

    def _values_by_place(self, number: int, kind: str, text: str) -> dict[int, str]:
        """Return a positional row's values by FileSpecID; one of another length has none."""
        told = text.split("|")
        layout = next((ids for ids in layouts_of(kind) if len(ids) == len(told)), None)
        if layout is None:
            self._problem(number, row_type_column(kind), str(len(told)), "column_count")
            return {}
        values = dict(zip(layout, told, strict=True))
        for file_spec_id, value in values.items():
            column = columns_of(kind)[file_spec_id]
            if rule := judge(column, value):
                self._problem(number, column, value, rule)
        return values

    def _unknown_field(self, number: int, part: str, name: str) -> None:
        self._add(
            BifProblem(
                row=number,
                file_spec_id=int(name) if is_id(name) else None,
                field="",
                value=part[:VALUE_SHOWN],
                rule="unknown_field",
            )
        )

    def _record_order(self, number: int, kind: str) -> None:
        self._problem(number, row_type_column(kind), kind, "record_order")

    def _missing(self, number: int, kind: str, value: str) -> None:
        self._problem(number, row_type_column(kind), value, "missing_record")

    def _problem(self, row: int, column: BifField | None, value: str, rule: str) -> None:
        self._add(
            BifProblem(
                row=row,
                file_spec_id=column.id if column else None,
                field=column.name if column else "",
                value=value[:VALUE_SHOWN],
                rule=rule,
            )
        )

    def _add(self, problem: BifProblem) -> None:
        self.parsed.problem_count += 1
        if len(self.parsed.problems) < PROBLEMS_KEPT:
            self.parsed.problems.append(problem)


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield each line with its number from 1; LF and CR LF end a line, the last may lack it.

    Of a line that is too long only the beginning is yielded, still too long.
    """
    limit = ROW_BYTES_MAX + len(b"\r\n") + 1
    number = 0
    while line := file.readline(limit):
        number += 1
        rest = line
        while len(rest) == limit and not rest.endswith(b"\n"):
            rest = file.readline(limit)
        ended = line.endswith(b"\n")
        yield number, line[:-1].removesuffix(b"\r") if ended else line


def _kind_of(text: str, *, positional: bool) -> str | None:
    """Return the record that a row announces in its file's dialect (decision 0024)."""
    if positional:
        begins = text.partition("|")[0]
        return begins if begins in KINDS else None
    return tagged_row_types().get(text.partition("~")[0])


def _billed(
    invoice: dict[int, str], customer: dict[int, str], details: list[dict[int, str]]
) -> BilledInvoice:
    return BilledInvoice(
        invoice_number=invoice[10],
        account_number=customer[59],
        customer_name=customer[60],
        email_address=customer.get(67, ""),
        invoice_date=invoice[11],
        due_date=invoice[12],
        autopay_date=invoice.get(248, ""),
        total_due=Decimal(invoice[13]),
        allow_partial=invoice.get(20, "") == "1",
        notify_dates=tuple(invoice.get(wanted, "") for wanted in (14, 15, 16)),
        details=tuple((d.get(72, ""), _amount(d.get(79, ""))) for d in details),
        address=_address(customer),
    )


def _address(customer: dict[int, str]) -> str:
    """Return the lines of an address: two of the street, then city, state and ZIP code."""
    street, further, city, state, zip_code = (customer.get(column, "") for column in range(61, 66))
    place = ", ".join(filter(None, (city, f"{state} {zip_code}".strip())))
    return "\n".join(filter(None, (street, further, place)))


def _amount(text: str) -> Decimal:
    """Read an optional amount: an empty one is nothing."""
    return Decimal(text) if is_money(text) else ZERO


def _printable(character: str) -> str:
    """Spell out what XML could not carry, or a reader would not see."""
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()
