"""Checks a BIF against the contract; lists every broken rule, as a compiler would (E1 to E3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any

from adapter.bif.figures import COMPARED, Figures
from adapter.bif.problems import Problem, Rule, problem_at
from adapter.bif.reader import read_lines, split_row, unknown_record
from adapter.bif.row_order import RowOrder
from adapter.bif.table import (
    RecordShape,
    group_name,
    judge,
    shape_of,
    stands_in_calendar,
)
from adapter.domain.money import money_text

# Enough to mend a file by; a file of another kind would list every row several times.
PROBLEMS_MAX = 1000
_COMPARED_GROUPS = {
    kind: tuple(group_name(file_spec_id) for file_spec_id in compared)
    for kind, compared in COMPARED.items()
}


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """What a file holds, and its problems in the order of its rows.

    `problems` holds the first PROBLEMS_MAX, `problem_count` counts them all. `invoice_count` and
    `total` are the body's own figures, whatever the header says.
    """

    problems: tuple[Problem, ...]
    problem_count: int
    row_count: int
    invoice_count: int
    total: Decimal

    @property
    def valid(self) -> bool:
        return self.problem_count == 0

    def render(self, file_name: str) -> str:
        """Tell every kept problem in a line of its own, and the figures in the last line."""
        lines = [problem.render(file_name) for problem in self.problems]
        if unlisted := self.problem_count - len(self.problems):
            lines.append(f"{file_name}: {unlisted} more problems are not listed")
        plural = "" if self.problem_count == 1 else "s"
        verdict = "valid" if self.valid else f"{self.problem_count} problem{plural}"
        figures = f"{self.invoice_count} invoices, total {money_text(self.total)}"
        return "\n".join([*lines, f"{file_name}: {verdict}; {self.row_count} rows, {figures}"])

    def as_json(self) -> dict[str, Any]:
        return {
            "valid": self.valid,
            "problem_count": self.problem_count,
            "problems": [problem.as_json() for problem in self.problems],
            "row_count": self.row_count,
            "invoice_count": self.invoice_count,
            "total": money_text(self.total),
        }


def check_bif(stream: IO[bytes]) -> CheckReport:
    """List every broken rule of the BIF in a binary stream, read once, row by row.

    Memory holds the kept problems and the invoice numbers seen. A figure of the header is not
    compared while rows that it counts cannot be read: the first fault is enough.
    """
    check = _Check()
    for number, line in read_lines(stream):
        check.take(number, line)
    return check.report()


class _Check:
    """The state of one check, row by row."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._problem_count = 0
        self._row_count = 0
        self._order = RowOrder()
        self._figures = Figures()

    def take(self, number: int, line: str | Problem) -> None:
        self._row_count = number
        if isinstance(line, Problem):
            self._keep([line])
            self._figures.doubtful |= line.rule is not Rule.ENCODING
            return
        shape = shape_of(line)
        if shape is None:
            self._keep([unknown_record(number, line)])
            self._figures.doubtful = True
            return
        compared = _glance(shape, line)
        if compared is None:
            compared = self._examine(shape, number, line)
        if problems := self._order.take(shape.kind, number):
            self._keep(problems)
        if compared and (problems := self._figures.take(shape.kind, number, compared)):
            self._keep(problems)

    def report(self) -> CheckReport:
        # The whole file's problems come last and are never beyond the bound: they are few.
        final = [*self._order.finish(), *self._figures.finish()]
        kept = sorted([*self._problems, *final], key=lambda problem: problem.row or 0)
        return CheckReport(
            problems=tuple(kept),
            problem_count=self._problem_count + len(final),
            row_count=self._row_count,
            invoice_count=self._figures.invoice_count,
            total=self._figures.total,
        )

    def _keep(self, problems: Sequence[Problem]) -> None:
        self._problem_count += len(problems)
        self._problems.extend(problems[: PROBLEMS_MAX - len(self._problems)])

    def _examine(self, shape: RecordShape, number: int, line: str) -> Sequence[str]:
        """Keep every problem of a row; return its faultless values among those compared."""
        fields, problems = split_row(number, line)
        faultless: dict[int, str] = {}
        for file_spec_id, value in fields:
            position = shape.positions.get(file_spec_id)
            if position is None:
                problems.append(_unknown_field(shape, number, file_spec_id, value))
            elif problem := judge(shape.columns[position], value, row=number):
                problems.append(problem)
            else:
                faultless[file_spec_id] = value
        present = {file_spec_id for file_spec_id, _ in fields}
        for column in shape.columns:
            if column.required and column.id not in present:
                absent = judge(column, "", row=number)
                problems.extend([absent] if absent else [])
        problems += _out_of_order(shape, number, fields)
        self._keep(problems)
        return tuple(faultless.get(compared, "") for compared in COMPARED.get(shape.kind, ()))


def _glance(shape: RecordShape, line: str) -> Sequence[str] | None:
    """Return the compared values of a faultless row that has every column; None: look closer."""
    match = shape.row_pattern.fullmatch(line)
    if match is None:
        return None
    for name in shape.date_groups:
        if not stands_in_calendar(match[name]):
            return None
    names = _COMPARED_GROUPS.get(shape.kind)
    return match.group(*names) if names else ()


def _out_of_order(shape: RecordShape, number: int, fields: list[tuple[int, str]]) -> list[Problem]:
    """Name each column that stands before one that it should follow, once."""
    problems: dict[int, Problem] = {}
    furthest = -1
    for file_spec_id, _ in fields:
        position = shape.positions.get(file_spec_id, furthest)
        if position < furthest:
            early = shape.columns[furthest].id
            problems.setdefault(early, _standing_early(number, early, dict(fields), file_spec_id))
        furthest = max(furthest, position)
    return list(problems.values())


def _standing_early(number: int, early: int, values: dict[int, str], file_spec_id: int) -> Problem:
    return problem_at(
        number,
        early,
        values[early],
        Rule.FIELD_ORDER,
        explanation=f"it stands before field {file_spec_id}, which it should follow",
        remedy="keep the columns in the order of the field table",
    )


def _unknown_field(shape: RecordShape, number: int, file_spec_id: int, value: str) -> Problem:
    return problem_at(
        number,
        file_spec_id,
        value,
        Rule.UNKNOWN_FIELD,
        explanation=f"a {shape.kind} row has no field {file_spec_id}",
        remedy="take it out, or look whether a | stands in the value before it",
    )
