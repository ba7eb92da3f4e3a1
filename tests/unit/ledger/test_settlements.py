"""Settled rows in the ledger: recorded once, matched once, and payments that have none."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from adapter.domain.settlement import SettledRow, TransactionType
from adapter.kinds.payments import PaymentQueries

ROW = SettledRow(
    biller="camp-point",
    batch_id="20260106-CC",
    settled_on=date(2026, 1, 6),
    transaction=TransactionType.PAYMENT,
    payment_guid=str(UUID(int=1)),
    invoice_number="30254",
    amount=Decimal("731.37"),
    batch_total=Decimal("731.37"),
    batch_count=1,
)
BACK = replace(ROW, transaction=TransactionType.RETURN, amount=Decimal("-731.37"))


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
        replace(ROW, batch_id="20260107-CC"),
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
    book.record([ROW, replace(ROW, batch_id="20260107-CC"), BACK], now=now)
    assert book.payments_in_other_batches(ROW) == ("20260107-CC",)
    assert book.payments_in_other_batches(replace(ROW, invoice_number="7")) == ()


def test_a_payment_without_a_row_of_its_own_is_unsettled(bench, book, now):
    paid = bench.payments.accept(1)
    day = timedelta(days=1)
    bounds = {"paid_from": now - day, "paid_until": now + day}
    assert [
        item.id for item in PaymentQueries(bench.ledger).unsettled(bench.biller, **bounds)
    ] == [paid.id]
    book.record([BACK, replace(ROW, invoice_number="7")], now=now)
    assert len(PaymentQueries(bench.ledger).unsettled(bench.biller, **bounds)) == 1
    book.record([ROW], now=now)
    assert PaymentQueries(bench.ledger).unsettled(bench.biller, **bounds) == ()


def test_the_time_of_payment_is_half_open(bench):
    paid_at = bench.payments.accept(1).payload.paid_at
    second = timedelta(seconds=1)
    assert (
        PaymentQueries(bench.ledger).unsettled(bench.biller, paid_from=paid_at, paid_until=paid_at)
        == ()
    )
    assert PaymentQueries(bench.ledger).unsettled(
        bench.biller, paid_from=paid_at, paid_until=paid_at + second
    )
    assert not PaymentQueries(bench.ledger).unsettled(
        bench.biller, paid_from=paid_at - second, paid_until=paid_at
    )


def test_pages_are_by_id_and_biller(book, now):
    book.record([ROW, BACK, replace(ROW, biller="another-carrier")], now=now)
    assert [kept.id for kept in book.page(limit=2)] == [1, 2]
    assert [kept.id for kept in book.page(limit=9, after=1)] == [2, 3]
    assert [kept.id for kept in book.page(limit=9, biller="another-carrier")] == [3]
