"""Whether each row of a BIF stands where its kind can (E1)."""

from __future__ import annotations

from collections.abc import Sequence

from adapter.bif.problems import Problem, Rule, problem_at
from adapter.bif.table import shapes

_KINDS_IN_INVOICE = 2  # CR and ID, below the IH


class RowOrder:
    """Whether each row stands where its kind can: FH, then IH, CR and ID for each invoice."""

    def __init__(self) -> None:
        self._header_seen = False
        self._invoice_row: int | None = None
        self._in_invoice: set[str] = set()

    def take(self, kind: str, number: int) -> Sequence[Problem]:
        if kind == "FH":
            self._header_seen = True
            return [_misplaced(kind, number)] if number > 1 else ()
        if kind == "IH":
            missing = self._missing()
            self._invoice_row, self._in_invoice = number, set()
            return missing
        misplaced = self._invoice_row is None or (kind == "CR" and bool(self._in_invoice))
        self._in_invoice.add(kind)
        return [_misplaced(kind, number)] if misplaced else ()

    def finish(self) -> Sequence[Problem]:
        header = [] if self._header_seen else [_missing_record("FH", 1, "a file has its header")]
        return [*header, *self._missing()]

    def _missing(self) -> Sequence[Problem]:
        if self._invoice_row is None or len(self._in_invoice) == _KINDS_IN_INVOICE:
            return ()
        return [
            _missing_record(kind, self._invoice_row, f"an invoice has its {kind} row")
            for kind in ("CR", "ID")
            if kind not in self._in_invoice
        ]


def _misplaced(kind: str, number: int) -> Problem:
    return problem_at(
        number,
        shapes()[kind].row_type.id,
        kind,
        Rule.RECORD_ORDER,
        explanation="the rows are FH, then IH, CR and ID for each invoice",
        remedy=f"move the {kind} row, or take it out",
    )


def _missing_record(kind: str, number: int, explanation: str) -> Problem:
    return problem_at(
        number,
        shapes()[kind].row_type.id,
        "",
        Rule.MISSING_RECORD,
        explanation=explanation,
        remedy=f"add the {kind} row",
    )
