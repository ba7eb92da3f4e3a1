"""Checks a BIF against the contract; lists every broken rule, as a compiler would (E1 to E3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import IO, Any

from adapter.bif.advice import Adviser
from adapter.bif.dialects import Field, dialect_of, separator_of, split_row, unknown_record
from adapter.bif.figures import Figures
from adapter.bif.glance import Look, glance, looks
from adapter.bif.problems import Problem, Rule, problem_at
from adapter.bif.reader import read_lines
from adapter.bif.row_order import RowOrder
from adapter.bif.table import RecordShape, judge
from adapter.domain.invoice import BifDialect
from adapter.domain.money import money_text

# Enough to mend a file by; a file of another kind would list every row several times.
PROBLEMS_MAX = 1000


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """What a file holds, and its problems and warnings in the order of its rows.

    `problems` holds the first PROBLEMS_MAX, `problem_count` counts them all; so it is with
    `warnings`, which leave a file valid. `invoice_count` and `total` are the body's own figures,
    whatever the header says. A file without a row shows no dialect and counts as tagged.
    """

    dialect: BifDialect
    problems: tuple[Problem, ...]
    problem_count: int
    warnings: tuple[Problem, ...]
    warning_count: int
    row_count: int
    invoice_count: int
    total: Decimal

    @property
    def valid(self) -> bool:
        return self.problem_count == 0

    def render(self, file_name: str) -> str:
        """Tell every kept problem in a line of its own, and the figures in the last line."""
        told = sorted([*self.problems, *self.warnings], key=_place)
        lines = [problem.render(file_name) for problem in told]
        if unlisted := self.problem_count + self.warning_count - len(told):
            lines.append(f"{file_name}: {unlisted} more are not listed")
        verdict = _counted(self.problem_count, "error") if self.problem_count else "valid"
        if self.warning_count:
            verdict += f", {_counted(self.warning_count, 'warning')}"
        figures = f"{self.invoice_count} invoices, total {money_text(self.total)}"
        rows = f"{self.dialect.value}, {self.row_count} rows, {figures}"
        return "\n".join([*lines, f"{file_name}: {verdict}; {rows}"])

    def as_json(self) -> dict[str, Any]:
        return {
            "valid": self.valid,
            "dialect": self.dialect.value,
            "problem_count": self.problem_count,
            "problems": [problem.as_json() for problem in self.problems],
            "warning_count": self.warning_count,
            "warnings": [warning.as_json() for warning in self.warnings],
            "row_count": self.row_count,
            "invoice_count": self.invoice_count,
            "total": money_text(self.total),
        }


def check_bif(stream: IO[bytes], *, advise: bool = True) -> CheckReport:
    """List every broken rule of the BIF in a binary stream, read once, row by row.

    Memory holds the kept problems and the invoice numbers seen. A figure of the header is not
    compared while rows that it counts cannot be read: the first fault is enough. Without
    `advise` there are no warnings.
    """
    check = _Check(advise=advise)
    for number, line in read_lines(stream):
        check.take(number, line)
    return check.report()


class _Kept:
    """The first PROBLEMS_MAX of what is found, and how many there are."""

    def __init__(self) -> None:
        self.first: list[Problem] = []
        self.count = 0

    def add(self, problems: Sequence[Problem]) -> None:
        self.count += len(problems)
        self.first.extend(problems[: PROBLEMS_MAX - len(self.first)])


class _Check:
    """The state of one check, row by row."""

    def __init__(self, *, advise: bool) -> None:
        self._errors, self._warnings = _Kept(), _Kept()
        self._dialect: BifDialect | None = None
        self._row_count = 0
        self._order = RowOrder()
        self._figures = Figures()
        self._adviser = Adviser() if advise else None
        self._looks: Mapping[str, Look] = {}
        self._separator = ""
        self._header = self._invoice = ""

    @property
    def dialect(self) -> BifDialect:
        return self._dialect or BifDialect.TAGGED

    def take(self, number: int, line: str | Problem) -> None:
        self._row_count = number
        if isinstance(line, Problem):
            self._errors.add([line])
            self._figures.doubtful |= line.rule is not Rule.ENCODING
            return
        if self._dialect is None:
            self._begin(line)
        look = self._looks.get(line.partition(self._separator)[0])
        if look is None:
            self._errors.add([unknown_record(number, line, self.dialect)])
            self._figures.doubtful = True
            return
        shape = look.shape
        values = glance(look, line)
        if values is None:
            values = self._examine(look, number, line)
        if problems := self._order.take(shape.kind, number):
            self._errors.add(problems)
        if values:
            self._compare(look, number, values, line)

    def report(self) -> CheckReport:
        # The whole file's problems come last and are never beyond the bound: they are few.
        figures = [self._placed(problem, self._header) for problem in self._figures.finish()]
        final = [*self._order.finish(), *figures]
        if self._adviser:
            self._warn(self._adviser.finish(), 0, "")
        return CheckReport(
            dialect=self.dialect,
            problems=tuple(sorted([*self._errors.first, *final], key=_place)),
            problem_count=self._errors.count + len(final),
            warnings=tuple(sorted(self._warnings.first, key=_place)),
            warning_count=self._warnings.count,
            row_count=self._row_count,
            invoice_count=self._figures.invoice_count,
            total=self._figures.total,
        )

    def _begin(self, line: str) -> None:
        """Take the dialect from the file's first row."""
        self._dialect = dialect_of(line)
        self._separator = separator_of(self._dialect)
        self._looks = looks(self._dialect, advise=self._adviser is not None)
        self._header = line

    def _compare(self, look: Look, number: int, values: Sequence[str], line: str) -> None:
        """Hand a row's values to those who compare rows."""
        kind, count = look.shape.kind, look.compared_count
        if count and (problems := self._figures.take(kind, number, values[:count])):
            self._errors.add([self._placed(problem, line) for problem in problems])
        if self._adviser is None:
            return
        if warnings := self._adviser.take(kind, number, values[count:]):
            self._warn(warnings, number, line)
        if kind == "IH":
            self._invoice = line

    def _warn(self, warnings: Sequence[Problem], number: int, line: str) -> None:
        """Keep warnings of a row, or of the invoice that was whole before it."""
        self._warnings.add(
            [self._placed(w, line if w.row == number else self._invoice) for w in warnings]
        )

    def _placed(self, problem: Problem, line: str) -> Problem:
        """Return a problem with the character where its field begins in its row."""
        fields, _ = split_row(0, line, self.dialect)
        columns = (field.column for field in fields if field.file_spec_id == problem.file_spec_id)
        return replace(problem, column=next(columns, 1))

    def _examine(self, look: Look, number: int, line: str) -> Sequence[str]:
        """Keep every problem of a row; return its faultless values among those watched."""
        shape = look.shape
        fields, problems = split_row(number, line, self.dialect)
        faultless: dict[int, str] = {}
        for field in fields:
            position = shape.positions.get(field.file_spec_id)
            if position is None:
                problems.append(_unknown_field(shape, number, field))
            elif problem := judge(shape.columns[position], field.value, row=number):
                problems.append(replace(problem, column=field.column))
            else:
                faultless[field.file_spec_id] = field.value
        present = {field.file_spec_id for field in fields}
        if self.dialect is BifDialect.TAGGED:
            problems += _absent(shape, number, present)
            problems += _out_of_order(shape, number, fields)
        self._errors.add(problems)
        return tuple(faultless.get(wanted, "") for wanted in look.watched)


def _place(problem: Problem) -> tuple[int, int]:
    return problem.row or 0, problem.column


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _absent(shape: RecordShape, number: int, present: set[int]) -> list[Problem]:
    """Name each required column that a row does not have."""
    missing = (c for c in shape.columns if c.required and c.id not in present)
    return [problem for column in missing if (problem := judge(column, "", row=number))]


def _out_of_order(shape: RecordShape, number: int, fields: list[Field]) -> list[Problem]:
    """Name each column that stands before one that it should follow, once."""
    problems: dict[int, Problem] = {}
    told = {field.file_spec_id: field for field in fields}
    furthest = -1
    for field in fields:
        position = shape.positions.get(field.file_spec_id, furthest)
        if position < furthest:
            early = told[shape.columns[furthest].id]
            found = _standing_early(number, early, field.file_spec_id)
            problems.setdefault(early.file_spec_id, found)
        furthest = max(furthest, position)
    return list(problems.values())


def _standing_early(number: int, early: Field, follows: int) -> Problem:
    return problem_at(
        number,
        early.file_spec_id,
        early.value,
        Rule.FIELD_ORDER,
        explanation=f"it stands before field {follows}, which it should follow",
        remedy="keep the columns in the order of the field table",
        column=early.column,
    )


def _unknown_field(shape: RecordShape, number: int, field: Field) -> Problem:
    return problem_at(
        number,
        field.file_spec_id,
        field.value,
        Rule.UNKNOWN_FIELD,
        explanation=f"a {shape.kind} row has no field {field.file_spec_id}",
        remedy="take it out, or look whether a | stands in the value before it",
        column=field.column,
    )
