"""Reading a BIF as a stream."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.bif.problems import Problem, Rule
from adapter.bif.reader import DETAILS_MAX, ROW_BYTES_MAX, read_bif, read_invoice, read_lines
from adapter.domain.invoice import BifDialect
from adapter.errors import BadInputError

FILE = b"1~FH|2~\n7~IH|8~N|10~1|93~7.50\n58~CR|59~1\n70~ID|71~\n70~ID|72~x\n"


def lines(content):
    return list(read_lines(io.BytesIO(content)))


def read(content):
    reading = read_bif(io.BytesIO(content))
    return reading.header, list(reading.invoices)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_either_line_end_is_taken(end):
    assert lines(b"a" + end + b"" + end + b"b" + end) == [(1, "a"), (2, ""), (3, "b")]


def test_the_last_line_end_may_be_missing():
    assert lines(b"a\nb") == [(1, "a"), (2, "b")]


def test_a_lone_carriage_return_is_part_of_the_row():
    assert lines(b"a\r\r\n\rb") == [(1, "a\r"), (2, "\rb")]


def test_a_row_too_long_is_told_and_skipped():
    (number, problem), after = lines(b"x" * (5 * ROW_BYTES_MAX) + b"\nb\n")
    assert (number, problem.rule, problem.row) == (1, Rule.FORMAT, 1)
    assert after == (2, "b")


def test_the_longest_row_is_taken():
    longest = b"x" * ROW_BYTES_MAX
    assert lines(longest + b"\r\n" + longest) == [(1, longest.decode()), (2, longest.decode())]


def test_bytes_that_are_no_utf8_are_told_with_the_rest_of_the_row():
    (_, problem), (_, text) = lines(b"60~Ren\xe9e|61~x\n")
    assert (problem.row, problem.file_spec_id, problem.rule) == (1, None, Rule.ENCODING)
    assert problem.value == "60~Ren\\xe9e"
    assert problem.column == 7
    assert "byte 7 of the row, 0xE9" in problem.explanation
    assert text == "60~Ren\ufffde|61~x"


def test_a_byte_order_mark_is_told_and_taken_off():
    (_, problem), (_, text) = lines(b"\xef\xbb\xbf1~FH")
    assert problem.rule is Rule.ENCODING
    assert text == "1~FH"


@given(st.binary(max_size=200))
def test_any_bytes_are_rows(content):
    """Every line is told once as text, and the rows are counted as they stand."""
    told = [number for number, line in lines(content) if not isinstance(line, Problem)]
    assert told == list(range(1, len(told) + 1))
    assert len(told) == content.count(b"\n") + (not content.endswith(b"\n") and content != b"")


def test_another_systems_file_is_read_as_it_stands():
    """Columns that the contract does not know are kept, constants are not judged."""
    header, (group,) = read(FILE)
    assert (header.number, header.kind, header.values) == (1, "FH", {1: "FH", 2: ""})
    assert group.header.values[93] == "7.50"
    assert group.customer.number == 3
    assert [(row.number, row.values) for row in group.details] == [
        (4, {70: "ID", 71: ""}),
        (5, {70: "ID", 72: "x"}),
    ]


def test_invoices_are_read_as_they_are_asked_for():
    """A fault further down does not hold up what stands before it."""
    groups = read_bif(io.BytesIO(FILE + FILE)).invoices
    assert next(groups).header.values[10] == "1"
    with pytest.raises(BadInputError, match="row 6"):
        next(groups)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "row 1.*begins with its FH"),
        (b"7~IH\n58~CR\n70~ID\n", "row 1.*begins with its FH"),
        (b"1~FH\n58~CR\n", "row 2.*begins with its IH"),
        (b"1~FH\n7~IH\n", "row 2.*followed by its CR"),
        (b"1~FH\n7~IH\n70~ID\n", "row 3.*followed by its CR"),
        (b"1~FH\n7~IH\n58~CR\n7~IH\n", "row 4.*followed by an ID"),
        (b"1~FH\n7~IH\n58~CR", "row 3.*followed by an ID"),
        (b"1~FH|x\n", "row 1.*unknown_field"),
        (b"1~FH|2~a|2~b\n", "row 1, 2 BillerGuid.*duplicate_field"),
        (b"1~FH\n9~x\n", "row 2.*unknown_record"),
        (b"1~FH|2~\xff\n", "row 1.*encoding"),
        (b"\xef\xbb\xbf1~FH\n", "row 1.*encoding"),
        (b"1~FH|3~" + b"x" * ROW_BYTES_MAX, "row 1.*at most"),
        (b"1~FH\n7~IH\n58~CR\n" + b"70~ID\n" * (DETAILS_MAX + 1), "at most 1000 details"),
    ],
)
def test_what_is_no_bif_is_refused_with_its_row(content, told):
    with pytest.raises(BadInputError, match=told):
        read(content)


POSITIONAL = b"FH|g|r|d|1|7.50\nIH|N|1|7.50\nCR|1\nID|x\n"


def test_a_positional_file_of_other_columns_is_read_by_their_names():
    columns = {"IH": (7, 8, 10, 93), "CR": (58, 59), "ID": (70, 72)}
    reading = read_bif(io.BytesIO(POSITIONAL), columns=columns)
    (group,) = reading.invoices
    assert reading.dialect is BifDialect.POSITIONAL
    assert reading.header.values[6] == "7.50"
    assert group.header.values == {7: "IH", 8: "N", 10: "1", 93: "7.50"}
    assert group.customer.values[59] == "1"


def test_a_positional_row_of_another_length_is_refused_with_its_row():
    with pytest.raises(BadInputError, match=r"row 2.*column_count.*4 values.*13 or 16"):
        list(read_bif(io.BytesIO(POSITIONAL)).invoices)


def test_details_may_be_missing_where_nobody_needs_them():
    content = b"1~FH\n7~IH\n58~CR\n7~IH\n58~CR\n70~ID\n"
    groups = list(read_bif(io.BytesIO(content), details_min=0).invoices)
    assert [len(group.details) for group in groups] == [0, 1]


def test_one_invoice_is_read_by_itself_under_its_own_row_numbers():
    rows = b"7~IH|10~1\n58~CR\n70~ID\n"
    group = read_invoice(rows, BifDialect.TAGGED, row=41)
    assert (group.header.number, group.details[0].number) == (41, 43)
    with pytest.raises(BadInputError, match="row 42"):
        read_invoice(b"7~IH\n70~ID\n", BifDialect.TAGGED, row=41)
    with pytest.raises(BadInputError, match="IH row"):
        read_invoice(b"", BifDialect.TAGGED, row=41)
