"""Every way of losing an answer or a process, one by one: applied exactly once, or visible."""

from datetime import timedelta

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.redrive import Finding, ManualResolution
from adapter.domain.work_item import Evidence, State
from adapter.kinds import PAYMENTS

LOST = ("apply_and_lose_the_answer", "apply_late_and_lose_the_answer", "crash_in_our_code")
# Whoever died there has sent nothing, whether he knew it or not.
NOTHING_LEFT = ("die_before_sending", "die_before_post")
DEATHS = (*NOTHING_LEFT, "die_after_post", "die_and_apply_late")


def told(carrier, invoice="1"):
    payment = carrier.pay(invoice)
    carrier.tell(payment)
    return payment


@pytest.fixture
def paid(carrier):
    return told(carrier)


def test_a_quiet_day_needs_one_post(carrier, paid):
    carrier.post()
    item = carrier.item(paid)
    assert (item.state, item.evidence) == (State.DONE, Evidence.ANSWER)
    assert carrier.details(paid)[-1] == "Spectrum answered with receipt R-1001: applied"
    carrier.run_for(hours=4)
    assert len(carrier.spectrum.posts) == 1
    assert carrier.item(paid).confirmed_at is not None


@pytest.mark.parametrize("plan", LOST)
def test_a_lost_answer_is_found_by_evidence_and_never_posted_again(carrier, paid, has_feed, plan):
    carrier.spectrum.plans = [plan]
    carrier.post()
    assert carrier.item(paid).state is State.IN_DOUBT
    assert carrier.details(paid)[-1].startswith("answer lost after sending (")
    carrier.run_for(hours=4)
    item = carrier.item(paid)
    assert item.state is State.DONE
    assert len(carrier.spectrum.posts) == 1
    if has_feed:
        assert (item.evidence, item.receipt_id) == (Evidence.RECEIPTS_FEED, "R-1001")
        words = "shows R-1001 of 10.00 on invoice 1 (guard, row 1): applied"
    else:
        assert (item.evidence, item.receipt_id) == (Evidence.BALANCE, None)
        words = "-> 99990.00 by exactly the amount (guard, row 14): applied (inferred)"
    assert carrier.details(paid)[-1].startswith("answer lost after sending; balance moved ")
    assert carrier.details(paid)[-1].endswith(words)


def test_a_lost_request_is_posted_again(carrier, paid, has_feed):
    carrier.spectrum.plans = ["lose_the_request"]
    carrier.run_for(hours=4)
    item = carrier.item(paid)
    assert (item.state, item.evidence) == (State.DONE, Evidence.ANSWER)
    assert item.attempts == 2
    assert len(carrier.spectrum.posts) == 2
    words = "shows no receipt of it (guard, row 10)" if has_feed else "balance is still 100000.00"
    assert words in carrier.details(paid)[-3]


def test_nothing_is_posted_again_before_the_settle_time(carrier, paid):
    carrier.spectrum.plans = ["lose_the_request"]
    carrier.post()
    carrier.clock.advance(119.999)
    carrier.post()
    assert carrier.item(paid).state is State.IN_DOUBT
    carrier.clock.advance(0.001)
    carrier.post()
    assert carrier.item(paid).state is State.DONE


@pytest.mark.parametrize("plan", DEATHS)
def test_a_process_that_dies_loses_and_doubles_nothing(carrier, paid, plan):
    carrier.spectrum.plans = [plan]
    carrier.post()
    assert carrier.deaths == 1
    carrier.run_for(hours=4)
    assert carrier.item(paid).state is State.DONE
    assert len(carrier.receipts(paid)) == 1
    assert len(carrier.spectrum.posts) == (2 if plan == "die_before_post" else 1)


@pytest.mark.parametrize("plan", DEATHS)
def test_a_process_that_dies_again_and_again(carrier, paid, plan):
    carrier.spectrum.plans = [plan] * 3
    carrier.run_for(hours=4)
    assert carrier.deaths == (3 if plan in NOTHING_LEFT else 1)
    assert carrier.item(paid).state is State.DONE
    assert len(carrier.receipts(paid)) == 1


def test_who_died_while_sending_leaves_a_doubt(carrier, paid):
    carrier.spectrum.plans = ["die_after_post"]
    carrier.post()
    assert carrier.item(paid).state is State.SENDING
    carrier.clock.advance(90)
    carrier.post()
    assert carrier.item(paid).state is State.IN_DOUBT
    assert "the sender recorded nothing within its lease" in carrier.details(paid)[-1]


def test_an_answer_that_comes_after_the_lease_records_nothing(carrier, paid):
    """Another process has put the payment in doubt meanwhile; evidence decides."""
    carrier.spectrum.plans = ["apply_slowly"]
    report = carrier.post()
    assert report.counts["lease_lost"] == 1
    assert carrier.item(paid).state is State.IN_DOUBT
    carrier.run_for(hours=4)
    item = carrier.item(paid)
    assert item.state is State.DONE
    assert item.evidence is not Evidence.ANSWER
    assert len(carrier.spectrum.posts) == 1


@pytest.mark.parametrize("plan", ["okay_and_applied", "okay_and_apply_hours_later"])
def test_okay_without_a_receipt_is_confirmed_and_never_posted_again(carrier, paid, has_feed, plan):
    carrier.spectrum.plans = [plan]
    carrier.post()
    assert carrier.item(paid).state is State.UNCONFIRMED
    carrier.run_for(hours=8)
    item = carrier.item(paid)
    assert item.state is State.DONE
    assert item.evidence is (Evidence.RECEIPTS_FEED if has_feed else Evidence.BALANCE)
    assert carrier.details(paid)[-1].startswith("okay without a receipt; ")
    assert len(carrier.spectrum.posts) == 1


def test_okay_that_never_becomes_a_receipt_is_shown_to_a_person(carrier, paid):
    """Pending it stays, and visible; it is looked at still, and never posted again."""
    carrier.spectrum.plans = ["okay_and_applied"]
    carrier.spectrum._post = lambda *_: None
    carrier.run_for(hours=28, poll_hours=14)
    item = carrier.item(paid)
    assert item.state is State.UNCONFIRMED
    assert item.next_at is not None
    (review,) = carrier.open_exceptions()
    assert (review.kind, review.payment_guid) == (
        ExceptionKind.EVIDENCE_OVERDUE,
        paid.payment_guid,
    )
    assert review.opened_at >= item.sent_at + timedelta(hours=24)
    assert len(carrier.spectrum.posts) == 1


def test_not_applied_goes_to_a_person_and_holds_back_the_next(harsh_carrier):
    carrier, paid = harsh_carrier, told(harsh_carrier)
    carrier.spectrum.plans = ["not_applied"]
    second = told(carrier)
    carrier.run_for(hours=4)
    assert carrier.item(paid).state is State.NEEDS_PERSON
    assert carrier.item(second).state is State.WAITING
    assert len(carrier.spectrum.posts) == 1
    (review,) = carrier.open_exceptions()
    assert review.kind is ExceptionKind.NOT_APPLIED
    found = ManualResolution(by="ada", finding=Finding.GIVEN_BACK, note="refunded")
    carrier.ledger.redrive(PAYMENTS.item, PAYMENTS.redrive_rules).resolve(
        carrier.item(paid), found, now=carrier.clock.now(), settle_seconds=120
    )
    carrier.post()
    assert carrier.item(second).state is State.DONE
    assert not carrier.open_exceptions()


def test_the_same_refusal_again_and_again_is_a_dead_letter(harsh_carrier):
    carrier, paid = harsh_carrier, told(harsh_carrier)
    carrier.spectrum.plans = ["refuse"] * 5
    carrier.run_for(hours=4)
    assert carrier.item(paid).state is State.NEEDS_PERSON
    assert len(carrier.spectrum.posts) == 3
    (review,) = carrier.open_exceptions()
    assert review.kind is ExceptionKind.DEAD


def test_a_wrong_setting_loses_no_try(harsh_carrier):
    carrier, paid = harsh_carrier, told(harsh_carrier)
    carrier.spectrum.plans = ["setting_refused"] * 10
    carrier.run_for(hours=12)
    item = carrier.item(paid)
    assert (item.state, item.attempts) == (State.DONE, 1)
    assert len(carrier.spectrum.posts) == 11


def test_the_data_pump_and_the_report_may_tell_as_often_as_they_like(harsh_carrier):
    carrier, paid = harsh_carrier, told(harsh_carrier)
    for _ in range(3):
        carrier.tell(paid)
        carrier.post()
        carrier.poll()
        carrier.clock.advance(7200)
    assert carrier.tell(paid).repeated
    assert len(carrier.spectrum.posts) == 1


def test_what_the_data_pump_never_told_comes_from_the_report(harsh_carrier):
    payment = harsh_carrier.pay()
    harsh_carrier.clock.advance(3600)
    harsh_carrier.poll()
    harsh_carrier.post()
    item = harsh_carrier.item(payment)
    assert (item.state, item.source.value) == (State.DONE, "payment_report")
    harsh_carrier.run_for(hours=4)
    assert len(harsh_carrier.spectrum.posts) == 1


def test_somebody_elses_receipt_makes_the_balance_unclear(make_carrier):
    """Without a feed the balance is all there is; what it cannot tell, a person has to."""
    carrier = make_carrier(has_feed=False)
    payment = carrier.pay()
    carrier.tell(payment)
    carrier.spectrum.plans = ["apply_and_lose_the_answer"]
    carrier.post()
    carrier.spectrum.apply("counter", "1", payment.amount * 3)
    carrier.run_for(hours=4)
    item = carrier.item(payment)
    assert item.state is State.NEEDS_PERSON
    assert item.last_error.endswith(
        "balance moved 100000.00 -> 99960.00, and the amount is 10.00 (guard, row 15): "
        "a person has to look"
    )
    (review,) = carrier.open_exceptions()
    assert review.kind is ExceptionKind.EVIDENCE_UNCLEAR
    assert len(carrier.spectrum.posts) == 1
    carrier.close()


@pytest.mark.parametrize("lag", [60, 900, 7200])
def test_a_feed_that_lags_is_waited_for(make_carrier, lag):
    """Absence counts only once the feed is told beyond the settle time."""
    carrier = make_carrier(has_feed=True, deduplicates=False, feed_lag_seconds=lag)
    payments = [carrier.pay(invoice) for invoice in ("1", "2")]
    for payment in payments:
        carrier.tell(payment)
    carrier.spectrum.plans = ["apply_and_lose_the_answer", "lose_the_request"]
    carrier.run_for(hours=8)
    assert [len(carrier.receipts(payment)) for payment in payments] == [1, 1]
    assert len(carrier.spectrum.posts) == 3
    carrier.check()
    carrier.close()


def test_a_feed_that_stands_still_is_shown_to_a_person(make_carrier):
    carrier = make_carrier(has_feed=True, feed_lag_seconds=10 * 86_400)
    payment = carrier.pay()
    carrier.tell(payment)
    carrier.spectrum.plans = ["apply_and_lose_the_answer"]
    carrier.run_for(hours=11, poll_hours=14)
    assert carrier.item(payment).state is State.IN_DOUBT
    carrier.run_for(hours=2, poll_hours=14)
    assert carrier.item(payment).state is State.NEEDS_PERSON
    (review,) = carrier.open_exceptions()
    assert review.kind is ExceptionKind.EVIDENCE_UNCLEAR
    carrier.spectrum.feed_lag_seconds = 0
    carrier.ledger.redrive(PAYMENTS.item, PAYMENTS.redrive_rules).retry(
        carrier.item(payment), by="ada", now=carrier.clock.now()
    )
    carrier.run_for(hours=4)
    assert carrier.item(payment).state is State.DONE
    assert carrier.open_exceptions() == ()
    carrier.close()


def test_an_outage_of_hours_is_outlasted(harsh_carrier):
    payments = [harsh_carrier.pay(invoice) for invoice in ("1", "1", "2")]
    for payment in payments:
        harsh_carrier.tell(payment)
    harsh_carrier.spectrum.is_silent = True
    for _ in range(12):
        harsh_carrier.post()
        harsh_carrier.clock.advance(600)
    assert harsh_carrier.spectrum.posts == []
    harsh_carrier.spectrum.is_silent = False
    harsh_carrier.run_for(hours=4)
    assert [len(harsh_carrier.receipts(payment)) for payment in payments] == [1, 1, 1]
    assert len(harsh_carrier.spectrum.posts) == 3


def test_a_poll_that_dies_half_way_loses_and_doubles_nothing(harsh_carrier):
    payments = [harsh_carrier.pay(invoice) for invoice in ("1", "2", "3")]
    harsh_carrier.clock.advance(60)
    harsh_carrier.cloud.dies_after = 2
    harsh_carrier.poll()
    assert harsh_carrier.deaths == 1
    harsh_carrier.run_for(hours=4)
    assert [len(harsh_carrier.receipts(payment)) for payment in payments] == [1, 1, 1]
