"""Where the rows of a BIF may stand."""

import pytest

from adapter.bif.problems import Rule
from adapter.bif.row_order import RowOrder


def found(kinds):
    order = RowOrder()
    problems = [p for n, kind in enumerate(kinds.split(), start=1) for p in order.take(kind, n)]
    problems += order.finish()
    return [(p.row, p.file_spec_id, p.field, p.rule.value) for p in problems]


@pytest.mark.parametrize("kinds", ["FH", "FH IH CR ID", "FH IH CR ID ID IH CR ID"])
def test_a_files_rows_in_their_order_are_no_problem(kinds):
    assert not found(kinds)


@pytest.mark.parametrize(
    ("kinds", "row", "file_spec_id", "rule"),
    [
        ("", 1, 1, Rule.MISSING_RECORD),
        ("IH CR ID", 1, 1, Rule.MISSING_RECORD),
        ("IH CR ID FH", 4, 1, Rule.RECORD_ORDER),
        ("FH FH IH CR ID", 2, 1, Rule.RECORD_ORDER),
        ("FH IH FH CR ID", 3, 1, Rule.RECORD_ORDER),
        ("FH CR IH CR ID", 2, 58, Rule.RECORD_ORDER),
        ("FH ID", 2, 70, Rule.RECORD_ORDER),
        ("FH IH ID CR", 4, 58, Rule.RECORD_ORDER),
        ("FH IH CR CR ID", 4, 58, Rule.RECORD_ORDER),
        ("FH IH CR ID CR", 5, 58, Rule.RECORD_ORDER),
        ("FH IH ID IH CR ID", 2, 58, Rule.MISSING_RECORD),
        ("FH IH CR", 2, 70, Rule.MISSING_RECORD),
    ],
)
def test_a_row_out_of_its_place_is_named_once(kinds, row, file_spec_id, rule):
    assert found(kinds) == [(row, file_spec_id, "RowType", rule.value)]


def test_an_invoice_that_lacks_both_rows_is_told_twice():
    assert [problem[:2] for problem in found("FH IH IH CR ID")] == [(2, 58), (2, 70)]
