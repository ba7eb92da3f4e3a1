"""Settled rows in the ledger: recorded once, matched once, and payments that have none."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from adapter.domain.settlement import TransactionType
from adapter.kinds.payments import PaymentQueries
from tests.unit.domain.conftest import build_row

ROW = build_row()
BACK = replace(ROW, transaction=TransactionType.RETURN, amount=-ROW.amount)


@pytest.fixture
def book(bench):
    return bench.ledger.settlements


def test_a_row_is_kept_as_it_came_and_once(book, now, later):
    assert book.record([ROW, ROW], now=now) == [ROW]
    assert book.record([replace(ROW, batch_count=2)], now=later(5)) == []
    [kept] = book.page(limit=9)
    assert (kept.row, kept.seen_at, kept.matched_at) == (ROW, now, None)
    assert book.record([], now=now) == []


@pytest.mark.parametrize(
    "other",
    [
        BACK,
        replace(ROW, batch_id="20260106-CC"),
        replace(ROW, invoice_number="7"),
        replace(ROW, payment_guid=str(UUID(int=2))),
        replace(ROW, biller="another-carrier"),
    ],
    ids=["return", "batch", "invoice", "payment", "biller"],
)
def test_rows_are_kept_apart(book, now, other):
    assert book.record([ROW, other], now=now) == [ROW, other]


def test_a_row_is_unmatched_until_it_is_matched(book, now, later):
    book.record([ROW, BACK], now=now)
    first, second = book.unmatched("camp-point")
    book.match([first.id], now=later(1))
    assert book.unmatched("camp-point") == (second,)
    assert book.page(limit=1)[0].matched_at == later(1)
    assert book.unmatched("another-carrier") == ()
    book.match([], now=now)


def test_other_batches_of_a_payment_are_known(book, now):
    book.record([ROW, replace(ROW, batch_id="20260106-CC"), BACK], now=now)
    assert book.payments_in_other_batches(ROW) == ("20260106-CC",)
    assert book.payments_in_other_batches(replace(ROW, invoice_number="7")) == ()


def test_a_payment_without_a_row_of_its_own_is_unsettled_and_its_time_half_open(bench, book, now):
    paid = bench.payments.accept(1)
    paid_at, second = paid.payload.paid_at, timedelta(seconds=1)

    def unsettled(start, end):
        bounds = {"paid_from": paid_at + start * second, "paid_until": paid_at + end * second}
        found = PaymentQueries(bench.ledger).unsettled(bench.biller, **bounds)
        return [item.id for item in found]

    windows = [(-1, 1), (0, 1), (0, 0), (-1, 0)]
    assert [unsettled(*window) for window in windows] == [[paid.id], [paid.id], [], []]
    book.record([BACK, replace(ROW, invoice_number="7")], now=now)
    assert unsettled(0, 1) == [paid.id]
    book.record([ROW], now=now)
    assert unsettled(0, 1) == []


def test_pages_are_by_id_and_biller(book, now):
    book.record([ROW, BACK, replace(ROW, biller="another-carrier")], now=now)
    assert [kept.id for kept in book.page(limit=2)] == [1, 2]
    assert [kept.id for kept in book.page(limit=9, after=1)] == [2, 3]
    assert [kept.id for kept in book.page(limit=9, biller="another-carrier")] == [3]
