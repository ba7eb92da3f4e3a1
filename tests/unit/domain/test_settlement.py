"""Matching settled rows to the cent, and batches to what is said of them."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.settlement import (
    TransactionType,
    check_batches,
    judge_payment,
    judge_return,
    unsettled,
)
from adapter.errors import BadInputError
from tests.unit.domain.conftest import build_row

GUID = "aaaaaaaa-0000-4000-8000-000000000001"
ROW = build_row(amount="731.37", payment_guid=GUID)
TAKEN = replace(ROW, transaction=TransactionType.RETURN, amount=Decimal("-731.37"))
CENTS = st.integers(min_value=-10_000_000, max_value=10_000_000).map(
    lambda cents: Decimal(cents).scaleb(-2)
)


def batch(batch_id, amounts):
    """Return a batch that adds up."""
    return [
        replace(
            ROW,
            batch_id=batch_id,
            transaction=TransactionType.RETURN if amount < 0 else TransactionType.PAYMENT,
            payment_guid=str(UUID(int=number)),
            amount=amount,
            batch_total=sum(amounts, Decimal(0)),
            batch_count=len(amounts),
        )
        for number, amount in enumerate(amounts)
    ]


def test_a_row_names_batch_payment_and_invoice():
    row = replace(ROW, payment_guid=GUID.upper())
    assert row.reference == f"20260105-CC:{GUID}:30254"
    with pytest.raises(BadInputError):
        replace(ROW, payment_guid="12")


@given(amounts=st.lists(CENTS, min_size=1, max_size=20), others=st.lists(CENTS, max_size=5))
def test_batches_that_add_up_are_never_doubted(amounts, others):
    rows = [*batch("A", amounts), *batch("B", others)]
    rows.sort(key=lambda row: row.payment_guid)  # the batches' rows come mixed
    assert list(check_batches(rows)) == []


@given(
    amounts=st.lists(CENTS, min_size=2, max_size=20),
    place=st.integers(min_value=0, max_value=100),
    more=CENTS.filter(bool),
)
def test_any_cent_that_differs_is_found(amounts, place, more):
    rows = batch("A", amounts)
    place %= len(rows)
    rows[place] = replace(rows[place], amount=rows[place].amount + more)
    doubts = list(check_batches([*rows, *batch("B", amounts)]))
    assert [(d.kind, d.reference) for d in doubts] == [(ExceptionKind.BATCH_TOTAL, "A")]


@given(amounts=st.lists(CENTS, min_size=2, max_size=20), place=st.integers(0, 100))
def test_any_row_that_is_missing_or_double_is_found(amounts, place):
    """Rows of nothing too: the count tells them."""
    rows = batch("A", amounts)
    place %= len(rows)
    for wrong in (rows[:place] + rows[place + 1 :], [*rows, rows[place]]):
        assert [doubt.reference for doubt in check_batches(wrong)] == ["A"]


@given(paid=CENTS, settled=CENTS)
def test_a_payment_matches_to_the_cent_or_not_at_all(payment, item_of, paid, settled):
    item = item_of(payload=replace(payment, amount=paid))
    doubt = judge_payment(replace(ROW, amount=settled), item)
    assert (doubt is None) == (paid == settled)
    assert doubt is None or doubt.kind is ExceptionKind.SETTLED_OTHERWISE


@given(rejected=CENTS, taken_back=CENTS)
def test_a_return_matches_what_its_reject_said(rejected, taken_back):
    row = replace(ROW, transaction=TransactionType.RETURN, amount=-taken_back)
    doubt = judge_return(row, rejected)
    assert (doubt is None) == (rejected == taken_back)


def test_every_doubt_names_what_it_is_about_and_its_amounts(item_of, payment):
    short = replace(ROW, amount=Decimal("731.36"))
    doubt = judge_payment(short, item_of())
    assert doubt.reference == short.reference
    assert "731.36" in doubt.detail
    assert "731.37" in doubt.detail
    assert "and its reject is of 5.00" in judge_return(TAKEN, Decimal(5)).detail
    doubt = unsettled(item_of())
    assert (doubt.kind, doubt.reference) == (ExceptionKind.UNSETTLED, payment.key.reference)
    assert "731.37" in doubt.detail


def test_what_is_not_known_here_is_a_kind_of_its_own():
    kinds = [doubt.kind for doubt in (judge_payment(ROW, None), judge_return(TAKEN, None))]
    assert kinds == [ExceptionKind.SETTLED_UNKNOWN] * 2
