"""How a record stands on its line in each dialect: joined, told apart, split again (0024)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from adapter.bif.problems import Problem, Rule, problem_at
from adapter.bif.table import (
    FIELD_SEPARATOR,
    ID_SEPARATOR,
    RecordShape,
    file_spec_id_of,
    shapes,
)
from adapter.domain.invoice import BifDialect
from contracts.loader import BifField

# FileSpecIDs by the kind of record, for a positional file of another system.
Columns = Mapping[str, Sequence[int]]


class Field(NamedTuple):
    """One value of a row; `column` is the character, from 1, where its field begins."""

    file_spec_id: int
    value: str
    column: int


def row_types() -> Mapping[str, int]:
    """Return the FileSpecID of each record's RowType."""
    return {kind: shape.row_type.id for kind, shape in shapes().items()}


def join_row(columns: Iterable[BifField], values: Iterable[str], dialect: BifDialect) -> str:
    """Return a record's line, without its line end."""
    if dialect is BifDialect.POSITIONAL:
        return FIELD_SEPARATOR.join(values)
    told = zip(columns, values, strict=True)
    return FIELD_SEPARATOR.join(f"{column.id}{ID_SEPARATOR}{value}" for column, value in told)


def dialect_of(line: str) -> BifDialect:
    """Return the dialect that a file's first row shows; what shows none is taken for tagged."""
    begins = line.partition(FIELD_SEPARATOR)[0]
    return BifDialect.POSITIONAL if begins in shapes() else BifDialect.TAGGED


@cache
def announcements(dialect: BifDialect) -> Mapping[str, RecordShape]:
    """Return each record's shape by what a row of it begins with."""
    if dialect is BifDialect.POSITIONAL:
        return shapes()
    return {str(shape.row_type.id): shape for shape in shapes().values()}


def separator_of(dialect: BifDialect) -> str:
    """Return what ends a row's announcement."""
    return FIELD_SEPARATOR if dialect is BifDialect.POSITIONAL else ID_SEPARATOR


def shape_of(line: str, dialect: BifDialect) -> RecordShape | None:
    """Return the shape that a row announces by its RowType."""
    return announcements(dialect).get(line.partition(separator_of(dialect))[0])


def split_row(
    number: int, line: str, dialect: BifDialect, columns: Columns | None = None
) -> tuple[list[Field], list[Problem]]:
    """Return a row's fields in their order, and a problem for each part that is none.

    A FileSpecID that stands twice is told as a problem and kept with its first value. Of a
    positional row with another number of values than columns nothing is kept: which value is
    whose cannot be known. `columns` are those of another system.
    """
    if dialect is BifDialect.TAGGED:
        return _split_tagged(number, line)
    return _split_positional(number, line, columns or {})


def unknown_record(number: int, line: str, dialect: BifDialect) -> Problem:
    """Return the problem of a row whose beginning is no RowType."""
    tagged = dialect is BifDialect.TAGGED
    begins = [
        f"{shape.row_type.id}{ID_SEPARATOR}{shape.kind}" if tagged else shape.kind
        for shape in shapes().values()
    ]
    return problem_at(
        number,
        None,
        line,
        Rule.UNKNOWN_RECORD,
        explanation=f"a row of a {dialect.value} file begins with its RowType",
        remedy=f"begin it with {', '.join(begins[:-1])} or {begins[-1]}, or take it out",
    )


def _split_tagged(number: int, line: str) -> tuple[list[Field], list[Problem]]:
    fields: dict[int, Field] = {}
    problems: list[Problem] = []
    column = 1
    for part in line.split(FIELD_SEPARATOR):
        key, tagged, value = part.partition(ID_SEPARATOR)
        file_spec_id = file_spec_id_of(key) if tagged else None
        if file_spec_id is None:
            problems.append(_not_a_field(number, part, column))
        elif file_spec_id in fields:
            problems.append(_standing_twice(number, Field(file_spec_id, value, column)))
        else:
            fields[file_spec_id] = Field(file_spec_id, value, column)
        column += len(part) + 1
    return list(fields.values()), problems


def _split_positional(
    number: int, line: str, columns: Columns
) -> tuple[list[Field], list[Problem]]:
    values = line.split(FIELD_SEPARATOR)
    layouts = _layouts(values[0], columns)
    layout = next((layout for layout in layouts if len(layout) == len(values)), None)
    if layout is None:
        return [], [_miscounted(number, len(values), layouts)]
    fields: list[Field] = []
    column = 1
    for file_spec_id, value in zip(layout, values, strict=True):
        fields.append(Field(file_spec_id, value, column))
        column += len(value) + 1
    return fields, []


def _layouts(kind: str, columns: Columns) -> list[Sequence[int]]:
    """Return which FileSpecIDs the values of a record can have, by their order."""
    if kind in columns:
        return [columns[kind]]
    shape = shapes()[kind]
    both = ([c.id for c in shape.carried(customized=customized)] for customized in (False, True))
    return [*dict.fromkeys(map(tuple, both))]


def _miscounted(number: int, count: int, layouts: list[Sequence[int]]) -> Problem:
    wanted = " or ".join(str(len(layout)) for layout in layouts)
    return problem_at(
        number,
        layouts[0][0],
        str(count),
        Rule.COLUMN_COUNT,
        explanation=f"the row has {count} values, its columns are {wanted}",
        remedy="write a value, if an empty one, for each column; no value can hold |",
    )


def _not_a_field(number: int, part: str, column: int) -> Problem:
    return problem_at(
        number,
        None,
        part,
        Rule.UNKNOWN_FIELD,
        explanation="a field is a FileSpecID, ~ and a value",
        remedy="write id~value; a value can't hold |",
        column=column,
    )


def _standing_twice(number: int, field: Field) -> Problem:
    return problem_at(
        number,
        field.file_spec_id,
        field.value,
        Rule.DUPLICATE_FIELD,
        explanation="a field stands once in a row",
        remedy="take one of them out",
        column=field.column,
    )
