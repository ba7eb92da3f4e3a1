"""Invoice Cloud's reading of invoice files: the contract's examples, and whatever bytes come."""

import io
import re
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.bif.check import check_bif
from contracts.loader import bif_fields, toml, vectors
from sandbox.fakes.invoice_cloud.bif import PROBLEMS_KEPT, ROW_BYTES_MAX, parse_bif

GOLDEN = vectors("bif/golden")
CONTENT = {vector.name: vector.path.with_suffix(".BIF").read_bytes() for vector in GOLDEN}
ONE = CONTENT["one-invoice"]
COLUMNS = {column.id: column for column in bif_fields()}
FIELDS = [
    (row, place)
    for row, line in enumerate(ONE.splitlines())
    for place, _ in enumerate(line.split(b"|"))
]


def problems_in(content):
    return [(p.row, p.file_spec_id, p.rule) for p in parse_bif(content).problems]


def with_part(row, place, change):
    """Return the one-invoice file with one part of one record changed, or left out for None."""
    lines = [line.split(b"|") for line in ONE.splitlines()]
    changed = change(lines[row][place])
    lines[row][place : place + 1] = [] if changed is None else [changed]
    return b"".join(b"|".join(parts) + b"\n" for parts in lines)


@pytest.mark.parametrize("vector", [v for v in GOLDEN if v.valid], ids=lambda v: v.name)
def test_the_contracts_valid_files_are_taken(vector):
    parsed = parse_bif(CONTENT[vector.name])
    figures = vector.document["figures"]
    assert not parsed.problems
    assert parsed.invoice_count == parsed.header_count == figures["invoice_count"]
    assert f"{parsed.total:.2f}" == f"{parsed.header_total:.2f}" == figures["total"]
    assert len(parsed.invoices) == figures["invoice_count"]
    assert sum(len(i.details) for i in parsed.invoices) == figures["records"].get("ID", 0)


@pytest.mark.parametrize("vector", [v for v in GOLDEN if not v.valid], ids=lambda v: v.name)
def test_the_contracts_invalid_files_break_the_rules_that_it_names(vector):
    """And no invoice of such a file is kept that stands after the fault."""
    parsed = parse_bif(CONTENT[vector.name])
    told = [
        {
            "row": problem.row,
            "file_spec_id": problem.file_spec_id,
            "field": problem.field or None,
            "rule": problem.rule,
        }
        for problem in parsed.problems
    ]
    assert told == vector.document["problems"]
    assert parsed.problem_count == len(told)


def test_an_invoice_is_read_whole():
    invoice = parse_bif(ONE).invoices[0]
    assert (invoice.invoice_number, invoice.account_number) == ("30254", "1004587")
    assert invoice.customer_name == "Dana Whitfield"
    assert invoice.email_address == "dana.whitfield@example.com"
    assert (invoice.invoice_date, invoice.due_date) == ("12/20/2025", "01/20/2026")
    assert invoice.autopay_date == ""
    assert invoice.total_due == Decimal("731.37")
    assert invoice.details == (("1004587", Decimal("731.37")),)
    assert not invoice.allow_partial


def test_a_problem_says_where_what_and_why():
    told = str(parse_bif(CONTENT["total"]).problems[0])
    rule = toml("bif/fields.toml")["rule"]["total"]
    assert told.startswith("row 1, FileSpecID 6 TotalInvoiceAmount '")
    assert told.endswith(f"': total: {rule}")


def test_an_empty_amount_of_a_detail_is_nothing_and_a_blank_one_is_no_amount():
    assert problems_in(ONE.replace(b"|79~731.37", b"|79~ ")) == [(4, 79, "format")]
    parsed = parse_bif(ONE.replace(b"|79~731.37", b"|79~"))
    assert not parsed.problems
    assert parsed.invoices[0].details == (("1004587", Decimal("0.00")),)


@pytest.mark.parametrize("count", ["\u00b2", "\u0663", "9" * 5000, "+1", "1_0", " 1"])
def test_a_count_is_plain_digits_and_not_what_python_takes_for_a_number(count):
    parsed = parse_bif(ONE.replace(b"|5~1|", f"|5~{count}|".encode()))
    assert [(p.file_spec_id, p.rule) for p in parsed.problems] == [(5, "format")]
    assert parsed.header_count == 0


def test_a_file_spec_id_has_no_leading_zero():
    assert problems_in(ONE.replace(b"|62~", b"|062~")) == [(3, None, "unknown_field")]


def test_a_line_beyond_all_measure_is_not_looked_at():
    long = ONE.replace(b"|62~", b"|62~" + b"x" * ROW_BYTES_MAX)
    assert problems_in(long) == [(3, None, "format")]
    whole_file = [(1, None, "format"), (1, 1, "missing_record")]
    assert problems_in(b"1~FH" * 1_000_000) == whole_file


@pytest.mark.parametrize("row", [2, 3, 4])
def test_a_line_that_cannot_be_read_is_the_only_problem_told(row):
    """What seems missing or misplaced beside it may stand in that line."""
    line = ONE.splitlines()[row - 1]
    assert problems_in(ONE.replace(line, line[:-1] + b"\xff")) == [(row, None, "encoding")]


def test_problems_are_counted_beyond_those_kept():
    parsed = parse_bif(ONE + b"x\n" * (PROBLEMS_KEPT + 5))
    assert len(parsed.problems) == PROBLEMS_KEPT
    assert parsed.problem_count == PROBLEMS_KEPT + 5


@pytest.mark.parametrize(("row", "place"), FIELDS)
def test_every_field_that_is_spoiled_is_refused_by_its_name(row, place):
    """A tilde fits nowhere."""
    content = with_part(row, place, lambda part: part + b"~")
    column = COLUMNS[int(ONE.splitlines()[row].split(b"|")[place].partition(b"~")[0])]
    told = [(p.row, p.file_spec_id, p.field, p.rule) for p in parse_bif(content).problems]
    assert (row + 1, column.id, column.name, "reserved_character") in told


def may_hold(column, text):
    """Tell what the field table says of a value, in as few words as possible."""
    if not text or (column.required and not text.strip()):
        return not column.required
    if column.format == "constant":
        return text == column.value
    reserved = re.search(toml("bif/fields.toml")["reserved"]["pattern"], text)
    return not reserved and re.fullmatch(column.pattern, text) is not None


VALUES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30),
    st.sampled_from(
        ["0", "1", "0.00", "-1.00", "1,000.00", "731.37 ", "02/30/2026", "2026-01-05"]
    ),
    st.sampled_from(["R", "N", "FH", "Spectrum", "007", "\u0661", "1e3", "x" * 60]),
)


@given(at=st.sampled_from([field for field in FIELDS if field[1]]), text=VALUES)
def test_a_changed_value_is_refused_unless_its_column_may_hold_it(at, text):
    row, place = at
    name = ONE.splitlines()[row].split(b"|")[place].decode().partition("~")[0]
    content = with_part(row, place, lambda _: f"{name}~{text}".encode())
    taken = not parse_bif(content).problems
    # Figures may have their format and yet be wrong.
    assert not taken or may_hold(COLUMNS[int(name)], text)
    assert taken is check_bif(io.BytesIO(content)).valid


@pytest.mark.parametrize(("row", "place"), FIELDS)
def test_a_field_that_is_left_out_is_missed_where_it_is_required(row, place):
    name = ONE.splitlines()[row].split(b"|")[place].partition(b"~")[0]
    column = COLUMNS[int(name)]
    content = with_part(row, place, lambda _: None)
    assert bool(problems_in(content)) is column.required


@pytest.mark.parametrize(("row", "place"), FIELDS)
def test_a_field_that_stands_twice_is_refused(row, place):
    content = with_part(row, place, lambda part: part + b"|" + part)
    assert "duplicate_field" in [rule for *_, rule in problems_in(content)]


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_and_never_crash(content):
    parsed = parse_bif(content)
    assert parsed.problems
    assert (parsed.header_count, parsed.invoices) == (0, [])


PIECES = [b"|", b"~", b"\n", b"\r\n", b"\xff", b"\x00", b"0", b" ", b"1~FH", b"7~IH", b"58~CR"]
PIECES += [b"70~ID", b"\xef\xbb\xbf", b"99999~x", b"072~", b"79~  |", "\u00b2".encode(), b""]


@given(
    content=st.sampled_from(list(CONTENT.values())),
    cuts=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 8), st.sampled_from(PIECES)),
        min_size=1,
        max_size=3,
    ),
)
def test_a_damaged_file_is_judged_as_the_adapter_judges_it(content, cuts):
    """Two readers that share the field table and no line of code agree on what is a valid file."""
    for where, gone, piece in cuts:
        at = int(where * len(content))
        content = content[:at] + piece + content[at + gone :]
    parsed = parse_bif(content)
    assert (not parsed.problems) is check_bif(io.BytesIO(content)).valid
    assert Counter(parsed.problems) == Counter(parse_bif(content).problems)


def test_a_return_ends_a_line_only_before_a_line_feed():
    """At the end of a file without one, it is a character that no value can carry."""
    whole = ONE.removesuffix(b"\n")
    assert problems_in(whole) == problems_in(whole + b"\r\n") == []
    assert problems_in(whole + b"\r") == [(4, 79, "reserved_character")]
