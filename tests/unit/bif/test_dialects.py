"""How a record stands on its line in each dialect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.bif.dialects import (
    Field,
    announcements,
    dialect_of,
    join_row,
    row_types,
    separator_of,
    shape_of,
    split_row,
    unknown_record,
)
from adapter.bif.problems import Rule
from adapter.bif.table import shapes
from adapter.domain.invoice import BifDialect

TAGGED, POSITIONAL = BifDialect.TAGGED, BifDialect.POSITIONAL
values = st.text(st.characters(codec="utf-8", exclude_characters="|~\n\r"), max_size=20)


@pytest.mark.parametrize(
    ("line", "dialect"),
    [
        ("1~FH|2~x", TAGGED),
        ("FH|x", POSITIONAL),
        ("FH", POSITIONAL),
        ("IH|R", POSITIONAL),
        ("FHX|x", TAGGED),
        ("", TAGGED),
        ("junk", TAGGED),
    ],
)
def test_the_first_row_shows_the_dialect(line, dialect):
    assert dialect_of(line) is dialect


def test_a_row_is_announced_by_its_row_type():
    assert shape_of("7~IH|8~R", TAGGED).kind == "IH"
    assert shape_of("IH|R", POSITIONAL).kind == "IH"
    assert shape_of("IH|R", TAGGED) is None
    assert shape_of("7~IH|8~R", POSITIONAL) is None
    assert shape_of("8~R|7~IH", TAGGED) is None
    assert shape_of("", TAGGED) is shape_of("", POSITIONAL) is None
    assert row_types() == {"FH": 1, "IH": 7, "CR": 58, "ID": 70}
    assert [*announcements(TAGGED)] == ["1", "7", "58", "70"]
    assert (separator_of(TAGGED), separator_of(POSITIONAL)) == ("~", "|")


@given(data=st.data(), dialect=st.sampled_from(BifDialect), kind=st.sampled_from([*shapes()]))
def test_what_is_joined_is_split_again(data, dialect, kind):
    """Value for value, and each field begins where it is said to."""
    columns = shapes()[kind].carried(customized=data.draw(st.booleans()))
    told = [kind, *(data.draw(values) for _ in columns[1:])]
    line = join_row(columns, told, dialect)
    fields, problems = split_row(1, line, dialect)
    assert not problems
    assert [(f.file_spec_id, f.value) for f in fields] == [
        (column.id, value) for column, value in zip(columns, told, strict=True)
    ]
    for field in fields:
        tag = f"{field.file_spec_id}~" if dialect is TAGGED else ""
        assert line[field.column - 1 :].startswith(f"{tag}{field.value}")


def test_a_tagged_part_that_is_no_field_is_told_where_it_stands():
    fields, problems = split_row(3, "7~IH|x|8~R|8~N", TAGGED)
    assert fields == [Field(7, "IH", 1), Field(8, "R", 8)]
    assert [(p.row, p.column, p.file_spec_id, p.rule) for p in problems] == [
        (3, 6, None, Rule.UNKNOWN_FIELD),
        (3, 12, 8, Rule.DUPLICATE_FIELD),
    ]


@pytest.mark.parametrize("line", ["ID|1", "ID|1|2|3", "ID"])
def test_a_positional_row_of_another_length_has_no_fields(line):
    fields, (problem,) = split_row(5, line, POSITIONAL)
    assert fields == []
    assert (problem.row, problem.file_spec_id, problem.rule) == (5, 70, Rule.COLUMN_COUNT)
    assert problem.value == str(line.count("|") + 1)


def test_another_systems_columns_are_known_by_their_own_list():
    fields, problems = split_row(1, "ID|1|2", POSITIONAL, {"ID": (70, 71, 79)})
    assert [(f.file_spec_id, f.value) for f in fields] == [(70, "ID"), (71, "1"), (79, "2")]
    assert not problems


def test_a_row_that_is_none_is_told_how_to_begin():
    assert unknown_record(1, "x", TAGGED).remedy.startswith("begin it with 1~FH, 7~IH, 58~CR or")
    assert unknown_record(1, "x", POSITIONAL).remedy.startswith("begin it with FH, IH, CR or ID")
