"""Evidence: what a look at the feed or at the balance makes of a doubt."""

from datetime import timedelta
from decimal import Decimal

import pytest

from adapter.domain.delivery import DeliveryState, Evidence
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.invoice import ExtractedReceipt, ReceiptSearch
from adapter.domain.payment import ReceiptPending
from adapter.domain.retry import RetryPolicy
from adapter.errors import (
    BadInputError,
    ConfigurationError,
    LedgerError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.jobs import evidence, post_payments
from adapter.context import Rules, JobContext

WHERE = {"partner": "spectrum", "operation": "OnlineReceipt"}
DOUBT = OutcomeUnknownError("connection lost", **WHERE)
OKAY = ReceiptPending(message="by Scheduled Service")
BEFORE = Decimal("731.37")


@pytest.fixture
def look(bench):
    """Bring a payment into doubt, or make it pending, and look at it after the settle time."""

    def prepare(answer=DOUBT, *, balance=BEFORE, searches=None, attempts_max=12):
        payment = bench.accept()
        bench.partners.receipt_answers = [answer]
        post_payments.run_once(bench.biller, bench.work)
        bench.pass_time(120)
        bench.partners.balance = balance
        bench.partners.searches = searches
        claimed = bench.ledger.claims.claim_due(
            bench.biller, now=bench.clock.now(), lease_seconds=90
        )
        assert claimed.payment == payment
        work = JobContext(
            ledger=bench.ledger,
            billers=bench,
            clock=bench.clock,
            rules=Rules(retry=RetryPolicy(attempts_max=attempts_max)),
        )
        return evidence.look_for_evidence(claimed, bench.partners, work)

    return prepare


def found(bench, amount="31.37"):
    payment = bench.payment()
    receipt = ExtractedReceipt(
        receipt_id="R-77",
        invoice_number=payment.invoice_number,
        reference_number=payment.payment_guid,
        amount=Decimal(amount),
        applied_at=bench.clock.now(),
    )
    return ReceiptSearch(receipt=receipt, as_of=bench.clock.now())


def last_words(bench):
    return bench.events(bench.payment())[-1].detail


def test_moved_by_the_amount_is_applied_and_inferred_for_ever(bench, look):
    done = look(balance=Decimal("700.00"))
    assert (done.state, done.evidence) == (DeliveryState.APPLIED, Evidence.BALANCE)
    assert done.receipt_id is None
    assert last_words(bench) == (
        "answer lost after sending; balance moved 731.37 -> 700.00 by exactly the amount: "
        "applied (inferred)"
    )


def test_unmoved_is_posted_again_at_once(bench, look):
    done = look()
    assert (done.state, done.attempts) == (DeliveryState.FAILED, 1)
    assert done.next_at == bench.clock.now()
    assert last_words(bench) == (
        "answer lost after sending; balance is still 731.37: not applied, to be posted again"
    )


def test_unmoved_with_every_try_used_is_a_dead_letter(bench, look):
    assert look(attempts_max=1).state is DeliveryState.DEAD
    assert bench.exceptions()[0].kind is ExceptionKind.DEAD


@pytest.mark.parametrize("balance", ["700.01", "731.38", "0.00", "-31.37"])
def test_any_other_movement_needs_a_person(bench, look, balance):
    done = look(balance=Decimal(balance))
    assert (done.state, done.next_at) == (DeliveryState.DEAD, None)
    (item,) = bench.exceptions()
    assert item.kind is ExceptionKind.EVIDENCE_UNCLEAR
    assert f"balance moved 731.37 -> {balance}, and the amount is 31.37" in item.detail


def test_an_invoice_that_vanished_needs_a_person(bench, look):
    assert look(balance=RejectedError("404", **WHERE)).state is DeliveryState.DEAD
    assert bench.exceptions()[0].kind is ExceptionKind.EVIDENCE_UNCLEAR


def test_a_receipt_in_the_feed_is_applied_with_its_number(bench, look):
    done = look(searches=[found(bench)], balance=RetryableError("never asked", **WHERE))
    assert (done.state, done.evidence) == (DeliveryState.APPLIED, Evidence.RECEIPTS_FEED)
    assert done.receipt_id == "R-77"
    assert last_words(bench) == (
        "answer lost after sending; found in the receipts feed as receipt R-77: applied"
    )


def test_the_feed_is_asked_from_before_the_payment(bench, look):
    """The receipt may be older than our last try, and two clocks may differ."""
    look(searches=[])
    assert bench.partners.searched_since == [bench.payment().paid_at - timedelta(hours=1)]


def test_absence_beyond_the_settle_time_is_posted_again(bench, look):
    assert look(searches=[]).state is DeliveryState.FAILED
    assert "not in the receipts feed, told up to 2026-01-05T08:02:00Z" in last_words(bench)


def test_absence_in_a_feed_that_is_not_told_so_far_says_nothing(bench, look):
    as_of = bench.clock.now() + timedelta(seconds=119)
    done = look(searches=[ReceiptSearch(receipt=None, as_of=as_of)])
    assert done.state is DeliveryState.IN_DOUBT
    assert done.next_at == bench.clock.now() + timedelta(seconds=120)
    assert "not yet in the receipts feed" in done.last_error
    assert len(bench.events(bench.payment())) == 3


def test_a_feed_without_any_moment_says_nothing(look):
    done = look(searches=[ReceiptSearch(receipt=None, as_of=None)])
    assert done.state is DeliveryState.IN_DOUBT
    assert "no moment yet" in done.last_error


def test_a_receipt_of_another_amount_needs_a_person(bench, look):
    assert look(searches=[found(bench, "31.00")]).state is DeliveryState.DEAD
    assert "receipt R-77 of 31.00, not of 31.37" in bench.exceptions()[0].detail


@pytest.mark.parametrize(
    "error",
    [
        RetryableError("503", **WHERE),
        BadInputError(field="row 3", value="", rule="broken", remedy="mend it"),
        KeyError("odd"),
    ],
)
@pytest.mark.parametrize("with_feed", [True, False])
def test_who_cannot_look_looks_again_later(bench, look, error, with_feed):
    """Never does a failing look lead to a post."""
    done = look(balance=error, searches=[error] if with_feed else None)
    assert done.state is DeliveryState.IN_DOUBT
    assert done.next_at == bench.clock.now() + timedelta(seconds=120)
    assert done.last_error.startswith("could not look: ")
    assert len(bench.partners.posted) == 1


def test_a_wrong_setting_is_told_and_waited_for(bench, look):
    with pytest.raises(ConfigurationError):
        look(searches=[ConfigurationError("the folder is missing")])
    delivery = bench.delivery(bench.payment())
    assert delivery.state is DeliveryState.IN_DOUBT
    assert delivery.next_at == bench.clock.now() + timedelta(seconds=300)
    assert "the folder is missing" in delivery.last_error


def test_a_failing_ledger_is_no_evidence(look):
    with pytest.raises(LedgerError):
        look(balance=LedgerError("disk full"))


@pytest.mark.parametrize("balance", ["731.37", "0.00", "800.00"])
def test_pending_is_never_posted_again_whatever_the_balance(look, balance):
    done = look(OKAY, balance=Decimal(balance))
    assert done.state is DeliveryState.PENDING
    assert done.next_at is not None


def test_pending_is_never_posted_again_whatever_the_feed_lacks(bench, look):
    done = look(OKAY, searches=[])
    assert done.state is DeliveryState.PENDING
    assert len(bench.partners.posted) == 1


def test_pending_is_confirmed_by_the_balance_or_the_feed(bench, look):
    assert look(OKAY, balance=Decimal("700.00")).evidence is Evidence.BALANCE
    assert last_words(bench).startswith("okay without a receipt; balance moved")


def test_pending_is_confirmed_by_the_feed(bench, look):
    done = look(OKAY, searches=[found(bench)])
    assert (done.evidence, done.receipt_id) == (Evidence.RECEIPTS_FEED, "R-77")


def test_a_refused_balance_leaves_pending_as_it_is(look):
    done = look(OKAY, balance=RejectedError("404", **WHERE))
    assert done.state is DeliveryState.PENDING


def test_a_day_without_evidence_is_shown_to_a_person_once(bench, look):
    done = look(OKAY)
    looks = 0
    while bench.clock.now() < done.sent_at + timedelta(hours=30):
        bench.clock.at = done.next_at
        post_payments.run_once(bench.biller, bench.work)
        done = bench.delivery(bench.payment())
        looks += 1
        overdue = bench.clock.now() >= done.sent_at + timedelta(hours=24)
        assert len(bench.exceptions()) == int(overdue)
    assert looks < 25
    assert bench.exceptions()[0].kind is ExceptionKind.EVIDENCE_OVERDUE
    assert done.state is DeliveryState.PENDING
