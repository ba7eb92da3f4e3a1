"""Reconciling: confirmed, missing, mismatched, unreported, unreadable."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import Source, State
from adapter.errors import BadInputError
from adapter.jobs import reconcile_payments
from adapter.kinds import PAYMENTS

HOUR = 3600
UNREADABLE = BadInputError(
    field="row 3 PaymentDate", value="soon", rule="it must be a moment", remedy="Ask about it"
)


@pytest.fixture
def run(bench):
    return lambda: reconcile_payments.run_once(bench.biller, bench.work)


def test_what_agrees_is_confirmed_once(bench, run):
    payment = bench.accept()
    bench.partners.reported = [replace(payment, customer_name="told otherwise")]
    assert run().counts == {"confirmed": 1, "newly_confirmed": 1}
    confirmed_at = bench.item(payment).confirmed_at
    assert confirmed_at == bench.clock.now()
    bench.pass_time(600)
    assert run().counts == {"confirmed": 1}
    assert bench.item(payment).confirmed_at == confirmed_at
    assert bench.exceptions() == ()


def test_what_is_missing_is_received_and_due(bench, run):
    payment = bench.payment()
    bench.partners.reported = [payment]
    assert run().counts == {"missing": 1, "taken_over": 1}
    item = bench.item(payment)
    assert (item.state, item.source) == (State.WAITING, Source.PAYMENT_REPORT)
    assert item.confirmed_at == item.next_at == bench.clock.now()
    assert run().counts == {"confirmed": 1}


def test_a_declined_payment_is_nothing_to_do(bench, run):
    bench.partners.reported = [bench.payment(approved=False)]
    assert run().counts == {"declined": 1}
    assert bench.items(PAYMENTS) == ()


def test_what_disagrees_is_an_exception_once(bench, run):
    payment = bench.accept()
    bench.partners.reported = [replace(payment, approved=False)]
    assert run().counts == {"mismatch": 1}
    bench.pass_time(600)
    run()
    (item,) = bench.exceptions()
    assert (item.kind, item.payment_guid) == (ExceptionKind.MISMATCH, payment.payment_guid)
    assert "approved: reported False, posted True" in item.detail
    assert bench.item(payment).confirmed_at is None
    bench.ledger.exceptions.resolve(item.id, now=bench.clock.now(), resolution="refunded")
    bench.pass_time(600)
    run()
    assert len(bench.exceptions()) == 1


def test_another_invoice_under_the_same_guid_is_never_posted_on_both(bench, run):
    """The report names another invoice than the data pump did: one of them is wrong."""
    known = bench.accept(invoice_number="30254")
    reported = replace(known, invoice_number="99999")
    bench.partners.reported = [reported]
    run()
    assert bench.item(reported) is None
    mismatch = next(e for e in bench.exceptions() if e.kind is ExceptionKind.MISMATCH)
    assert mismatch.invoice_number == "99999"
    assert "reported 99999, received for 30254" in mismatch.detail


def test_a_second_invoice_of_one_payment_is_received(bench, run):
    known = bench.accept(invoice_number="30254")
    second = replace(known, invoice_number="30255", amount=Decimal("5.00"))
    bench.partners.reported = [second, known]  # in whatever order the report has them
    assert run().counts == {
        "missing": 1,
        "confirmed": 1,
        "newly_confirmed": 1,
        "taken_over": 1,
    }
    assert bench.item(second).state is State.WAITING
    assert bench.exceptions() == ()


def test_what_the_report_lacks_is_an_exception(bench, run):
    old = bench.accept(1, invoice_number="1", paid_at=bench.clock.now() - timedelta(hours=1))
    fresh = bench.accept(2, invoice_number="2", paid_at=bench.clock.now() - timedelta(minutes=9))
    assert run().counts == {"not_reported": 1}
    (item,) = bench.exceptions()
    assert (item.kind, item.invoice_number) == (ExceptionKind.NOT_REPORTED, "1")
    assert item.payment_guid == old.payment_guid
    bench.pass_time(2 * HOUR)
    run()
    assert [e.payment_guid for e in bench.exceptions()] == [old.payment_guid, fresh.payment_guid]


def test_every_moment_is_looked_at_once_for_the_unreported(bench, run):
    """Windows overlap, and yet what a person resolved is not asked again."""
    start = bench.clock.now()
    payments = [
        bench.accept(n, invoice_number=str(n), paid_at=start + timedelta(minutes=10 * n))
        for n in range(1, 25)
    ]
    for _ in range(4):
        bench.pass_time(HOUR)
        run()
        for item in bench.ledger.exceptions.page(limit=99, only_open=True):
            bench.ledger.exceptions.resolve(item.id, now=bench.clock.now(), resolution="seen")
    asked = [item.payment_guid for item in bench.exceptions()]
    until = bench.clock.now() - timedelta(minutes=30)
    assert asked == [p.payment_guid for p in payments if p.paid_at < until]


def test_in_a_report_with_gaps_nothing_is_called_unreported(bench, run):
    known = bench.accept(1, invoice_number="1")
    missing = bench.payment(2, invoice_number="2")
    bench.accept(3, invoice_number="3")
    bench.partners.reported = [known, missing, UNREADABLE]
    assert run().counts["unreadable"] == 1
    assert bench.item(known).confirmed_at is not None
    assert bench.item(missing).source is Source.PAYMENT_REPORT
    assert bench.open_kinds() == [ExceptionKind.REPORT_UNREADABLE]


@pytest.mark.parametrize(
    ("amount", "details"),
    [
        ("31.37", []),
        ("31.38", ["the report disagrees: amount: reported 31.37, posted 31.38"]),
    ],
)
def test_a_payment_that_comes_while_the_report_is_read_is_compared_too(
    bench, run, amount, details
):
    payment = bench.payment()

    def payments(_window):
        yield payment
        bench.accept(amount=Decimal(amount))

    bench.partners.payments = payments
    run()
    item = bench.item(payment)
    assert item.source is Source.DATA_PUMP
    assert (item.confirmed_at is None) is bool(details)
    assert [mismatch.detail for mismatch in bench.exceptions()] == details
