"""The field table, compiled, and the judgement of one value."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.bif import table
from adapter.bif.dialects import join_row, shape_of
from adapter.bif.problems import Rule
from adapter.domain.invoice import BifDialect
from contracts.loader import bif_fields

COLUMNS = {column.id: column for column in bif_fields()}


def test_every_column_of_the_contract_stands_in_its_record_in_order():
    compiled = [column for shape in table.shapes().values() for column in shape.columns]
    assert tuple(compiled) == bif_fields()
    assert list(table.shapes()) == ["FH", "IH", "CR", "ID"]


def test_the_reserved_characters_are_one_character_class():
    """The patterns of texts are made by negating it."""
    listed = table.reserved_characters().pattern
    assert re.fullmatch(r"\[[^\[\]^][^\[\]]*\]", listed)


def test_every_format_says_what_it_demands_with_an_example_that_fits():
    for column in bif_fields():
        if column.format in {"constant", "text"}:
            continue
        broken = table.judge(column, "?!")
        assert broken.rule is Rule.FORMAT
        assert broken.explanation
        example = broken.remedy.removeprefix("write it as in ")
        assert table.judge(column, example) is None


@pytest.mark.parametrize(
    ("file_spec_id", "value"),
    [
        (1, "FH"),
        (2, "5F0C9A3E-7D41-4b86-9c2e-1a6b3d8f4e70"),
        (3, ""),
        (5, "0"),
        (12, "02/29/2028"),
        (13, "0.00"),
        (13, "999999999999999.99"),
        (20, ""),
        (59, "999999999999999999"),
        (60, "Muñoz & Söhne"),
        (67, ""),
        (248, ""),
    ],
)
def test_a_value_that_keeps_its_rules_is_no_problem(file_spec_id, value):
    assert table.judge(COLUMNS[file_spec_id], value) is None


@pytest.mark.parametrize(
    ("file_spec_id", "value", "rule"),
    [
        (1, "IH", Rule.CONSTANT),
        (8, "N", Rule.CONSTANT),
        (20, " ", Rule.FORMAT),
        (20, "2", Rule.FORMAT),
        (2, "5f0c9a3e", Rule.FORMAT),
        (2, "", Rule.REQUIRED),
        (3, "two words", Rule.FORMAT),
        (5, "007", Rule.FORMAT),
        (10, "A-1", Rule.FORMAT),
        (10, "١٢٣", Rule.FORMAT),
        (10, "30254\n", Rule.RESERVED_CHARACTER),
        (11, "02/29/2026", Rule.FORMAT),
        (11, "1/2/2026", Rule.FORMAT),
        (11, "01/02/0000", Rule.FORMAT),
        (13, "-5.00", Rule.FORMAT),
        (13, "1,000.00", Rule.FORMAT),
        (13, "5", Rule.FORMAT),
        (60, "  ", Rule.REQUIRED),
        (61, "a|b", Rule.RESERVED_CHARACTER),
        (61, "a~b", Rule.RESERVED_CHARACTER),
        (61, "a\tb", Rule.RESERVED_CHARACTER),
        (61, "a\x85b", Rule.RESERVED_CHARACTER),
        (61, "a\u2028b", Rule.RESERVED_CHARACTER),
        (61, "a\ud800b", Rule.RESERVED_CHARACTER),
    ],
)
def test_a_broken_rule_is_told_with_field_and_remedy(file_spec_id, value, rule):
    problem = table.judge(COLUMNS[file_spec_id], value, row=7)
    assert (problem.row, problem.file_spec_id, problem.rule) == (7, file_spec_id, rule)
    assert problem.field == COLUMNS[file_spec_id].name
    assert problem.value == value
    assert problem.explanation
    assert problem.remedy


def test_a_row_pattern_takes_exactly_what_the_single_judgements_take(sample_lines):
    for line in sample_lines:
        shape = shape_of(line, BifDialect.TAGGED)
        pattern = shape.row_patterns[BifDialect.TAGGED]
        assert pattern.fullmatch(line)
        assert not pattern.fullmatch(line + "|")
        assert not pattern.fullmatch(line + "\n")


@pytest.mark.parametrize("dialect", BifDialect)
def test_a_row_has_the_customizations_all_or_none(dialect):
    shape = table.shapes()["IH"]
    examples = {c.id: c.value or "" for c in shape.columns}
    examples |= {9: "5f0c9a3e-7d41-4b86-9c2e-1a6b3d8f4e70", 10: "1", 13: "1.00", 20: "0"}
    examples |= {11: "01/02/2026", 12: "01/27/2026", 14: "01/20/2026"}
    pattern = shape.row_patterns[dialect]
    for customized in (False, True):
        columns = shape.carried(customized=customized)
        assert len(columns) == (16 if customized else 13)
        row = join_row(columns, [examples[c.id] for c in columns], dialect)
        found = pattern.fullmatch(row)
        assert found["f20"] == "0"
        assert found["f14"] == ("01/20/2026" if customized else None)
    one = [c for c in shape.columns if c.id not in {15, 16}]
    assert not pattern.fullmatch(join_row(one, [examples[c.id] for c in one], dialect))


@pytest.mark.parametrize(
    ("text", "number"),
    [("13", 13), ("013", None), ("", None), ("-1", None), ("1" * 10, None), ("²", None)],
)
def test_a_file_spec_id_is_a_plain_number(text, number):
    assert table.file_spec_id_of(text) == number


@settings(max_examples=200)
@given(
    column=st.sampled_from(bif_fields()),
    value=st.text(max_size=20) | st.from_regex(r"[\d./~| -]{0,12}"),
)
def test_the_quick_look_takes_nothing_that_the_judgement_refuses(column, value):
    """A row that fits as a whole is written and read without another look; dates get one."""
    if table.values_pattern((column,)).fullmatch(value):
        judged = table.judge(column, value)
        assert judged is None or (column.format == "date" and not table.stands_in_calendar(value))
