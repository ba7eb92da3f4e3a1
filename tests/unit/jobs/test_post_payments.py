"""Posting: what every answer of Spectrum becomes."""

from datetime import timedelta

import pytest

from adapter.domain.delivery import Cause, DeliveryState, Evidence
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.payment import ReceiptNotApplied, ReceiptPending
from adapter.errors import (
    ConfigurationError,
    LedgerError,
    NotFoundError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.jobs import post_payments

WHERE = {"partner": "spectrum", "operation": "OnlineReceipt"}


@pytest.fixture
def run(bench):
    return lambda: post_payments.run_once(bench.biller, bench.work)


def test_nothing_due_is_nothing_done(run):
    report = run()
    assert (report.job, report.biller, report.counts) == ("post_payments", "camp-point", {})
    assert report.failure is None


def test_a_payment_is_posted_whole_and_once(bench, run):
    payment = bench.accept()
    assert run().counts == {"applied": 1}
    assert run().counts == {}
    assert bench.partners.posted == [payment]
    delivery = bench.delivery(payment)
    assert (delivery.state, delivery.receipt_id) == (DeliveryState.APPLIED, "R-1")
    assert (delivery.evidence, delivery.attempts) == (Evidence.ANSWER, 1)
    told = [(event.to_state.value, event.cause.value) for event in bench.events(payment)]
    assert told == [("accepted", "taken_over"), ("sending", "sent"), ("applied", "answered")]


def test_everything_due_is_posted_in_one_run(bench, run):
    for number in range(1, 6):
        bench.accept(number, invoice_number=str(number % 2))
    assert run().counts == {"applied": 5}


def test_sending_is_on_disk_before_the_request_leaves(bench, run):
    """The balance read before is kept with it; no transaction is open meanwhile."""
    payment = bench.accept()
    seen = []

    def post_receipt(posted):
        seen.append(bench.delivery(posted))
        bench.ledger.check_writable()
        return ReceiptPending(message="")

    bench.partners.post_receipt = post_receipt
    run()
    assert seen[0].state is DeliveryState.SENDING
    assert seen[0].balance_before == bench.partners.balance
    assert seen[0].sent_at == bench.clock.now()
    assert bench.delivery(payment).state is DeliveryState.PENDING


def test_okay_without_a_receipt_is_pending(bench, run):
    payment = bench.accept()
    bench.partners.receipt_answers = [ReceiptPending(message="maybe already was")]
    assert run().counts == {"pending": 1}
    delivery = bench.delivery(payment)
    assert delivery.next_at == bench.clock.now() + timedelta(seconds=120)
    assert "maybe already was" in bench.events(payment)[-1].detail
    assert bench.exceptions() == ()


def test_success_without_data_needs_a_person(bench, run):
    payment = bench.accept()
    bench.partners.receipt_answers = [ReceiptNotApplied()]
    assert run().counts == {"not_applied": 1}
    assert bench.delivery(payment).next_at is None
    (item,) = bench.exceptions()
    assert item.kind is ExceptionKind.NOT_APPLIED
    assert "policy 1204117" in item.detail


def test_what_surely_failed_is_tried_again_later(bench, run):
    payment = bench.accept()
    error = RetryableError("429", retry_after_seconds=50.0, **WHERE)
    bench.partners.receipt_answers = [error]
    assert run().counts == {"failed": 1}
    delivery = bench.delivery(payment)
    assert (delivery.state, delivery.attempts) == (DeliveryState.FAILED, 1)
    assert delivery.next_at >= bench.clock.now() + timedelta(seconds=50)
    assert "surely not applied: spectrum OnlineReceipt: 429" in delivery.last_error
    bench.clock.at = delivery.next_at
    assert run().counts == {"applied": 1}
    assert bench.delivery(payment).attempts == 2


def test_tries_come_to_an_end_at_a_person(bench, run):
    payment = bench.accept()
    bench.partners.receipt_answers = [RetryableError("429", **WHERE)] * 99
    while bench.delivery(payment).next_at is not None:
        bench.clock.at = bench.delivery(payment).next_at
        run()
    delivery = bench.delivery(payment)
    assert (delivery.state, delivery.attempts) == (DeliveryState.DEAD, 60)
    assert len(bench.partners.posted) == 60
    (item,) = bench.exceptions()
    assert item.kind is ExceptionKind.DEAD
    assert "429" in item.detail
    assert "60 used" in item.detail


def test_a_refusal_is_never_repeated(bench, run):
    bench.accept()
    bench.partners.receipt_answers = [RejectedError("422", **WHERE)]
    assert run().counts == {"dead": 1}
    assert bench.exceptions()[0].kind is ExceptionKind.DEAD


@pytest.mark.parametrize(
    "error",
    [OutcomeUnknownError("connection lost", **WHERE), KeyError("receiptID"), OSError("odd")],
)
def test_any_other_error_after_sending_leaves_a_doubt(bench, run, error):
    """An error that nobody foresaw says nothing of what Spectrum did."""
    payment = bench.accept()
    bench.partners.receipt_answers = [error]
    assert run().counts == {"in_doubt": 1}
    delivery = bench.delivery(payment)
    assert delivery.next_at == bench.clock.now() + timedelta(seconds=120)
    event = bench.events(payment)[-1]
    assert event.cause is Cause.ANSWER_LOST
    assert event.detail.endswith("evidence is looked for at 2026-01-05T08:02:00Z")
    assert run().counts == {}


def test_what_nobody_foresaw_is_told_in_the_log_only(bench, run):
    """Its text may hold anything, a secret too."""
    payment = bench.accept()
    bench.partners.receipt_answers = [KeyError("hunter2")]
    run()
    assert "hunter2" not in bench.delivery(payment).last_error
    assert "unforeseen KeyError" in bench.delivery(payment).last_error
    assert bench.logs[0]["payment_guid"] == payment.payment_guid


@pytest.mark.parametrize(
    "error", [RetryableError("503", **WHERE), OutcomeUnknownError("silence", **WHERE), OSError()]
)
def test_without_a_balance_nothing_is_posted(bench, run, error):
    payment = bench.accept()
    bench.partners.balance = error
    assert run().counts == {"failed": 1}
    assert bench.partners.posted == []
    delivery = bench.delivery(payment)
    assert (delivery.attempts, delivery.sent_at) == (1, None)
    assert delivery.last_error.startswith("not sent, the balance could not be read")
    assert bench.events(payment)[-1].cause is Cause.NOT_SENT


def test_an_invoice_that_spectrum_does_not_know_needs_a_person(bench, run):
    bench.accept()
    bench.partners.balance = RejectedError("404", **WHERE)
    assert run().counts == {"dead": 1}
    assert bench.partners.posted == []
    assert bench.exceptions()[0].kind is ExceptionKind.DEAD


def test_a_setting_refused_before_sending_leaves_every_row_as_it_was(bench, run):
    payments = [bench.accept(number, invoice_number=str(number)) for number in (1, 2, 3)]
    bench.partners.balance = ConfigurationError("setting 13 is refused")
    report = run()
    assert isinstance(report.failure, ConfigurationError)
    assert report.counts == {"postponed": 2}
    for payment in payments:
        delivery = bench.delivery(payment)
        assert (delivery.state, delivery.attempts) == (DeliveryState.ACCEPTED, 0)
        assert delivery.next_at == bench.clock.now() + timedelta(seconds=300)
        assert "waits for a setting: setting 13 is refused" in delivery.last_error
        assert len(bench.events(payment)) == 1
    bench.partners.balance = payments[0].amount
    bench.pass_time(300)
    assert run().counts == {"applied": 3}


def test_a_setting_refused_at_the_post_uses_up_no_try(bench, run):
    payment = bench.accept()
    bench.partners.receipt_answers = [ConfigurationError("401")]
    assert isinstance(run().failure, ConfigurationError)
    delivery = bench.delivery(payment)
    assert (delivery.state, delivery.attempts) == (DeliveryState.FAILED, 0)
    assert delivery.next_at == bench.clock.now() + timedelta(seconds=300)


@pytest.mark.parametrize("problem", [ConfigurationError("no door_key"), NotFoundError("gone")])
def test_a_biller_with_wrong_settings_waits_visibly(bench, run, problem):
    payment = bench.accept()
    bench.settings_problem = problem
    report = run()
    assert report.failure is problem
    assert report.counts == {"postponed": 1}
    assert str(problem) in bench.delivery(payment).last_error


def test_a_doubt_arises_even_while_the_settings_are_wrong(bench, run):
    payment = bench.accept()
    bench.partners.receipt_answers = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        run()
    bench.settings_problem = ConfigurationError("no door_key")
    bench.pass_time(90)
    assert run().counts == {"lease_expired": 1}
    assert bench.delivery(payment).state is DeliveryState.IN_DOUBT


def test_a_wrong_setting_of_the_feed_does_not_hold_up_the_posts(bench, run):
    doubtful = bench.accept(1)
    bench.partners.receipt_answers = [OutcomeUnknownError("lost", **WHERE)]
    run()
    bench.partners.searches = [ConfigurationError("the feed's folder is missing")]
    bench.pass_time(120)
    other = bench.accept(2, invoice_number="30255")
    report = run()
    assert isinstance(report.failure, ConfigurationError)
    assert bench.delivery(other).state is DeliveryState.APPLIED
    assert bench.delivery(doubtful).state is DeliveryState.IN_DOUBT


def test_a_lease_that_ended_before_the_post_posts_nothing(bench, run):
    """Whoever slept between the commit and the post must not wake up and send."""
    payment = bench.accept()
    begin = bench.ledger.claims.begin_sending

    def begin_and_sleep(*args, **kwargs):
        sending = begin(*args, **kwargs)
        bench.pass_time(90)
        return sending

    bench.ledger.claims.begin_sending = begin_and_sleep
    run()
    assert bench.partners.posted == []
    assert bench.delivery(payment).state is DeliveryState.SENDING


def test_an_answer_after_the_lease_is_told_in_the_log(bench, run):
    payment = bench.accept()

    def post_receipt(_payment):
        bench.pass_time(90)
        run()
        return ReceiptPending(message="")

    bench.partners.post_receipt = post_receipt
    assert run().counts == {"lease_lost": 1}
    assert bench.delivery(payment).state is DeliveryState.IN_DOUBT
    assert bench.logs[-1]["event"] == "a lease was lost"


def test_a_ledger_that_fails_ends_the_run(bench, run):
    bench.accept()

    def fail(*_args, **_kwargs):
        raise LedgerError("disk full")

    bench.ledger.claims.begin_sending = fail
    with pytest.raises(LedgerError):
        run()
    assert bench.partners.posted == []


def test_one_run_is_bounded(bench, run, monkeypatch):
    monkeypatch.setattr(post_payments, "CLAIMS_PER_RUN_MAX", 2)
    for number in (1, 2, 3):
        bench.accept(number, invoice_number=str(number))
    assert run().counts == {"applied": 2}
    assert bench.ledger.next_due_at() <= bench.clock.now()
    assert run().counts == {"applied": 1}


def test_a_setting_that_stops_a_payment_for_a_day_is_an_exception_that_blocks_nothing(bench, run):
    payment = bench.accept()
    bench.partners.receipt_answers = [ConfigurationError("13: refused with 403")] * 3
    run()
    assert not bench.exceptions()
    for seconds in (86_400, 3600):
        bench.pass_time(seconds)
        run()
        [item] = bench.exceptions()
        assert (item.kind, item.payment_guid) == (ExceptionKind.SETTING_OVERDUE, None)
        assert "13: refused with 403" in item.detail
    bench.pass_time(3600)
    run()
    assert bench.delivery(payment).state is DeliveryState.APPLIED
    assert not bench.exceptions()[0].is_open


def test_a_setting_that_stops_even_the_balance_is_one_too(bench, run):
    bench.accept()
    bench.partners.balance = ConfigurationError("11: refused with 403")
    bench.pass_time(86_400)
    run()
    assert [item.kind for item in bench.exceptions()] == [ExceptionKind.SETTING_OVERDUE]
