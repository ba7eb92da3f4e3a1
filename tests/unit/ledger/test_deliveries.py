"""Taking payments over, and looking at them."""

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapter.domain.delivery import Cause, DeliveryState, Source
from adapter.errors import BadInputError, ContentConflictError
from adapter.ledger import open_ledger
from adapter.ledger.deliveries import NAMES_PER_STATEMENT


def test_an_accepted_payment_is_kept_whole(bench, now):
    payment = bench.payment()
    accepted = bench.ledger.accept(payment, source=Source.DATA_PUMP, now=now)
    assert not accepted.repeated
    other = open_ledger(bench.url)  # as another process would see it
    found = other.deliveries.find(payment.key)
    other.close()
    assert found == accepted.delivery
    assert found.payment == payment
    assert (found.state, found.attempts, found.fence) == (DeliveryState.ACCEPTED, 0, 0)
    assert (found.accepted_at, found.next_at) == (now, now)
    assert found.confirmed_at is None


def test_accepting_is_the_first_event(bench, now):
    delivery = bench.accept()
    (event,) = bench.events(delivery)
    assert (event.at, event.from_state, event.to_state) == (now, None, DeliveryState.ACCEPTED)
    assert event.cause is Cause.TAKEN_OVER
    assert event.detail == "taken over from the data pump"


def test_what_the_report_told_is_confirmed_by_it(bench, now):
    delivery = bench.accept(source=Source.PAYMENT_REPORT)
    assert delivery.confirmed_at == now
    assert "payment report" in bench.events(delivery)[0].detail


def test_the_same_payment_again_answers_the_same(bench, later):
    first = bench.accept()
    again = bench.ledger.accept(
        replace(bench.payment(), customer_name="told otherwise"),
        source=Source.PAYMENT_REPORT,
        now=later(60),
    )
    assert again.repeated
    assert again.delivery == first
    assert len(bench.events(first)) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": Decimal("731.38")}, "amount: reported 731.38, posted 731.37"),
        ({"account_number": "7"}, "account_number: reported 7, posted 1204117"),
    ],
)
def test_other_content_under_the_same_key_is_a_conflict(bench, now, change, words):
    first = bench.accept()
    other = replace(bench.payment(), **change)
    with pytest.raises(ContentConflictError) as conflict:
        bench.ledger.accept(other, source=Source.DATA_PUMP, now=now)
    assert words in conflict.value.rule
    assert bench.ledger.deliveries.find(first.payment.key) == first


def test_one_payment_may_pay_several_invoices_and_billers_are_apart(bench):
    one = bench.accept(invoice="30254")
    two = bench.accept(invoice="30255", amount="1.00")
    three = bench.accept(biller="another-carrier", amount="2.00")
    assert len({one.id, two.id, three.id}) == 3


def test_a_declined_payment_is_not_taken_over(bench, now):
    declined = replace(bench.payment(), approved=False)
    with pytest.raises(BadInputError, match="Approved"):
        bench.ledger.accept(declined, source=Source.DATA_PUMP, now=now)
    assert bench.ledger.deliveries.page(limit=1) == ()


def test_many_tellers_at_once_make_one_delivery(bench):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(bench.accept(number=5))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({delivery.id for delivery in answers}) == 1
    assert len(answers) == 8
    assert len(bench.events(answers[0])) == 1


def test_confirming_happens_once(bench, now, later):
    ids = [bench.accept(number).id for number in (1, 2)]
    assert bench.ledger.deliveries.confirm(ids, now=now) == 2
    assert bench.ledger.deliveries.confirm(ids, now=later(60)) == 0
    found = bench.ledger.deliveries.find(bench.payment(1).key)
    assert found.confirmed_at == now
    assert bench.ledger.deliveries.confirm([], now=now) == 0


def test_payments_are_found_by_guid_on_whatever_invoice(bench):
    bench.accept(1, invoice="1")
    bench.accept(1, invoice="2")
    bench.accept(2, invoice="3")
    guids = [bench.payment(1).payment_guid, *(["x"] * NAMES_PER_STATEMENT), "y"]
    found = bench.ledger.deliveries.of_payments(bench.biller, guids)
    assert [delivery.payment.invoice_number for delivery in found] == ["1", "2"]
    assert bench.ledger.deliveries.of_payments("another-carrier", guids) == ()
    assert bench.ledger.deliveries.of_payments(bench.biller, []) == ()


def test_more_names_than_one_statement_takes_are_asked_for_in_parts(bench):
    payments = [bench.payment(number) for number in range(1, 2 * NAMES_PER_STATEMENT + 2)]
    for number in (1, NAMES_PER_STATEMENT + 1, 2 * NAMES_PER_STATEMENT + 1):
        bench.accept(number)
    guids = [payment.payment_guid for payment in payments]
    assert len(bench.ledger.deliveries.of_payments(bench.biller, guids)) == 3


def test_unconfirmed_ones_are_found_by_payment_time_half_open(bench, now):
    first, second, third = (bench.accept(number) for number in (3, 2, 1))  # paid in this order
    bench.ledger.deliveries.confirm([second.id], now=now)
    window = {"paid_from": first.payment.paid_at, "paid_until": third.payment.paid_at}
    found = bench.ledger.deliveries.unconfirmed(bench.biller, **window)
    assert found == (first,)
    window["paid_until"] += timedelta(microseconds=1)
    assert bench.ledger.deliveries.unconfirmed(bench.biller, **window) == (first, third)


def test_pages_follow_each_other(bench):
    made = [bench.accept(number) for number in range(1, 6)]
    bench.accept(6, biller="another-carrier")
    bench.record(bench.send(), DeliveryState.APPLIED)
    page = bench.ledger.deliveries.page(limit=2, biller=bench.biller)
    assert [row.id for row in page] == [made[0].id, made[1].id]
    page = bench.ledger.deliveries.page(limit=9, after=page[-1].id, biller=bench.biller)
    assert [row.id for row in page] == [row.id for row in made[2:]]
    applied = bench.ledger.deliveries.page(limit=9, state=DeliveryState.APPLIED)
    assert [row.id for row in applied] == [made[0].id]
