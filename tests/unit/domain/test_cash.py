"""The cash position of a day: it adds up to the cent, and every difference has a line."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.clock import GmtWindow
from adapter.domain.cash import CashPosition, Part, lines_of, window_of
from adapter.domain.work_item import State
from adapter.errors import BadInputError, RetryableError
from tests.unit.domain.conftest import PAYMENT, build_item, build_return

DAY = date(2026, 1, 5)
WINDOW = GmtWindow(
    start_gmt=datetime(2026, 1, 5, 6, tzinfo=UTC), end_gmt=datetime(2026, 1, 6, 6, tzinfo=UTC)
)
AMOUNT = Decimal("31.37")


def payment(number, **fields):
    return replace(PAYMENT, payment_guid=str(UUID(int=number)), **{"amount": AMOUNT, **fields})


def item(number, state=State.DONE, **fields):
    return build_item(state, payment(number, **fields), id=number)


def returned(number, **fields):
    return replace(build_item(kind="reversal"), payload=build_return(number, **fields))


def position(reported, items, returns=(), failure=None):
    return CashPosition(
        biller=PAYMENT.biller,
        day=DAY,
        time_zone="America/Chicago",
        window=WINDOW,
        lines=lines_of(reported, items, returns),
        failure=failure,
    )


def test_what_was_taken_is_applied_open_given_back_and_returned():
    items = [
        item(1),
        item(2, State.IN_DOUBT),
        item(3, State.NEEDS_PERSON),
        item(4, State.GIVEN_BACK),
        item(5),
    ]
    found = position([payment(n) for n in range(1, 6)], items, [returned(5)])
    assert {part: len(found.of(part)) for part in Part} == {
        Part.APPLIED: 1,
        Part.OPEN: 2,
        Part.GIVEN_BACK: 1,
        Part.RETURNED: 1,
    }
    assert (found.taken, found.taken_count) == (5 * AMOUNT, 5)
    assert found.balances


@pytest.mark.parametrize(
    ("reported", "items", "difference", "why"),
    [
        ([payment(1)], [], AMOUNT, "was not received here"),
        ([], [item(1)], -AMOUNT, "report does not have it"),
        (
            [payment(1, amount=Decimal("40.00"))],
            [item(1)],
            Decimal("8.63"),
            "reported as 40.00, received as 31.37",
        ),
        ([payment(1, approved=False)], [item(1)], -AMOUNT, "reported as 0.00, received as 31.37"),
    ],
    ids=["not received", "not reported", "another amount", "declined"],
)
def test_a_difference_has_a_line_that_says_why(reported, items, difference, why):
    found = position(reported, items)
    [line] = found.differences
    assert line.difference == difference
    assert why in line.why
    assert not found.balances


def test_a_declined_payment_that_was_never_received_is_no_line():
    assert position([payment(1, approved=False)], []).lines == ()


def test_a_payment_on_another_invoice_than_reported_is_two_lines():
    """They make up for each other, and the position does not balance all the same."""
    found = position([payment(1)], [item(1, invoice_number="30255")])
    assert sum(line.difference for line in found.differences) == 0
    assert len(found.differences) == 2
    assert not found.balances


def test_what_came_back_otherwise_than_whole_stays_where_it_stands():
    found = position([payment(1)], [item(1)], [returned(1, amount=Decimal("10.00"))])
    assert len(found.of(Part.APPLIED)) == 1
    assert found.lines[0].came_back is not None


def test_without_a_report_nothing_is_held_against_it():
    found = position([], [item(1)], failure=RetryableError("down", partner="x", operation="y"))
    assert (found.is_reported, found.differences, found.balances) == (False, (), False)


def test_rows_that_cannot_be_read_keep_a_position_from_balancing():
    unreadable = BadInputError(field="report", value="1 row", rule="x", remedy="y")
    found = position([payment(1)], [item(1)], failure=unreadable)
    assert (found.is_reported, found.differences, found.balances) == (True, (), False)


CENTS = st.integers(1, 99).map(lambda cents: Decimal(cents) / 100)


@given(
    reported=st.dictionaries(st.integers(1, 9), st.tuples(CENTS, st.booleans())),
    items=st.dictionaries(st.integers(1, 9), st.tuples(CENTS, st.sampled_from(State))),
    back=st.sets(st.integers(1, 9)),
)
def test_it_adds_up_whatever_is_reported_received_and_returned(reported, items, back):
    rows = [payment(n, amount=amount, approved=ok) for n, (amount, ok) in reported.items()]
    held = [item(n, state, amount=amount) for n, (amount, state) in items.items()]
    came_back = [returned(n, amount=items[n][0]) for n in back & items.keys()]
    found = position(rows, held, came_back)
    parts = sum(line.received for part in Part for line in found.of(part))
    assert found.taken == sum(row.amount for row in rows if row.approved)
    assert found.taken == parts + sum(line.difference for line in found.differences)
    assert len([line for part in Part for line in found.of(part)]) == len(held)


def test_a_day_is_the_carrier_s_own_and_ends_now_at_the_latest():
    noon, later = WINDOW.end_gmt.replace(day=5, hour=18), datetime(2026, 2, 1, tzinfo=UTC)
    assert window_of(DAY, "America/Chicago", now=later) == WINDOW
    assert window_of(DAY, "America/Chicago", now=noon).end_gmt == noon


def test_a_day_on_which_clocks_change_has_its_own_length():
    window = window_of(date(2026, 3, 8), "America/Chicago", now=datetime(2026, 4, 1, tzinfo=UTC))
    assert (window.end_gmt - window.start_gmt).total_seconds() == 23 * 3600


def test_a_day_that_has_not_begun_is_refused():
    with pytest.raises(BadInputError, match=r"has not begun in America/Chicago"):
        window_of(date(2026, 1, 6), "America/Chicago", now=WINDOW.start_gmt)
