"""Payments that Spectrum lacks, by the due dates of their invoices: which count."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.figures import UnappliedFigure
from adapter.domain.redrive import Finding, ManualResolution
from adapter.domain.work_item import State

DUE = "2026-01-09"


@pytest.fixture
def told(bench):
    """Return the figures of unapplied payments at a moment after the bench's own."""

    def told(after=timedelta(hours=1)):
        return bench.ledger.figures.gather([bench.biller], now=bench.now + after).unapplied

    return told


@pytest.fixture
def days(told):
    return lambda **asked: [(each.due_date.day, each.count) for each in told(**asked)]


def test_they_are_counted_by_due_date_and_the_oldest_is_named(bench, bill, told):
    bill({"1": "2026-01-12", "2": DUE, "3": DUE})
    for number in (1, 2, 3):
        bench.payments.accept(number, lane=str(number))
    bench.payments.accept(4, lane="never billed")
    bench.payments.accept(5, lane="3", biller="another")
    first, second = told()
    oldest = bench.payments.payload(2, lane="2")
    assert first == UnappliedFigure(
        biller=bench.biller,
        due_date=date(2026, 1, 9),
        count=2,
        payment_guid=oldest.payment_guid,
        invoice_number="2",
        policy_number=oldest.account_number,
        paid_at=oldest.paid_at,
    )
    assert (second.due_date, second.count) == (date(2026, 1, 12), 1)


def test_one_that_is_minutes_old_is_on_its_way(bench, bill, days):
    bill({"1": DUE})
    bench.payments.accept(1, lane="1")
    assert days(after=timedelta(minutes=59)) == []
    assert days(after=timedelta(minutes=60)) == [(9, 1)]


@pytest.mark.parametrize(
    ("state", "count"),
    [
        (State.RETRYING, 1),
        (State.IN_DOUBT, 1),
        (State.UNCONFIRMED, 1),
        (State.NEEDS_PERSON, 1),
        (State.DONE, 0),
    ],
)
def test_whatever_is_not_applied_counts(bench, bill, told, state, count):
    bill({"1": DUE})
    bench.payments.accept(1, lane="1")
    bench.payments.record(bench.payments.send(), state)
    assert len(told()) == count


def test_one_that_went_back_to_its_payer_pays_nothing(bench, bill, days):
    bill({"1": DUE, "2": DUE})
    given_back = bench.payments.accept(1, lane="1")
    bench.payments.record(bench.payments.send(), State.NEEDS_PERSON, review=ExceptionKind.DEAD)
    bench.payments.accept(2, lane="2")
    assert days() == [(9, 2)]
    finding = ManualResolution(by="ada", finding=Finding.GIVEN_BACK, note="voided")
    bench.payments.redrive.resolve(
        bench.payments.find(given_back), finding, now=bench.now, settle_seconds=120
    )
    assert days() == [(9, 1)]
    bench.reversals.accept(2, lane="2", amount=Decimal("5.00"))
    assert days() == []
