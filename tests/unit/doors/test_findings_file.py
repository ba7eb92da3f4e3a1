"""The file of findings: what counts as one, and what is wrong with a row of it."""

import csv
import io

import pytest

from adapter.domain.work_item import State
from adapter.doors.findings_file import BYTES_MAX, findings_template, read_findings
from adapter.errors import BadInputError
from adapter.kinds import ENROLLMENTS, PAYMENTS, REVERSALS
from tests.unit.doors.conftest import NOW, DoorDesk

HEADER = "number,finding,note\n"


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = tmp_path / "findings.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_findings(path)

    return read


def test_a_row_is_told_by_its_line_and_its_cells_by_column(read):
    one, two = read(
        '\ufeffNumber, Finding ,NOTE\r\n 7 ,applied,"seen, twice"\r\n\r\n,,\r\n8,,\r\n'
    )
    assert (one.line, dict(one.cells)) == (
        2,
        {"number": "7", "finding": "applied", "note": "seen, twice"},
    )
    assert one.cell("balance") == ""
    assert (two.line, one.is_filled_in, two.is_filled_in) == (5, True, False)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "does not name number or guid"),
        (b"number;finding;note\n", "does not name number or guid"),
        (b"guid,finding\n", "does not name number or guid"),
        (b"number,finding,note,reciept\n", "'reciept' is unknown"),
        (b"number,finding,note,note\n", "a column twice"),
        (HEADER.encode("utf-16"), "no text in UTF-8"),
        (HEADER.encode() + b"7,applied,caf\xe9\n", "no text in UTF-8"),
        (HEADER.encode() + b"7,applied,\0\n", "no text in UTF-8"),
        (HEADER.encode() + b'7,applied,seen\n8,applied,"open\n', "line 3 is no CSV"),
        (b"x" * (BYTES_MAX + 1), "larger than 16 MiB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_cannot_be_read_counts_for_nothing(read, content, words):
    with pytest.raises(BadInputError, match="Nothing was recorded") as refused:
        read(content)
    assert refused.value.field == "file"
    assert words in refused.value.rule


def test_a_row_that_cannot_be_read_leaves_the_others_alone(read):
    wide, swallowed, good = read(
        HEADER + '7,applied,seen, twice\n8,applied,"seen\n9,applied,seen"\n10,applied,seen\n'
    )
    assert wide.problem.value == "4 cells"
    assert swallowed.problem.value == "lines 3 to 4"
    assert (good.line, good.problem) == (5, None)
    assert wide.is_filled_in
    assert swallowed.is_filled_in


@pytest.mark.parametrize("kind", [PAYMENTS, REVERSALS, ENROLLMENTS], ids=lambda k: k.command)
def test_a_template_names_what_it_asks_about_and_says_nothing(read, adapter, kind):
    item = DoorDesk(adapter.ledger, kind.item).accept(3, lane="30254")
    text = findings_template(kind, [item])
    [told] = csv.DictReader(io.StringIO(text))
    assert told["number"] == str(item.id)
    assert item.reference.startswith(told["guid"])
    assert told["last_sent"] == "never"
    assert told["invoice"] == ("" if kind is ENROLLMENTS else "30254")
    assert ("balance" in told) is (kind is PAYMENTS)
    [row] = read(text)
    assert (row.problem, row.is_filled_in) == (None, False)


def test_no_partner_writes_a_formula_into_a_spreadsheet(read, adapter):
    desk = DoorDesk(adapter.ledger, PAYMENTS.item)
    desk.accept(lane="-7")
    item = desk.record(desk.send(), State.RETRYING, next_at=NOW, detail='=HYPERLINK("x")\n+1')
    text = findings_template(PAYMENTS, [item])
    [told] = csv.DictReader(io.StringIO(text))
    assert told["last_sent"] == "at 2026-01-05T09:12:30.123456Z"
    assert (told["invoice"], told["why"]) == ("'-7", '\'=HYPERLINK("x") +1')
    [row] = read(text)
    assert (row.cell("invoice"), row.cell("why")) == ("-7", '=HYPERLINK("x") +1')
