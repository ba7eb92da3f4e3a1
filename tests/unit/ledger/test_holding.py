"""Posts on one invoice go one at a time, and an exception holds back those behind it (0009)."""

import pytest
from sqlalchemy import update

from adapter.domain.delivery import Cause, DeliveryState, Step
from adapter.domain.exceptions import ExceptionKind
from adapter.errors import LeaseLostError
from adapter.ledger.schema import deliveries
from adapter.ledger.store import ConcurrentWriteError, Store

SETTLE = 120.0
HOUR = 3600


def test_a_payment_waits_for_the_one_before_it_on_its_invoice(bench, later):
    bench.accept(1)
    bench.accept(2)
    first = bench.claim()
    assert bench.claim() is None
    second = bench.ledger.deliveries.find(bench.payment(2).key)
    assert second.next_at == first.lease_until
    assert first.payment.payment_guid in second.last_error
    sending = bench.ledger.claims.begin_sending(
        first, balance_before=first.payment.amount, now=bench.now, lease_seconds=90
    )
    bench.record(sending, DeliveryState.APPLIED, at=later(1))
    assert bench.claim(at=later(1)).id == second.id


@pytest.mark.parametrize("state", [DeliveryState.IN_DOUBT, DeliveryState.PENDING])
def test_a_payment_waits_while_another_is_unsettled(bench, later, state):
    bench.accept(1)
    bench.accept(2)
    bench.record(bench.send(), state, next_at=later(SETTLE))
    assert bench.claim(at=later(SETTLE - 1)) is None
    held = bench.ledger.deliveries.find(bench.payment(2).key)
    assert held.next_at == later(SETTLE)
    assert state.value in held.last_error
    assert held.attempts == 0
    looked_at = bench.claim(at=later(SETTLE))
    assert looked_at.payment.key == bench.payment(1).key
    assert bench.claim(at=later(SETTLE)) is None


def test_other_invoices_and_billers_do_not_wait(bench, later):
    bench.accept(1)
    bench.record(bench.send(), DeliveryState.IN_DOUBT, next_at=later(SETTLE))
    bench.accept(2, invoice="30255")
    bench.accept(3, biller="another-carrier")
    assert bench.claim() is not None
    assert bench.claim(biller="another-carrier") is not None


def test_a_payment_that_failed_surely_holds_nobody_back(bench, later):
    bench.accept(1)
    bench.accept(2)
    bench.record(bench.send(), DeliveryState.FAILED, next_at=later(HOUR))
    assert bench.claim().payment.key == bench.payment(2).key


def test_an_open_exception_holds_back_until_a_person_resolves_it(bench, later):
    bench.accept(1)
    bench.record(bench.send(), DeliveryState.NOT_APPLIED, exception=ExceptionKind.NOT_APPLIED)
    bench.accept(2)
    bench.accept(3)
    assert bench.claim() is None
    held = bench.ledger.deliveries.find(bench.payment(2).key)
    assert held.state is DeliveryState.ACCEPTED
    assert held.next_at == later(HOUR)
    assert "waits for a person" in held.last_error
    assert "not_applied" in held.last_error
    assert bench.claim(at=later(HOUR)) is None
    (item,) = bench.exceptions()
    resolved = bench.ledger.exceptions.resolve(item.id, now=later(HOUR + 60), resolution="seen")
    assert not resolved.is_open
    assert bench.claim(at=later(HOUR + 60)).payment.key == bench.payment(2).key


def test_who_slept_over_its_lease_may_not_post_past_a_new_exception(bench, later):
    bench.accept(1)
    slept = bench.claim()
    bench.ledger.exceptions.open(
        bench.biller,
        ExceptionKind.MISMATCH,
        "the report disagrees",
        now=later(10),
        payment_guid=slept.payment.payment_guid,
        invoice_number="30254",
    )
    assert bench.claim(at=later(90)) is None
    with pytest.raises(LeaseLostError):
        bench.ledger.claims.begin_sending(
            slept, balance_before=slept.payment.amount, now=later(91), lease_seconds=90
        )
    found = bench.ledger.deliveries.find(slept.payment.key)
    assert (found.state, found.lease_owner) == (DeliveryState.ACCEPTED, None)


def test_an_exception_about_no_payment_holds_nothing_back(bench, now):
    bench.ledger.exceptions.open(
        bench.biller,
        ExceptionKind.INVOICE_REFUSED,
        "a | in its name",
        now=now,
        invoice_number="30254",
    )
    bench.accept()
    assert bench.claim() is not None


def test_evidence_is_looked_for_whatever_else_is_open(bench, later):
    bench.accept(1)
    doubt = bench.record(bench.send(), DeliveryState.IN_DOUBT, next_at=later(SETTLE))
    bench.ledger.exceptions.open(
        bench.biller,
        ExceptionKind.MISMATCH,
        "the report disagrees",
        now=bench.now,
        payment_guid=doubt.payment.payment_guid,
        invoice_number="30254",
    )
    assert bench.claim(at=later(SETTLE)) is not None


def test_many_payments_behind_each_other_all_go_in_their_order(bench, later):
    for number in range(1, 31):
        bench.accept(number)
    order = []
    for second in range(30):
        sending = bench.send(at=later(second))
        assert bench.claim(at=later(second)) is None
        order.append(sending.payment.key)
        bench.record(sending, DeliveryState.APPLIED, at=later(second))
    assert order == [bench.payment(number).key for number in range(1, 31)]


def test_the_database_itself_refuses_two_posts_on_one_invoice(bench):
    """Even a worker that never asked cannot put a second one on its way."""
    bench.accept(1)
    second = bench.accept(2)
    bench.send()
    store = Store(bench.url)
    with pytest.raises(ConcurrentWriteError), store.writing() as connection:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id == second.id)
            .values(state=DeliveryState.SENDING)
        )
    store.close()


def test_a_lost_race_for_the_invoice_is_looked_at_again(bench, later):
    """What the database refused a moment ago is held back at the next look, and claimed later."""
    bench.accept(1)
    bench.accept(2)
    first = bench.claim()
    step = Step(to_state=DeliveryState.DEAD, cause=Cause.NOT_SENT, detail="refused")
    assert bench.claim() is None
    bench.ledger.claims.record(first, step, now=later(1))
    assert bench.claim(at=later(1)).payment.key == bench.payment(2).key
