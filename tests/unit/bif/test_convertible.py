"""Whether an invoice of another system can be carried over."""

import pytest

from adapter.bif.convertible import not_convertible
from adapter.bif.rows import BifRow, InvoiceGroup


def group(details=("5.00",), **header):
    values = {8: "N", 11: "1/5/2026", 12: "2026-01-31", 13: "5"}
    values |= {int(name.strip("_")): value for name, value in header.items()}
    rows = [BifRow(number=4 + n, kind="ID", values={79: v}) for n, v in enumerate(details)]
    return InvoiceGroup(
        header=BifRow(number=2, kind="IH", values=values),
        customer=BifRow(number=3, kind="CR", values={}),
        details=tuple(rows),
    )


def told(some, *, trust_totals=False):
    found = not_convertible(some, trust_totals=trust_totals)
    return [(p.row, p.file_spec_id, p.rule.value) for p in found]


@pytest.mark.parametrize(
    "some",
    [
        group(),
        group(_8=""),
        group(_8="R", _375="1"),
        group(("2", "$3.00")),
        group(()),
        group(("", "x")),
        group(_248=" "),
    ],
)
def test_what_can_be_carried_over_is_no_problem(some):
    assert told(some) == []


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"_8": "D"}, (2, 8, "constant")),
        ({"_375": "0"}, (2, 375, "constant")),
        ({"_13": "5.001"}, (2, 13, "format")),
        ({"_13": ""}, (2, 13, "format")),
        ({"_11": ""}, (2, 11, "required")),
        ({"_12": "never"}, (2, 12, "format")),
        ({"_248": "never"}, (2, 248, "format")),
        ({"_13": "6"}, (2, 13, "total")),
    ],
)
def test_what_would_be_lost_is_named(header, expected):
    assert told(group(**header)) == [expected]


def test_a_bill_may_be_trusted_against_its_details():
    assert told(group(("4.00",))) == [(2, 13, "total")]
    assert told(group(("4.00",)), trust_totals=True) == []
