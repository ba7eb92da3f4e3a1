"""Gathering a cash position: the report first, then the ledger, and nothing is written."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from adapter.domain.cash import Part
from adapter.errors import BadInputError, ConfigurationError, RetryableError
from adapter.kinds import PAYMENTS
from adapter.kinds.cash import cash_position
from tests.unit.jobs.conftest import BILLER, NOW

AMOUNT = Decimal("31.37")
DOWN = RetryableError("down", partner="invoice_cloud", operation="PaymentReporting")


@pytest.fixture
def asked(bench):
    def ask(day=None):
        return cash_position(bench.ledger, BILLER, bench.partners, day, now=bench.clock.now())

    return ask


def report(bench, number, **fields):
    payment = bench.payment(number, invoice_number=str(number), **fields)
    bench.partners.reported.append(payment)
    return payment


def test_today_is_asked_for_until_now_in_the_carrier_s_time_zone(bench, asked):
    bench.put(report(bench, 1))
    bench.run(PAYMENTS)
    bench.put(report(bench, 2))
    found = asked()
    assert bench.partners.windows == [found.window]
    assert found.window.end_gmt == NOW
    assert [line.part for line in found.lines] == [Part.APPLIED, Part.OPEN]
    assert (found.taken, found.balances) == (2 * AMOUNT, True)


def test_what_was_paid_on_another_day_is_not_in_it(bench, asked):
    bench.accept(1, invoice_number="1", paid_at=NOW - timedelta(days=3))
    assert asked().lines == ()
    [line] = asked((NOW - timedelta(days=3)).date()).lines
    assert line.why == "received here, and Invoice Cloud's report does not have it"


def test_a_payment_whose_times_differ_is_held_against_its_report_all_the_same(bench, asked):
    """Received as of the day before, and reported today."""
    bench.put(replace(report(bench, 1), paid_at=NOW - timedelta(days=1)))
    assert asked().balances


def test_what_came_back_is_returned(bench, asked):
    bench.put(report(bench, 1))
    bench.bring_back(1, invoice_number="1", amount=AMOUNT)
    assert [line.part for line in asked().lines] == [Part.RETURNED]


@pytest.mark.parametrize("failure", [DOWN, ConfigurationError("a key is wrong")])
def test_a_report_that_cannot_be_read_leaves_what_the_ledger_knows(bench, asked, failure):
    bench.put(report(bench, 1))
    bench.partners.reported.append(failure)
    found = asked()
    assert (found.failure, found.is_reported) == (failure, False)
    assert [line.part for line in found.lines] == [Part.OPEN]


def test_a_row_that_cannot_be_read_holds_up_no_other(bench, asked):
    bench.put(report(bench, 1))
    bench.partners.reported.append(
        BadInputError(field="report", value="1 row", rule="an amount", remedy="Ask")
    )
    found = asked()
    assert (found.is_reported, found.balances, len(found.lines)) == (True, False, 1)


def test_a_day_that_has_not_begun_is_refused(asked):
    with pytest.raises(BadInputError, match="has not begun"):
        asked(date(2030, 1, 1))


def test_nothing_is_written(bench, asked):
    report(bench, 1)
    assert len(asked().differences) == 1
    assert bench.items(PAYMENTS) == ()
    assert bench.mark("reconcile_payments") is None
