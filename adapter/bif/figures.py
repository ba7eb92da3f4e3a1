"""Whether a BIF's header tells the figures of its body, and each invoice once (E3)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from adapter.bif.problems import Problem, Rule, problem_at
from adapter.domain.money import ZERO, money_text

INVOICE_COUNT, TOTAL_INVOICE_AMOUNT, INVOICE_NUMBER, TOTAL_AMOUNT_DUE = 5, 6, 10, 13
# What is compared between rows, by their kind.
COMPARED = {"FH": (INVOICE_COUNT, TOTAL_INVOICE_AMOUNT), "IH": (INVOICE_NUMBER, TOTAL_AMOUNT_DUE)}


class Figures:
    """Whether the header's figures are the body's, and each invoice stands there once."""

    def __init__(self) -> None:
        self.invoice_count = 0
        self.total = ZERO
        self.doubtful = False
        self._amounts_doubtful = False
        self._numbers: set[str] = set()
        self._header: tuple[int, str, str] | None = None

    def take(self, kind: str, number: int, compared: Sequence[str]) -> Sequence[Problem]:
        """Take a row's compared values, empty where they can't be read."""
        if kind == "FH":
            self._header = self._header or (number, compared[0], compared[1])
        if kind != "IH":
            return ()
        invoice_number, amount = compared
        self.invoice_count += 1
        if amount:
            self.total += Decimal(amount)
        else:
            self._amounts_doubtful = True
        if not invoice_number:
            return ()
        if invoice_number in self._numbers:
            return [_standing_again(number, invoice_number)]
        self._numbers.add(invoice_number)
        return ()

    def finish(self) -> Sequence[Problem]:
        if self._header is None or self.doubtful:
            return ()
        row, count, total = self._header
        problems = []
        if count and int(count) != self.invoice_count:
            problems.append(_wrong_count(row, count, self.invoice_count))
        if total and not self._amounts_doubtful and Decimal(total) != self.total:
            problems.append(_wrong_total(row, total, self.total))
        return problems


def _standing_again(number: int, invoice_number: str) -> Problem:
    return problem_at(
        number,
        INVOICE_NUMBER,
        invoice_number,
        Rule.DUPLICATE_INVOICE,
        explanation="an invoice stands once in a file",
        remedy="take one of them out",
    )


def _wrong_count(row: int, count: str, counted: int) -> Problem:
    return problem_at(
        row,
        INVOICE_COUNT,
        count,
        Rule.COUNT,
        explanation=f"the file has {counted} invoices",
        remedy=f"write {counted}, or find what the file has lost",
    )


def _wrong_total(row: int, total: str, added: Decimal) -> Problem:
    return problem_at(
        row,
        TOTAL_INVOICE_AMOUNT,
        total,
        Rule.TOTAL,
        explanation=f"the TotalAmountDue of the invoices add up to {money_text(added)}",
        remedy=f"write {money_text(added)}, or find what the file has lost",
    )
