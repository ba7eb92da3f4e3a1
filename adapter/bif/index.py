"""Finds the invoices of a BIF without reading them whole: where each stands, and its bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from adapter.bif.dialects import dialect_of
from adapter.bif.reader import ROW_BYTES_MAX, read_bif
from adapter.bif.rows import BifRow
from adapter.bif.table import FIELD_SEPARATOR, ID_SEPARATOR, shapes
from adapter.domain.invoice import BifDialect
from adapter.errors import BadInputError

INVOICE_NUMBER, TOTAL_AMOUNT_DUE = 10, 13
# An invoice's rows are held in memory one invoice at a time.
INVOICE_ROWS_MAX = 1002
_BEGINNINGS = {BifDialect.TAGGED: b"7~", BifDialect.POSITIONAL: b"IH|"}


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexedInvoice:
    """One invoice's rows, line ends LF; `row` and `offset` are where the first of them stands."""

    invoice_number: str
    amount: str
    row: int
    offset: int
    size: int
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Index:
    """A file's header and dialect, and its invoices while it is read through."""

    dialect: BifDialect
    header: BifRow
    invoices: Iterator[IndexedInvoice]


def index_bif(stream: IO[bytes]) -> Index:
    """Go through a BIF that can be sought in; raises BadInputError where it has no header."""
    start = stream.tell()
    first = stream.readline(ROW_BYTES_MAX + 2)
    try:
        dialect = dialect_of(first.decode().rstrip("\r\n"))
    except UnicodeDecodeError:
        dialect = BifDialect.TAGGED
    stream.seek(start)
    header = read_bif(stream).header
    stream.seek(start + len(first))
    return Index(dialect=dialect, header=header, invoices=_invoices(stream, dialect))


def read_again(stream: IO[bytes], offset: int, size: int) -> bytes:
    """Return the rows of an invoice that was found before."""
    stream.seek(offset)
    return stream.read(size).replace(b"\r\n", b"\n")


def _invoices(stream: IO[bytes], dialect: BifDialect) -> Iterator[IndexedInvoice]:
    begins = _BEGINNINGS[dialect]
    rows: list[bytes] = []
    first_row, offset = 2, stream.tell()
    at, number = offset, 1
    while line := stream.readline(ROW_BYTES_MAX + 2):
        number += 1
        if len(line) > ROW_BYTES_MAX + 1 and not line.endswith(b"\n"):
            raise _refused(number, f"a row has at most {ROW_BYTES_MAX} bytes")
        if line.startswith(begins) and rows:
            yield _indexed(rows, dialect, first_row, offset, at - offset)
            rows, first_row, offset = [], number, at
        rows.append(line)
        if len(rows) > INVOICE_ROWS_MAX:
            raise _refused(number, f"an invoice has at most {INVOICE_ROWS_MAX} rows")
        at += len(line)
    if rows:
        yield _indexed(rows, dialect, first_row, offset, at - offset)


def _indexed(
    rows: list[bytes], dialect: BifDialect, row: int, offset: int, size: int
) -> IndexedInvoice:
    try:
        number, amount = _FIGURES[dialect](rows[0].decode().rstrip("\r\n"))
    except UnicodeDecodeError:
        raise _refused(row, "a BIF is UTF-8") from None
    if not number or not rows[0].startswith(_BEGINNINGS[dialect]):
        raise _refused(row, "an invoice begins with its IH row, and has its number")
    return IndexedInvoice(
        invoice_number=number,
        amount=amount,
        row=row,
        offset=offset,
        size=size,
        content=b"".join(rows).replace(b"\r\n", b"\n"),
    )


def _tagged_figures(line: str) -> tuple[str, str]:
    """Return number and amount of an IH row without taking it apart."""
    number, amount = (
        line.partition(f"{FIELD_SEPARATOR}{wanted}{ID_SEPARATOR}")[2].partition(FIELD_SEPARATOR)[0]
        for wanted in (INVOICE_NUMBER, TOTAL_AMOUNT_DUE)
    )
    return number, amount


def _positional_figures(line: str) -> tuple[str, str]:
    places = shapes()["IH"].positions
    values = line.split(FIELD_SEPARATOR)
    number, amount = (
        values[place] if place < len(values) else ""
        for place in (places[INVOICE_NUMBER], places[TOTAL_AMOUNT_DUE])
    )
    return number, amount


_FIGURES = {
    BifDialect.TAGGED: _tagged_figures,
    BifDialect.POSITIONAL: _positional_figures,
}


def _refused(row: int, rule: str) -> BadInputError:
    return BadInputError(
        field=f"row {row}",
        value="",
        rule=rule,
        remedy="Check the file: `adapter bif check` lists every broken rule",
    )
