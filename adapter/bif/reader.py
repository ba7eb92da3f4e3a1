"""Reads a BIF as a stream: its lines, and the header and invoices that they make up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from adapter.bif.problems import Problem, Rule, problem_at
from adapter.bif.rows import BifRow, InvoiceGroup
from adapter.bif.table import FIELD_SEPARATOR, ID_SEPARATOR, file_spec_id_of, shape_of
from adapter.errors import BadInputError

# Some fifty times the longest row that real names and addresses make.
ROW_BYTES_MAX = 16 * 1024
# An invoice has one detail as we write it; another system's bill may list its coverages.
DETAILS_MAX = 1000
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_bif(stream: IO[bytes]) -> tuple[BifRow, Iterator[InvoiceGroup]]:
    """Return the file header, and the invoices as they are read.

    Reads any tagged BIF, another system's too: columns and values are taken as they stand, and
    `check_bif` is the judge of them. Raises BadInputError, with the row, where the file is no
    sequence of an FH row and then IH, CR and ID rows.
    """
    rows = (_parse(number, line) for number, line in read_lines(stream))
    header = next(rows, None)
    if header is None or header.kind != "FH":
        raise _misplaced(header, "a file begins with its FH row")
    return header, _groups(rows)


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


def split_row(number: int, line: str) -> tuple[list[tuple[int, str]], list[Problem]]:
    """Return a row's fields in their order, and a problem for each part that is none.

    A FileSpecID that stands twice is told as a problem and kept with its first value.
    """
    fields: dict[int, str] = {}
    problems: list[Problem] = []
    for part in line.split(FIELD_SEPARATOR):
        key, tagged, value = part.partition(ID_SEPARATOR)
        file_spec_id = file_spec_id_of(key) if tagged else None
        if file_spec_id is None:
            problems.append(_not_a_field(number, part))
        elif file_spec_id in fields:
            problems.append(_standing_twice(number, file_spec_id, value))
        else:
            fields[file_spec_id] = value
    return list(fields.items()), problems


def unknown_record(number: int, line: str) -> Problem:
    """Return the problem of a row whose first field is no RowType."""
    return problem_at(
        number,
        None,
        line,
        Rule.UNKNOWN_RECORD,
        explanation="a row begins with its RowType",
        remedy="begin it with 1~FH, 7~IH, 58~CR or 70~ID, or take it out",
    )


def _parse(number: int, line: str | Problem) -> BifRow:
    if isinstance(line, Problem):
        raise _error(line)
    fields, problems = split_row(number, line)
    shape = shape_of(line)
    if shape is None:
        raise _error(unknown_record(number, line))
    if problems:
        raise _error(problems[0])
    return BifRow(number=number, kind=shape.kind, values=dict(fields))


def _groups(rows: Iterator[BifRow]) -> Iterator[InvoiceGroup]:
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
        if not details:
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


def _not_a_field(number: int, part: str) -> Problem:
    return problem_at(
        number,
        None,
        part,
        Rule.UNKNOWN_FIELD,
        explanation="a field is a FileSpecID, ~ and a value",
        remedy="write id~value; a value can't hold |",
    )


def _standing_twice(number: int, file_spec_id: int, value: str) -> Problem:
    return problem_at(
        number,
        file_spec_id,
        value,
        Rule.DUPLICATE_FIELD,
        explanation="a field stands once in a row",
        remedy="take one of them out",
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
    )
