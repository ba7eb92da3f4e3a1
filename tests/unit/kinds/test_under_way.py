"""The balance that is owed now: the ledger read before and after Spectrum is asked."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapter.errors import OutcomeUnknownError, RejectedError
from adapter.kinds import PAYMENTS
from adapter.kinds.under_way import ASKED_MAX, balance_owed, money_of
from tests.unit.jobs.conftest import BILLER

WHERE = {"partner": "spectrum", "operation": "OnlineReceipt"}
BALANCE, AMOUNT = Decimal("731.37"), Decimal("31.37")
SETTLE, DAY = 120, 86_400


@pytest.fixture
def owed(bench):
    return lambda number="30254": balance_owed(
        bench.ledger, BILLER, number, bench.partners, bench.clock
    )


def test_what_waits_is_not_owed_and_what_is_applied_is_in_the_balance(bench, owed):
    assert owed() == BALANCE
    bench.accept()
    assert owed() == BALANCE - AMOUNT
    bench.run(PAYMENTS)
    bench.partners.balance = BALANCE - AMOUNT
    assert owed() == BALANCE - AMOUNT


def test_another_invoice_and_another_biller_are_not_touched(bench, owed):
    bench.accept()
    assert owed("30255") == BALANCE
    assert money_of(bench.ledger, "prairie", ["30254"], bench.partners) == {}


def test_a_payment_that_is_applied_while_the_balance_is_asked_for_has_it_asked_for_again(
    bench, owed
):
    """The first answer was written before the receipt, the second contains it."""
    bench.accept()
    asked = []

    def tell():
        asked.append(BALANCE)
        if len(asked) == 1:
            bench.partners.balance = BALANCE
            bench.run(PAYMENTS)
            bench.partners.balance = lambda: asked.append(1) or BALANCE - AMOUNT
        return BALANCE

    bench.partners.balance = tell
    assert owed() == BALANCE - AMOUNT
    assert len(asked) == 2


def test_payments_that_keep_coming_end_the_asking(bench, owed):
    numbers = iter(range(1, 100))
    asked = []

    def tell():
        asked.append(bench.accept(next(numbers)))
        return BALANCE

    bench.partners.balance = tell
    assert owed() == BALANCE - ASKED_MAX * AMOUNT
    assert len(asked) == ASKED_MAX


def test_a_kept_balance_is_as_old_as_one_may_be(bench, owed):
    """A cache says so itself; the payment was applied a minute ago."""
    bench.accept()
    bench.run(PAYMENTS)
    bench.pass_time(60)
    bench.partners.stale, bench.partners.balance = "Age: 290", Decimal("900.00")
    assert owed() == Decimal("900.00") - AMOUNT
    bench.partners.stale = ""
    assert owed() == Decimal("900.00")


def test_in_doubt_the_balance_is_looked_at(bench, owed):
    bench.accept()
    bench.partners.receipt_answers = [OutcomeUnknownError("connection lost", **WHERE)]
    bench.run(PAYMENTS)
    assert owed() == BALANCE - AMOUNT
    bench.partners.balance = BALANCE - AMOUNT
    assert owed() == BALANCE - AMOUNT


def test_what_came_back_is_owed_again_before_spectrum_takes_it_back(bench, owed):
    payment = bench.accept()
    bench.run(PAYMENTS)
    bench.pass_time(SETTLE)
    bench.partners.balance = BALANCE - AMOUNT
    bench.put(replace(bench.ach_return(), payment_guid=payment.payment_guid))
    assert owed() == BALANCE


def test_what_asking_raises_is_raised(bench, owed):
    bench.accept()
    bench.partners.balance = RejectedError("answered 404", status=404, **WHERE)
    with pytest.raises(RejectedError):
        owed()


def test_what_was_paid_in_a_time_that_is_forgotten_may_be_in_the_balance(bench, owed):
    """Another ledger may have posted it: the balance is held against what was billed before."""
    bench.pass_time(-41 * DAY)
    bench.partners.invoices = [bench.invoice()]
    bench.send_invoices()
    bench.pass_time(41 * DAY)
    bench.accept(paid_at=bench.clock.now() - timedelta(days=40))
    bench.partners.balance = BALANCE - AMOUNT
    assert owed() == BALANCE - AMOUNT
    bench.partners.balance = BALANCE
    assert owed() == BALANCE - AMOUNT
