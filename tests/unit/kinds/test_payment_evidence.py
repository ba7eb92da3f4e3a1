"""Evidence: what a look at the feed or at the balance makes of a doubt."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.invoice import ExtractedReceipt, ReceiptSearch
from adapter.domain.payment import ReceiptPending
from adapter.domain.retry import RetryPolicy
from adapter.domain.work_item import Evidence, State
from adapter.errors import OutcomeUnknownError, RejectedError, RetryableError
from adapter.kinds import PAYMENTS
from adapter.kinds.base import PutOff
from adapter.kinds.payment_evidence import look_for_receipt
from tests.unit.jobs.conftest import NOW

WHERE = {"partner": "spectrum", "operation": "OnlineReceipt"}
DOUBT = OutcomeUnknownError("connection lost", **WHERE)
OKAY = ReceiptPending(message="by Scheduled Service")
GONE = RejectedError("404", **WHERE)
BEFORE = Decimal("731.37")
MOVED = Decimal("700.00")


@pytest.fixture
def look(bench):
    """Bring a payment into doubt, or make it pending, and look at it after the settle time."""

    def look(answer=DOUBT, *, balance=BEFORE, searches=None, attempts_max=12):
        payment = bench.accept()
        bench.partners.receipt_answers = [answer]
        bench.run(PAYMENTS)
        bench.pass_time(120)
        bench.partners.balance, bench.partners.searches = balance, searches
        rules = replace(bench.work.rules, retry=RetryPolicy(attempts_max=attempts_max))
        work = replace(bench.work, rules=rules)
        found = look_for_receipt(bench.item(payment), bench.partners, work)
        if searches is None and balance is not GONE:
            assert (found.reading.balance, found.reading.asked_at) == (balance, work.clock.now())
        return found if isinstance(found, PutOff) else found.step

    return look


def found_in_feed(amount="31.37"):
    receipt = ExtractedReceipt(
        receipt_id="R-77",
        invoice_number="30254",
        reference_number=str(UUID(int=1)),
        amount=Decimal(amount),
        applied_at=NOW,
    )
    return ReceiptSearch(receipt=receipt, as_of=NOW)


EITHER = pytest.mark.parametrize(
    ("answer", "opening"),
    [(DOUBT, "answer lost after sending"), (OKAY, "okay without a receipt")],
    ids=["in doubt", "pending"],
)


@EITHER
def test_moved_by_the_amount_is_applied_and_inferred_for_ever(look, answer, opening):
    step = look(answer, balance=MOVED)
    assert (step.to_state, step.evidence) == (State.DONE, Evidence.BALANCE)
    assert step.receipt_id is None
    assert step.detail == (
        f"{opening}; balance moved 731.37 -> 700.00 by exactly the amount: applied (inferred)"
    )


@EITHER
def test_a_receipt_in_the_feed_is_applied_with_its_number(look, answer, opening):
    unasked = RetryableError("never asked", **WHERE)
    step = look(answer, searches=[found_in_feed()], balance=unasked)
    assert (step.to_state, step.evidence) == (State.DONE, Evidence.RECEIPTS_FEED)
    assert step.receipt_id == "R-77"
    assert step.detail == f"{opening}; found in the receipts feed as receipt R-77: applied"


def test_the_feed_is_asked_from_before_the_payment(bench, look):
    """The receipt may be older than our last try, and two clocks may differ."""
    look(searches=[])
    assert bench.partners.searched_since == [bench.payment().paid_at - timedelta(hours=1)]


@pytest.mark.parametrize(
    ("searches", "words"),
    [
        (None, "answer lost after sending; balance is still 731.37: not applied, to be posted"),
        ([], "not in the receipts feed, as of 2026-01-05T08:02:00Z: not applied"),
    ],
    ids=["balance", "feed"],
)
def test_what_did_not_arrive_is_posted_again_at_once_while_tries_are_left(
    bench, look, searches, words
):
    step = look(searches=searches)
    assert (step.to_state, step.may_have_left) == (State.RETRYING, False)
    assert step.next_at == bench.clock.now()
    assert words in step.detail


UNCLEAR = ExceptionKind.EVIDENCE_UNCLEAR
MOVEMENTS = ("700.01", "731.38", "0.00", "-31.37")


@pytest.mark.parametrize(
    ("how", "review", "words"),
    [
        *(({"balance": Decimal(b)}, UNCLEAR, f"31.37 -> {b}, and the amount") for b in MOVEMENTS),
        ({"balance": GONE}, UNCLEAR, "404"),
        ({"searches": [found_in_feed("31.00")]}, UNCLEAR, "receipt R-77 of 31.00, not of 31.37"),
        ({"attempts_max": 1}, ExceptionKind.DEAD, "balance is still 731.37"),  # did not arrive
    ],
    ids=str,
)
def test_what_proves_nothing_or_comes_after_the_last_try_needs_a_person(look, how, review, words):
    step = look(**how)
    assert (step.to_state, step.review) == (State.NEEDS_PERSON, review)
    assert (step.next_at, step.may_have_left) == (None, review is UNCLEAR)
    assert words in step.detail


@pytest.mark.parametrize(
    ("as_of", "words"),
    [(timedelta(seconds=119), "not yet in the receipts feed"), (None, "no moment yet")],
    ids=["too early", "no moment"],
)
def test_absence_in_a_feed_that_does_not_reach_so_far_says_nothing(bench, look, as_of, words):
    moment = None if as_of is None else bench.clock.now() + as_of
    found = look(searches=[ReceiptSearch(receipt=None, as_of=moment)])
    assert isinstance(found, PutOff)
    assert words in found.reason


@pytest.mark.parametrize(
    "how",
    [{"balance": Decimal(balance)} for balance in ("731.37", "0.00", "800.00")]
    + [{"searches": []}, {"balance": GONE}],
    ids=str,
)
def test_what_spectrum_said_okay_to_is_never_posted_again(look, how):
    assert isinstance(look(OKAY, **how), PutOff)
