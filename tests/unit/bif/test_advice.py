"""What a check warns of."""

import pytest

from adapter.bif.advice import Adviser
from adapter.bif.problems import Advice

EARLY = (1, 12, Advice.DUE_BEFORE_INVOICE_DATE)
IH = ("01/02/2026", "01/27/2026", "10.00", "10.00")


def told(*rows):
    adviser = Adviser()
    warnings = [
        warning
        for number, (kind, *values) in enumerate(rows, start=1)
        for warning in adviser.take(kind, number, values)
    ]
    return [(w.row, w.file_spec_id, w.rule) for w in [*warnings, *adviser.finish()]]


@pytest.mark.parametrize(
    ("rows", "warnings"),
    [
        ([("FH", "r"), ("IH", *IH), ("CR",), ("ID", "4.00"), ("ID", "6.00")], []),
        ([("FH", "")], [(1, 3, Advice.NO_REFERENCE)]),
        ([("IH", "12/31/2025", "01/01/2025", "1.00", "")], [EARLY]),
        ([("IH", "12/31/2025", "01/01/2026", "1.00", "")], []),
        ([("IH", *IH[:3], "10.01")], [(1, 21, Advice.MINIMUM_ABOVE_TOTAL)]),
        ([("IH", *IH[:3], "9.99")], []),
        ([("IH", "", "", "", ""), ("ID", "1.00")], []),
        ([("IH", *IH), ("ID", ""), ("ID", "1.00")], []),
        ([("IH", *IH)], []),
    ],
)
def test_what_is_odd_is_warned_of_and_what_cannot_be_read_is_not_compared(rows, warnings):
    """Days are compared as days, not as texts that begin with the month."""
    assert told(*rows) == warnings


def test_details_that_add_up_to_something_else():
    """Told of each invoice when all its rows are known, the last one too."""
    rows = [
        ("IH", *IH),
        ("ID", "4.00"),
        ("IH", *IH),
        ("ID", "10.00"),
        ("IH", *IH),
        ("ID", "11.00"),
    ]
    assert told(*rows) == [(1, 13, Advice.DETAILS_DIFFER), (5, 13, Advice.DETAILS_DIFFER)]
