"""What a check warns of: no rule forbids it, and nobody means it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from adapter.bif.problems import Advice, Problem, problem_at
from adapter.domain.money import ZERO, money_text

REFERENCE, INVOICE_DATE, DUE_DATE, TOTAL_AMOUNT_DUE, MINIMUM_DUE, AMOUNT = 3, 11, 12, 13, 21, 79
# What is looked at in a faultless row, by its kind.
ADVISED = {
    "FH": (REFERENCE,),
    "IH": (INVOICE_DATE, DUE_DATE, TOTAL_AMOUNT_DUE, MINIMUM_DUE),
    "ID": (AMOUNT,),
}


class Adviser:
    """Looks at the values of faultless rows in their order; an empty one can't be known."""

    def __init__(self) -> None:
        self._invoice: tuple[int, str] | None = None
        self._amounts: list[str] = []

    def take(self, kind: str, number: int, values: Sequence[str]) -> Sequence[Problem]:
        if kind == "ID":
            self._amounts.append(values[0])
            return ()
        if kind == "FH":
            return () if values[0] else [_without_reference(number)]
        if kind != "IH":
            return ()
        invoice_date, due_date, total, minimum = values
        warnings = list(self.finish())
        self._invoice, self._amounts = (number, total), []
        if due_date and _ordered(due_date) < _ordered(invoice_date):
            warnings.append(_due_early(number, due_date, invoice_date))
        if minimum and minimum != total and total and Decimal(minimum) > Decimal(total):
            warnings.append(_minimum_above(number, minimum, total))
        return warnings

    def finish(self) -> Sequence[Problem]:
        """Tell what shows only when an invoice has all its rows."""
        if self._invoice is None:
            return ()
        (number, total), amounts = self._invoice, self._amounts
        self._invoice = None
        if not total or not all(amounts) or amounts == [total]:
            return ()
        added = sum(map(Decimal, amounts), ZERO)
        return () if not amounts or added == Decimal(total) else [_differ(number, total, added)]


def _ordered(day: str) -> str:
    """Write mm/dd/yyyy so that an earlier day is the smaller text."""
    return day[6:] + day[:5]


def _without_reference(number: int) -> Problem:
    return problem_at(
        number,
        REFERENCE,
        "",
        Advice.NO_REFERENCE,
        explanation="an upload whose answer is lost is known again by its reference only",
        remedy="name the file",
    )


def _due_early(number: int, due_date: str, invoice_date: str) -> Problem:
    return problem_at(
        number,
        DUE_DATE,
        due_date,
        Advice.DUE_BEFORE_INVOICE_DATE,
        explanation=f"the invoice is dated {invoice_date}",
        remedy="look which of the two is right",
    )


def _minimum_above(number: int, minimum: str, total: str) -> Problem:
    return problem_at(
        number,
        MINIMUM_DUE,
        minimum,
        Advice.MINIMUM_ABOVE_TOTAL,
        explanation=f"no more than {total} is due",
        remedy=f"write {total}",
    )


def _differ(number: int, total: str, added: Decimal) -> Problem:
    return problem_at(
        number,
        TOTAL_AMOUNT_DUE,
        total,
        Advice.DETAILS_DIFFER,
        explanation=f"the details of the invoice add up to {money_text(added)}",
        remedy="look which of the two the payer owes",
    )
