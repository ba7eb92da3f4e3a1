"""What is forgotten of a finished payment, and what of no other."""

import itertools
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import Source, State
from adapter.errors import ContentConflictError

LATER = timedelta(days=40)
REACHABLE = [state for state in State if state is not State.GIVEN_BACK]


@pytest.fixture
def forget(bench, now):
    """Forget the payments that were finished within the last minutes of the bench's time."""
    return lambda: bench.ledger.forgetting.payments(bench.biller, before=now + LATER)


def confirmed(bench, number, now):
    bench.payments.accept(number, lane=str(number))
    item = bench.payments.done()
    bench.payments.outbox.confirm([item.id], now=now)
    return bench.payments.find(item)


def brought_to(bench, state, number=1, *, biller=None, at=None):
    """Bring a payment into a state, without a word of Invoice Cloud's report."""
    desk, at = bench.payments, at or bench.now
    accepted = desk.accept(number, lane=str(number), biller=biller)
    if state is State.WAITING:
        return accepted
    sending = desk.send(at=at, biller=biller)
    if state is not State.SENDING:
        desk.record(sending, state, at=at)
    return desk.find(sending)


def test_a_finished_payment_keeps_what_it_is_known_and_counted_by(bench, now, forget):
    before = confirmed(bench, 1, now)
    assert forget() == 1
    after = bench.payments.find(before)
    texts = {"customer_name": "", "payment_reference": "", "payment_message": ""}
    assert after.payload == replace(before.payload, **texts)
    assert after.payload.fingerprint() == before.payload.fingerprint()
    assert (after.state, after.receipt_id, after.evidence) == (
        State.DONE,
        before.receipt_id,
        before.evidence,
    )
    assert bench.payments.events(after) == ()


def test_a_repeat_is_known_years_later(bench, now, forget):
    """Neither the pump nor the report can have it applied a second time."""
    payment = confirmed(bench, 1, now).payload
    forget()
    accept = bench.payments.outbox.accept
    for source in Source:
        assert accept(payment, source=source, now=now + 50 * LATER).repeated
    other = replace(payment, amount=payment.amount + Decimal("0.01"))
    with pytest.raises(ContentConflictError):
        accept(other, source=Source.DATA_PUMP, now=now)


def test_more_than_one_transaction_takes_is_forgotten_too(bench, now, forget, monkeypatch):
    monkeypatch.setattr("adapter.ledger.forgetting.ROWS_AT_ONCE", 2)
    for number in range(1, 6):
        confirmed(bench, number, now)
    assert forget() == 5
    assert forget() == 0


def test_only_resolved_exceptions_are_forgotten(bench, now):
    book = bench.ledger.exceptions
    book.open(bench.biller, ExceptionKind.MISMATCH, "open", now=now)
    settled = book.open(bench.biller, ExceptionKind.NOT_REPORTED, "settled", now=now)
    book.resolve(settled.id, now=now, resolution="seen")
    assert bench.ledger.forgetting.exceptions(bench.biller, before=now) == 0
    assert bench.ledger.forgetting.exceptions(bench.biller, before=now + LATER) == 1
    assert [item.detail for item in book.page(limit=9)] == ["open"]


def test_a_change_that_was_pushed_lately_keeps_its_story(bench, now):
    bench.enrollments.accept()
    bench.enrollments.done(at=now + LATER)
    forgetting = bench.ledger.forgetting
    assert forgetting.enrollments(bench.biller, before=now + LATER) == 0
    assert forgetting.enrollments(bench.biller, before=now + 2 * LATER) > 0


@pytest.mark.parametrize("state", REACHABLE)
@pytest.mark.parametrize("agreed", [False, True])
def test_only_what_is_long_finished_goes(bench, now, state, agreed):
    """Whatever state was reached, on whatever day, and whether the report agreed."""
    desk = bench.payments
    for count, (day, limit) in enumerate(itertools.product(range(3), repeat=2)):
        biller = f"carrier-{count}"
        brought = brought_to(bench, state, count, biller=biller, at=now + timedelta(days=day))
        if agreed:
            desk.outbox.confirm([brought.id], now=now)
        before = desk.find(brought), desk.events(brought)
        goes = state is State.DONE and agreed and day < limit
        forgotten = bench.ledger.forgetting.payments(biller, before=now + timedelta(days=limit))
        assert forgotten == int(goes)
        assert ((desk.find(brought), desk.events(brought)) == before) is not goes


def asked_about(bench, payment, kind):
    about = {"payment_guid": payment.payment_guid, "invoice_number": payment.invoice_number}
    return bench.ask(kind, **about)


def test_a_payment_that_a_person_is_asked_about_keeps_everything(bench, now, forget):
    item = asked_about(bench, confirmed(bench, 1, now).payload, ExceptionKind.MISMATCH)
    assert forget() == 0
    bench.answer(item)
    assert forget() == 1


def test_a_payment_that_is_being_reversed_keeps_everything(bench, now, forget):
    payment = confirmed(bench, 1, now).payload
    bench.reversals.accept(1, lane=payment.invoice_number)
    assert forget() == 0
    bench.reversals.done()
    assert forget() == 1


def test_what_was_asked_about_an_unfinished_payment_is_not_asked_again(bench, now):
    payment = bench.payments.accept(1).payload
    bench.answer(asked_about(bench, payment, ExceptionKind.EVIDENCE_OVERDUE))
    assert bench.ledger.forgetting.exceptions(bench.biller, before=now + LATER) == 0
