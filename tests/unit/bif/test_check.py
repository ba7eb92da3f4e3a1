"""Every broken rule of a BIF is found, with its row, FileSpecID and rule."""

import io
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapter.bif.check import PROBLEMS_MAX, check_bif
from adapter.bif.problems import Advice, Rule
from adapter.bif.reader import ROW_BYTES_MAX
from adapter.domain.invoice import BifDialect
from contracts.loader import bif_fields

COLUMNS = {column.id: column for column in bif_fields()}
HARMLESS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc",), exclude_characters="|~\u2028\u2029"),
    min_size=1,
    max_size=20,
)
RESERVED = st.sampled_from(["~", "\x00", "\t", "\x7f", "\x85", "\u2028", "\r"])


def check(*lines, end="\n"):
    return check_bif(io.BytesIO("".join(f"{line}{end}" for line in lines).encode()))


def found(report):
    return [(p.row, p.file_spec_id, p.rule.value) for p in report.problems]


def replaced(lines, row, line):
    return (*lines[: row - 1], line, *lines[row:])


def changed(lines, row, old, new):
    """Return the rows with `old` replaced in one of them, where it must stand."""
    assert old in lines[row - 1]
    return replaced(lines, row, lines[row - 1].replace(old, new, 1))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_valid_file_has_no_problem_and_its_figures(sample_lines, end):
    report = check(*sample_lines, end=end)
    assert report.valid
    assert not report.problems
    assert (report.row_count, report.invoice_count) == (13, 4)
    assert f"6~{report.total}" in sample_lines[0]


def broken_value(column, draw):
    """Return a value that the column can't have, and the rule that it breaks."""
    if column.required and draw(st.booleans()):
        return "", Rule.REQUIRED
    if column.format == "text" or draw(st.booleans()):
        return f"a{draw(RESERVED)}b", Rule.RESERVED_CHARACTER
    value = draw(HARMLESS)
    if column.format == "constant":
        assume(value != column.value)
        rule = Rule.CONSTANT
    else:
        assume(not re.fullmatch(column.pattern, value))
        rule = Rule.FORMAT
    assume(value.strip())
    return value, rule


@given(data=st.data())
def test_any_single_broken_value_is_found(sample_lines, data):
    """Whatever field of whatever row is spoilt, its row, FileSpecID and rule are told."""
    row = data.draw(st.integers(1, len(sample_lines)))
    parts = sample_lines[row - 1].split("|")
    place = data.draw(st.integers(0, len(parts) - 1))
    file_spec_id = int(parts[place].partition("~")[0])
    value, rule = broken_value(COLUMNS[file_spec_id], data.draw)
    parts[place] = f"{file_spec_id}~{value}"
    report = check(*replaced(sample_lines, row, "|".join(parts)))
    assert found(report) == [(row, file_spec_id, rule.value)]
    assert report.problems[0].value == value


@given(st.binary(max_size=400))
def test_no_bytes_make_the_check_fail(content):
    report = check_bif(io.BytesIO(content))
    assert not report.valid
    assert report.render("x.BIF")
    assert report.as_json()["problem_count"] == report.problem_count


@given(data=st.data())
def test_no_spoilt_file_makes_the_check_fail(sample_lines, data):
    """Bytes are put over a valid file anywhere; the rows told are rows of the file."""
    content = bytearray("\n".join(sample_lines).encode())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at : at + data.draw(st.integers(0, 200))] = data.draw(st.binary(max_size=40))
    report = check_bif(io.BytesIO(bytes(content)))
    assert all(1 <= p.row <= max(report.row_count, 1) for p in report.problems)


@pytest.mark.parametrize(
    ("row", "old", "new", "expected"),
    [
        (1, "|5~4|", "|5~5|", [(1, 5, "count")]),
        (1, "|6~", "|6~1", [(1, 6, "total")]),
        (2, "|13~", "|13~1", [(1, 6, "total")]),
        (2, "|8~R", "|8~R|8~R", [(2, 8, "duplicate_field")]),
        (2, "|8~R", "|8~R|194~1", [(2, 194, "unknown_field")]),
        (2, "|8~R", "|8~R|14~01/02/2026", [(2, 14, "field_order")]),
        (2, "|20~0", "|15~01/02/2026|20~1", []),
        (2, "|20~0", "|15~1/2/2026|20~1", [(2, 15, "format")]),
        (2, "|8~R", "|8~R|60~x", [(2, 60, "unknown_field")]),
        (2, "|8~R", "|8~R|junk", [(2, None, "unknown_field")]),
        (2, "|8~R", "|8~R|", [(2, None, "unknown_field")]),
        (2, "|8~R", "|08~R", [(2, None, "unknown_field"), (2, 8, "required")]),
        (2, "|20~0", "", []),
        (2, "|20~0", "|20~", []),
        (2, "|248~", "|248~13/01/2026|", [(2, 248, "format"), (2, None, "unknown_field")]),
        (3, "58~CR|", "", [(2, 58, "missing_record"), (3, None, "unknown_record")]),
        (3, "58~CR|", "58~ID|", [(3, 58, "constant")]),
        (4, "|79~", "|79~x", [(4, 79, "format")]),
    ],
)
def test_a_spoilt_row_is_told(sample_lines, row, old, new, expected):
    assert sorted(found(check(*changed(sample_lines, row, old, new))), key=str) == sorted(
        expected, key=str
    )


@pytest.mark.parametrize("column", [c for c in bif_fields() if c.required], ids=lambda c: c.id)
def test_each_required_column_is_missed(sample_lines, column):
    row = {"FH": 1, "IH": 2, "CR": 3, "ID": 4}[column.record]
    kept = [p for p in sample_lines[row - 1].split("|") if not p.startswith(f"{column.id}~")]
    problems = found(check(*replaced(sample_lines, row, "|".join(kept))))
    if column.name == "RowType":
        assert (row, None, "unknown_record") in problems
    else:
        assert problems == [(row, column.id, "required")]


def test_a_column_that_stands_too_early_is_told_once(sample_lines):
    early = changed(sample_lines, 2, "7~IH|", "7~IH|375~1|")
    early = changed(early, 2, "|252~1|375~1", "|252~1")
    assert found(check(*early)) == [(2, 375, "field_order")]


def test_an_invoice_stands_once(sample_lines):
    number = re.search(r"\|10~(\d+)", sample_lines[1])[1]
    other = re.search(r"\|10~(\d+)", sample_lines[4])[1]
    twice = changed(sample_lines, 5, f"10~{other}", f"10~{number}")
    assert found(check(*twice)) == [(5, 10, "duplicate_invoice")]


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        (lambda lines: (*lines[:2], *lines[3:]), [(2, 58, "missing_record")]),
        (lambda lines: lines[:-1], [(11, 70, "missing_record")]),
        (lambda lines: lines[1:], [(1, 1, "missing_record")]),
        (lambda lines: lines[:-3], [(1, 5, "count"), (1, 6, "total")]),
        (lambda lines: (*lines, ""), [(14, None, "unknown_record")]),
        (lambda _: (), [(1, 1, "missing_record")]),
        (lambda lines: ("\ufeff" + lines[0], *lines[1:]), [(1, None, "encoding")]),
    ],
    ids=[
        "a lost row is found where its invoice begins",
        "the last row is lost",
        "the header is missed once",
        "a file cut short does not keep its figures",
        "an empty row is no record",
        "an empty file lacks its header",
        "a byte order mark",
    ],
)
def test_a_file_that_is_not_whole_is_refused(sample_lines, cut, expected):
    assert found(check(*cut(sample_lines))) == expected


def test_bytes_that_are_no_utf8_are_told(sample_lines):
    content = "\n".join(sample_lines).encode().replace(b"60~", b"60~\xff", 1)
    assert found(check_bif(io.BytesIO(content))) == [(3, None, "encoding")]


def test_a_row_too_long_is_told(sample_lines):
    long = changed(sample_lines, 3, "|61~", "|61~" + "x" * ROW_BYTES_MAX)
    assert (3, None, "format") in found(check(*long))


def test_problems_are_kept_up_to_a_bound_and_counted_beyond_it(sample_lines):
    report = check(sample_lines[0], *["junk"] * 3000)
    assert len(report.problems) == PROBLEMS_MAX
    assert report.problem_count == 3000
    assert "2000 more are not listed" in report.render("x.BIF")


def test_the_report_is_told_as_a_compiler_would(sample_lines):
    lines = changed(sample_lines, 2, "|8~R", "|8~N")
    lines = changed(lines, 4, "|79~", "|79~1")
    report = check(*lines)
    column = sample_lines[1].index("|13~") + 2
    error, warning, last = report.render("x.BIF").splitlines()
    assert error == 'x.BIF:2:6: error: 8 RecordType = "N": it never varies; write R [constant]'
    assert warning.startswith(f"x.BIF:2:{column}: warning: 13 TotalAmountDue = ")
    assert warning.endswith("[details_differ]")
    assert last == (
        f"x.BIF: 1 error, 1 warning; tagged, 13 rows, 4 invoices, total {report.total}"
    )
    assert report.as_json() == {
        "valid": False,
        "dialect": "tagged",
        "problem_count": 1,
        "problems": [report.problems[0].as_json()],
        "warning_count": 1,
        "warnings": [report.warnings[0].as_json()],
        "row_count": 13,
        "invoice_count": 4,
        "total": str(report.total),
    }


def test_a_header_figure_is_told_where_it_stands(sample_lines):
    (problem,) = check(*changed(sample_lines, 1, "|5~4|", "|5~5|")).problems
    assert problem.column == sample_lines[0].index("5~4|") + 1


def test_a_warning_leaves_a_file_valid(sample_lines):
    report = check(*changed(sample_lines, 1, "|3~sample-3", "|3~"))
    assert report.valid
    (warning,) = report.warnings
    assert (warning.row, warning.file_spec_id, warning.rule) == (1, 3, Advice.NO_REFERENCE)
    assert report.render("x").startswith("x:1:45: warning: 3 ThirdPartyFileReference")


def test_warnings_are_kept_up_to_a_bound_and_can_be_left_out(sample_lines):
    early = re.sub(r"\|12~[^|]*", "|12~01/01/1999", sample_lines[1])
    lines = [sample_lines[0]]
    for number in range(PROBLEMS_MAX + 5):
        lines += [re.sub(r"\|10~\d+", f"|10~{number + 1}", early), *sample_lines[2:4]]
    report = check(*lines)
    assert len(report.warnings) == PROBLEMS_MAX
    assert report.warning_count == PROBLEMS_MAX + 5
    content = "".join(f"{line}\n" for line in lines).encode()
    assert not check_bif(io.BytesIO(content), advise=False).warning_count


def test_a_positional_file_is_judged_as_its_tagged_twin(sample_lines, positional_lines):
    report, twin = check(*positional_lines), check(*sample_lines)
    assert report.valid
    assert report.dialect is BifDialect.POSITIONAL
    assert (report.total, report.row_count) == (twin.total, twin.row_count)


@given(data=st.data())
def test_any_single_broken_value_of_a_positional_file_is_found(positional_lines, data):
    """A row's values have no names of their own: their places say whose they are."""
    row = data.draw(st.integers(1, len(positional_lines)))
    values = positional_lines[row - 1].split("|")
    columns = [c for c in COLUMNS.values() if c.record == values[0] and not c.customization]
    place = data.draw(st.integers(1, len(values) - 1))
    broken, rule = broken_value(columns[place], data.draw)
    column = 1 + len("|".join(values[:place])) + 1
    values[place] = broken
    report = check(*replaced(positional_lines, row, "|".join(values)))
    assert found(report) == [(row, columns[place].id, rule.value)]
    assert report.problems[0].column == column


@pytest.mark.parametrize(
    ("row", "old", "new", "expected"),
    [
        (2, "|R|", "|R||", [(2, 7, "column_count")]),
        (3, "|0|0|1", "|0|0", [(3, 58, "column_count")]),
        (2, "IH|", "7~IH|", [(2, 58, "record_order"), (2, None, "unknown_record")]),
        (1, "|4|", "|5|", [(1, 5, "count")]),
    ],
)
def test_a_spoilt_positional_row_is_told(positional_lines, row, old, new, expected):
    report = check(*changed(positional_lines, row, old, new))
    assert set(expected) & set(found(report))
    assert {rule for *_, rule in found(report)} <= {rule for *_, rule in expected}


def test_rows_of_two_dialects_are_no_file(sample_lines, positional_lines):
    mixed = check(*sample_lines[:10], *positional_lines[10:])
    assert (11, None, "unknown_record") in found(mixed)
