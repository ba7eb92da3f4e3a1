"""Schedules of events that once applied a payment twice, lost one, or stopped a carrier."""

import pytest

from adapter.domain.delivery import DeliveryState
from adapter.domain.invoice import ReceiptSearch
from adapter.domain.payment import ReceiptApplied
from adapter.errors import ConfigurationError, OutcomeUnknownError
from adapter.jobs import post_payments

LOST = OutcomeUnknownError("silence", partner="spectrum", operation="OnlineReceipt")


@pytest.fixture
def post(bench):
    def run():
        return post_payments.run_once(bench.biller, bench.work)

    return run


def test_a_slow_post_settles_from_its_end(bench, post):
    """A renewed token may delay the post itself: settling begins when the answer is lost."""
    payment = bench.accept()
    bench.partners.receipt_answers = [LOST]
    posted = bench.partners.post_receipt

    def slowly(told):
        bench.pass_time(85)
        return posted(told)

    bench.partners.post_receipt = slowly
    post()
    bench.pass_time(40)
    post()
    assert bench.delivery(payment).state is DeliveryState.IN_DOUBT
    assert len(bench.partners.posted) == 1


def test_a_balance_older_than_the_claim_is_no_evidence(bench, post):
    """The machine slept after the balance was read: nothing is posted on what may be stale."""
    payment = bench.accept()
    read = bench.partners.balance_due

    def asleep(number):
        told = read(number)
        bench.pass_time(3600)
        bench.partners.balance_due = read
        return told

    bench.partners.balance_due = asleep
    bench.partners.receipt_answers = [ReceiptApplied(receipt_id="1")]
    post()
    delivery = bench.delivery(payment)
    assert delivery.state is DeliveryState.APPLIED
    assert delivery.sent_at == bench.clock.now()
    assert len(bench.partners.posted) == 1


def test_a_feed_that_runs_ahead_is_contradicted_by_the_balance(bench, post):
    """Absent in a feed whose clock is ahead of ours, and the balance moved: not posted again."""
    payment = bench.accept()
    bench.partners.receipt_answers = [LOST]
    post()
    bench.partners.balance -= payment.amount
    bench.pass_time(121)
    ahead = ReceiptSearch(receipt=None, as_of=bench.clock.now())
    bench.partners.searches = [ahead] * 9
    post()
    assert bench.delivery(payment).state is DeliveryState.IN_DOUBT
    assert len(bench.partners.posted) == 1


def test_a_payment_that_a_setting_stops_lets_the_others_by(bench, post):
    """One invoice is answered with 403 for ever; the others' payments go through all the same."""
    stopped = bench.accept(1, invoice_number="1")
    others = [bench.accept(number, invoice_number=str(number)) for number in (2, 3)]
    bench.partners.receipt_answers = [ReceiptApplied(receipt_id=str(n)) for n in (2, 3)]
    read = bench.partners.balance_due

    def refusing(number):
        if number == "1":
            raise ConfigurationError("refused with 403")
        return read(number)

    bench.partners.balance_due = refusing
    for _ in range(100):
        post()
        bench.pass_time(60)
    assert {bench.delivery(other).state for other in others} == {DeliveryState.APPLIED}
    assert bench.delivery(stopped).state is DeliveryState.ACCEPTED
