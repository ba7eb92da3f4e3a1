"""Reads a BIF as a stream: its lines, and the header and invoices that they make up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from adapter.bif.dialects import Columns, dialect_of, shape_of, split_row, unknown_record
from adapter.bif.problems import Problem, Rule, problem_at
from adapter.bif.rows import BifRow, InvoiceGroup
from adapter.bif.table import FIELD_SEPARATOR
from adapter.domain.invoice import BifDialect
from adapter.errors import BadInputError

# Some fifty times the longest row that real names and addresses make.
ROW_BYTES_MAX = 16 * 1024
# An invoice has one detail as we write it; another system's bill may list its coverages.
DETAILS_MAX = 1000
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A file that is being read: its header, and the invoices as they are asked for."""

    dialect: BifDialect
    header: BifRow
    invoices: Iterator[InvoiceGroup]


def read_bif(
    stream: IO[bytes], *, columns: Columns | None = None, details_min: int = 1
) -> Reading:
    """Read any BIF in either dialect, another system's too.

    Columns and values are taken as they stand, and `check_bif` is the judge of them. `columns`
    says which FileSpecIDs a positional file of another system carries, by the kind of record.
    Raises BadInputError, with the row, where the file is no sequence of an FH row and then IH,
    CR and ID rows.
    """
    rows = _Rows(stream, columns)
    header = next(rows, None)
    if header is None or header.kind != "FH":
        raise _misplaced(header, "a file begins with its FH row")
    return Reading(dialect=rows.dialect, header=header, invoices=_groups(rows, details_min))


def read_invoice(content: bytes, dialect: BifDialect, *, row: int) -> InvoiceGroup:
    """Read the rows of one invoice; `row` is the number that the first of them has in its file."""
    group = next(_groups(_Rows(BytesIO(content), None, dialect, row), 1), None)
    if group is None:
        raise _misplaced(None, "an invoice begins with its IH row")
    return group


def read_lines(stream: IO[bytes]) -> Iterator[tuple[int, str | Problem]]:
    """Yield each row's number and text without its line end, LF or CRLF.

    What can't be read is a Problem under the row's number. The row's text follows it, U+FFFD for
    each byte that is no UTF-8, unless the row is too long to be kept.
    """
    number = 0
    while line := stream.readline(ROW_BYTES_MAX + 2):
        number += 1
        if line[-2:] == b"\r\n":
            line = line[:-2]
        elif line[-1:] == b"\n":
            line = line[:-1]
        elif len(line) > ROW_BYTES_MAX:
            yield number, _overlong(number, line)
            _skip_line(stream)
            continue
        if number == 1 and line.startswith(BYTE_ORDER_MARK):
            line = line[len(BYTE_ORDER_MARK) :]
            yield number, _marked(number)
        try:
            yield number, line.decode()
        except UnicodeDecodeError as error:
            yield number, _not_utf8(number, line, error.start)
            yield number, line.decode(errors="replace")


class _Rows(Iterator[BifRow]):
    """The rows of a stream; the first one shows the dialect, unless it is known."""

    def __init__(
        self,
        stream: IO[bytes],
        columns: Columns | None,
        dialect: BifDialect | None = None,
        first_row: int = 1,
    ) -> None:
        self._lines = read_lines(stream)
        self._columns = columns
        self._dialect = dialect
        self._first_row = first_row

    @property
    def dialect(self) -> BifDialect:
        return self._dialect or BifDialect.TAGGED

    def __next__(self) -> BifRow:
        place, line = next(self._lines)
        if isinstance(line, Problem):
            raise _error(line)
        if self._dialect is None:
            self._dialect = dialect_of(line)
        number = self._first_row + place - 1
        shape = shape_of(line, self._dialect)
        if shape is None:
            raise _error(unknown_record(number, line, self._dialect))
        fields, problems = split_row(number, line, self._dialect, self._columns)
        if problems:
            raise _error(problems[0])
        values = {file_spec_id: value for file_spec_id, value, _ in fields}
        return BifRow(number=number, kind=shape.kind, values=values)


def _groups(rows: Iterator[BifRow], details_min: int) -> Iterator[InvoiceGroup]:
    row = next(rows, None)
    while row is not None:
        if row.kind != "IH":
            raise _misplaced(row, "an invoice begins with its IH row")
        header, customer = row, next(rows, None)
        if customer is None or customer.kind != "CR":
            raise _misplaced(customer or header, "an IH row is followed by its CR row")
        details: list[BifRow] = []
        while (row := next(rows, None)) is not None and row.kind == "ID":
            details.append(row)
            if len(details) > DETAILS_MAX:
                raise _misplaced(row, f"an invoice has at most {DETAILS_MAX} details")
        if len(details) < details_min:
            raise _misplaced(row or customer, "a CR row is followed by an ID row")
        yield InvoiceGroup(header=header, customer=customer, details=tuple(details))


def _skip_line(stream: IO[bytes]) -> None:
    while (rest := stream.readline(ROW_BYTES_MAX)) and not rest.endswith(b"\n"):
        pass


def _error(problem: Problem) -> BadInputError:
    return BadInputError(
        field=f"row {problem.row}, {problem.name}".removesuffix(", "),
        value=problem.value[:60],
        rule=f"{problem.rule}: {problem.explanation}",
        remedy=problem.remedy,
    )


def _misplaced(row: BifRow | None, rule: str) -> BadInputError:
    return BadInputError(
        field=f"row {row.number}" if row else "row 1",
        value=row.kind if row else "",
        rule=f"{Rule.RECORD_ORDER}: {rule}",
        remedy="Check the file: `adapter bif check` lists every broken rule",
    )


def _overlong(number: int, line: bytes) -> Problem:
    return problem_at(
        number,
        None,
        line[:80].decode(errors="replace"),
        Rule.FORMAT,
        explanation=f"a row has at most {ROW_BYTES_MAX} bytes",
        remedy="look for a line end that is missing",
    )


def _marked(number: int) -> Problem:
    return problem_at(
        number,
        None,
        "\ufeff",
        Rule.ENCODING,
        explanation="a BIF is UTF-8 without a byte order mark",
        remedy="take the first three bytes off",
    )


def _not_utf8(number: int, line: bytes, fault_at: int) -> Problem:
    separator = FIELD_SEPARATOR.encode()
    part = line[line.rfind(separator, 0, fault_at) + 1 :].partition(separator)[0]
    return problem_at(
        number,
        None,
        part.decode(errors="backslashreplace"),
        Rule.ENCODING,
        explanation=f"byte {fault_at + 1} of the row, 0x{line[fault_at]:02X}, is no UTF-8",
        remedy="write the file in UTF-8",
        column=len(line[:fault_at].decode()) + 1,
    )
