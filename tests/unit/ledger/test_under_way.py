"""What is held back and what was billed too high: kept by the ledger, for one biller."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from adapter.domain.exceptions import ExceptionKind
from adapter.kinds import PAYMENTS
from adapter.ledger.schema import held_invoices
from tests.unit.jobs.conftest import BILLER, NOW, bench

__all__ = ["bench"]

HOUR = timedelta(hours=1)


@pytest.fixture
def book(bench):
    return bench.ledger.under_way


def test_what_is_held_back_is_kept_whole_until_it_is_billed_or_let_go(bench, book):
    told = bench.invoice("1", balance_due=Decimal("12.30"), autopay_date=NOW.date())
    book.hold_back(BILLER, [told, bench.invoice("2")], now=NOW)
    assert book.kept(BILLER).held == {"1": told, "2": bench.invoice("2")}
    newer = replace(told, balance_due=Decimal("10.00"))
    book.hold_back(BILLER, [newer], now=NOW + HOUR)
    book.let_go(BILLER, ["2", "3"])
    assert book.kept(BILLER).held == {"1": newer}
    assert book.kept("prairie").held == {}


def test_an_invoice_is_touched_while_something_of_it_is_open_or_just_done(bench, book):
    bench.accept(1, invoice_number="1")
    bench.accept(2, invoice_number="2")
    assert book.touched(BILLER, ["1", "3"], NOW) == {"1"}
    bench.run(PAYMENTS)
    assert book.touched(BILLER, ["1", "2"], NOW - HOUR) == {"1", "2"}
    assert book.touched(BILLER, ["1", "2"], NOW) == set()


def test_a_bill_whose_invoice_no_file_can_carry_by_now_is_not_made_anew(bench, book):
    bench.partners.invoices = [bench.invoice("1")]
    bench.send_invoices()
    bench.accept(1, invoice_number="1")
    assert set(book.kept(BILLER).billed) == {"1"}
    bench.ledger.exceptions.open(
        BILLER, ExceptionKind.INVOICE_REFUSED, "City", now=NOW, invoice_number="1"
    )
    assert book.kept(BILLER).billed == {}


def test_a_row_that_cannot_be_read_is_a_persons_and_stops_no_other(bench, book):
    book.hold_back(BILLER, [bench.invoice("1"), bench.invoice("2")], now=NOW)
    with book._store.writing() as connection:
        first = update(held_invoices).where(held_invoices.c.invoice_number == "1")
        connection.execute(first.values(row='{"balance_due": "much"}'))
    kept = book.kept(BILLER)
    assert kept.held == {"2": bench.invoice("2")}
    assert kept.unreadable == {"1": "KeyError: 'invoice_date'"}
    bench.send_invoices()
    [item] = bench.exceptions()
    assert (item.kind, item.invoice_number) == (ExceptionKind.INVOICE_REFUSED, "1")
    assert "send_invoices --full" in item.detail
    assert book.kept(BILLER).unreadable == {}


@pytest.mark.parametrize(
    ("paid", "known", "is_wrong"),
    [
        (-60, -30, False),  # the file was made with it in mind
        (-60, 30, True),
        (0, 30, True),  # AutoPay and files have the same hour
        (30, 60, False),  # paid by that very bill
    ],
)
def test_a_bill_is_to_be_corrected_where_the_payment_was_made_before_and_known_after(
    bench, book, paid, known, is_wrong
):
    bench.partners.invoices = [bench.invoice("1")]

    def accept():
        bench.accept(1, invoice_number="1", paid_at=NOW + timedelta(minutes=paid))

    bench.pass_time(min(known, 0) * 60)
    if known < 0:
        accept()
        bench.pass_time(-known * 60)
    bench.send_invoices()
    if known > 0:
        bench.pass_time(known * 60)
        accept()
    expected = {"1"} if is_wrong else set()
    assert book.to_correct(BILLER, paid_since=NOW - 2 * HOUR) == expected
    assert book.to_correct(BILLER, paid_since=NOW + 2 * HOUR) == set()
