"""Asking the guard: what a payment's looks, answers and persons make of it, row by row."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.invoice import BalanceAnswer, ExtractedReceipt, ReceiptSearch
from adapter.domain.payment import ReceiptEmpty, ReceiptPending
from adapter.domain.retry import RetryPolicy
from adapter.domain.work_item import Evidence, State
from adapter.errors import (
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.kinds import PAYMENTS
from tests.unit.jobs.conftest import NOW

WHERE = {"partner": "spectrum", "operation": "OnlineReceipt"}
DOUBT = OutcomeUnknownError("connection lost", **WHERE)
REFUSED = RejectedError("answered 409", status=400, **WHERE)
UNANSWERED = RetryableError("no connection", **WHERE)
OKAY = ReceiptPending(message="by Scheduled Service")
EMPTY = ReceiptEmpty()
BEFORE, MOVED = Decimal("731.37"), Decimal("700.00")
SETTLE, HOUR, DAY = 120, 3600, 86_400


@pytest.fixture
def sent(bench):
    """Return a payment that was sent and answered so, when evidence counts."""

    def sent(*answers, balance=BEFORE, searches=None):
        payment = bench.accept()
        bench.partners.receipt_answers = list(answers or [DOUBT])
        bench.run(PAYMENTS)
        bench.partners.balance, bench.partners.searches = balance, searches
        bench.pass_time(SETTLE)
        return payment

    return sent


def standing(bench, payment):
    item = bench.item(payment)
    return item.state, item.review, len(bench.partners.posted)


def last_words(bench, payment):
    return bench.events(payment)[-1].detail


def search(bench, *receipts, as_of=0):
    rows = tuple(
        ExtractedReceipt(
            receipt_id="R-77",
            invoice_number="30254",
            reference_number=str(UUID(int=1)),
            amount=Decimal("31.37"),
            applied_at=NOW,
            **how,
        )
        for how in receipts
    )
    return ReceiptSearch(receipts=rows, as_of=bench.clock.now() + timedelta(seconds=as_of))


def test_the_first_post_keeps_its_balance_and_names_its_row(bench):
    payment = bench.accept()
    bench.run(PAYMENTS)
    assert bench.events(payment)[1].detail == (
        "balance 731.37 (guard, row 6); posting the receipt, try 1"
    )
    assert bench.item(payment).balance_before == BEFORE


def test_an_unmoved_balance_has_it_posted_again_by_the_first_reading(bench, sent):
    payment = sent()
    bench.run(PAYMENTS)
    assert standing(bench, payment) == (State.DONE, None, 2)
    words = [event.detail for event in bench.events(payment)]
    assert "balance is still 731.37 (guard, row 13): not applied, to be posted again" in words[-3]
    assert bench.item(payment).balance_before == BEFORE


def test_a_balance_that_fell_by_the_amount_is_believed_at_the_second_reading(bench, sent):
    payment = sent(balance=MOVED)
    bench.run(PAYMENTS)
    assert standing(bench, payment) == (State.IN_DOUBT, None, 1)
    bench.run_on(PAYMENTS)
    assert standing(bench, payment) == (State.DONE, None, 1)
    item = bench.item(payment)
    assert (item.evidence, item.receipt_id) == (Evidence.BALANCE, None)
    assert "731.37 -> 700.00 by exactly the amount (guard, row 14): applied (inferred)" in (
        last_words(bench, payment)
    )


@pytest.mark.parametrize("balance", ["700.01", "731.38", "0.00", "-31.37"])
def test_any_other_movement_is_for_a_person_and_keeps_the_invoice(bench, sent, balance):
    payment = sent(balance=Decimal(balance))
    bench.run_on(PAYMENTS)
    assert standing(bench, payment) == (State.NEEDS_PERSON, ExceptionKind.EVIDENCE_UNCLEAR, 1)
    assert bench.item(payment).may_have_left
    assert f"731.37 -> {balance}, and the amount is 31.37 (guard, row 15)" in (
        last_words(bench, payment)
    )


def test_a_receipt_in_the_feed_is_applied_with_its_number(bench, sent):
    payment = sent()
    bench.partners.searches = [search(bench, {})]
    bench.run(PAYMENTS)
    item = bench.item(payment)
    assert standing(bench, payment) == (State.DONE, None, 1)
    assert (item.receipt_id, item.evidence) == ("R-77", Evidence.RECEIPTS_FEED)
    asked = payment.paid_at - timedelta(hours=1)
    assert bench.partners.searched_since == [asked]


@pytest.mark.parametrize("how", [{"reversed_at": NOW}, {"reversal_id": "x"}, {"amount": 1}])
def test_one_that_stands_otherwise_in_the_feed_is_for_a_person(bench, sent, how):
    payment = sent()
    rows = [{**({} if "amount" in how else how)}]
    found = search(bench, *rows)
    if "amount" in how:
        found = replace(found, receipts=(replace(found.receipts[0], amount=Decimal("31.00")),))
    if "reversal_id" in how:
        found = replace(found, receipts=found.receipts * 2)
    bench.partners.searches = [found]
    bench.run(PAYMENTS)
    assert standing(bench, payment) == (State.NEEDS_PERSON, ExceptionKind.EVIDENCE_UNCLEAR, 1)
    assert "guard, row 2" in last_words(bench, payment)


def test_a_feed_that_reaches_far_enough_and_lacks_it_has_it_posted_again(bench, sent):
    payment = sent(searches=[])
    bench.run(PAYMENTS)
    assert standing(bench, payment) == (State.DONE, None, 2)
    assert "guard, row 10" in bench.events(payment)[-3].detail


def test_a_feed_that_lags_or_cannot_be_read_is_waited_for(bench, sent):
    payment = sent()
    bench.partners.searches = [search(bench, as_of=-1), UNANSWERED]
    bench.run(PAYMENTS)
    assert "guard, row 12" in bench.item(payment).last_error
    bench.pass_time(SETTLE)
    bench.run(PAYMENTS)
    assert "could not be read (guard, row 12)" in bench.item(payment).last_error
    assert standing(bench, payment) == (State.IN_DOUBT, None, 1)


def test_a_movement_that_the_feed_does_not_explain_is_looked_at_for_an_hour(bench, sent):
    payment = sent(balance=MOVED, searches=[])
    bench.run(PAYMENTS)
    assert "guard, row 11" in bench.item(payment).last_error
    bench.run_on(PAYMENTS)
    assert bench.clock.now() - NOW > timedelta(hours=1)
    assert standing(bench, payment) == (State.NEEDS_PERSON, ExceptionKind.EVIDENCE_UNCLEAR, 1)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (
            BalanceAnswer(balance=BEFORE, stale="Age: 290"),
            "a balance that proves nothing (Age: 290)",
        ),
        (
            BalanceAnswer(balance=BEFORE, dated_at=NOW - timedelta(seconds=1)),
            "a balance as of 2026-01-05T07:59:59Z, before the post",
        ),
        (RejectedError("404", **WHERE), "no balance (spectrum OnlineReceipt: 404)"),
        (UNANSWERED, "no balance (spectrum OnlineReceipt: no connection)"),
    ],
)
def test_without_a_reading_that_counts_a_person_is_asked_after_a_day(bench, sent, told, why):
    payment = sent()
    if isinstance(told, BalanceAnswer):
        bench.partners.balance_due = lambda _number: told
    else:
        bench.partners.balance = told
    bench.run(PAYMENTS)
    assert why in bench.item(payment).last_error
    assert "guard, row 4" in bench.item(payment).last_error
    bench.run_on(PAYMENTS)
    assert standing(bench, payment) == (State.NEEDS_PERSON, ExceptionKind.EVIDENCE_OVERDUE, 1)
    assert bench.clock.now() - NOW < timedelta(hours=27)


def test_a_stale_balance_keeps_a_first_post_waiting_and_loses_nothing(bench):
    payment = bench.accept()
    stale = BalanceAnswer(balance=BEFORE, stale="X-Cache: HIT")
    usual, bench.partners.balance_due = bench.partners.balance_due, lambda _number: stale
    bench.run(PAYMENTS)
    assert standing(bench, payment) == (State.WAITING, None, 0)
    bench.partners.balance_due = usual
    bench.run_on(PAYMENTS)
    assert standing(bench, payment) == (State.DONE, None, 1)


def test_okay_without_a_receipt_is_never_posted_again_and_asked_of_a_person(bench, sent):
    payment = sent(OKAY)
    bench.run(PAYMENTS)
    assert "okay without a receipt; balance is still" in bench.item(payment).last_error
    while bench.clock.now() < NOW + timedelta(hours=30):
        bench.pass_time(HOUR)
        bench.run(PAYMENTS)
    assert standing(bench, payment) == (State.UNCONFIRMED, None, 1)
    assert bench.open_kinds() == [ExceptionKind.EVIDENCE_OVERDUE]
    bench.partners.searches = [search(bench, {})]
    bench.run_on(PAYMENTS)
    assert standing(bench, payment) == (State.DONE, None, 1)
    assert bench.open_kinds() == []


@pytest.mark.parametrize(
    ("answer", "review", "posts"),
    [(EMPTY, ExceptionKind.NOT_APPLIED, 1), (REFUSED, ExceptionKind.DEAD, 3)],
)
def test_what_spectrum_surely_did_not_apply_is_for_a_person(bench, sent, answer, review, posts):
    payment = sent(*[answer] * 5)
    bench.run_on(PAYMENTS)
    assert standing(bench, payment) == (State.NEEDS_PERSON, review, posts)
    assert "guard, row 9" in last_words(bench, payment)
    bench.redrive(PAYMENTS).retry(bench.item(payment), by="ada", now=bench.clock.now())
    bench.run_on(PAYMENTS)
    assert standing(bench, payment) == (State.NEEDS_PERSON, review, posts)


@pytest.mark.parametrize("answer", [EMPTY, REFUSED, DOUBT])
def test_whatever_the_answer_a_balance_that_fell_by_the_amount_is_applied(bench, sent, answer):
    payment = sent(answer, balance=MOVED)
    bench.run_on(PAYMENTS)
    assert standing(bench, payment) == (State.DONE, None, 1)


def test_a_second_payment_waits_until_the_balance_shows_the_first(bench):
    bench.accept(1)
    bench.run(PAYMENTS)
    second = bench.accept(2, amount=Decimal("5.00"))
    bench.run(PAYMENTS)
    assert standing(bench, second) == (State.WAITING, None, 1)
    assert "waits until 2026-01-05T08:02:00Z" in bench.item(second).last_error
    bench.run_on(PAYMENTS)
    assert standing(bench, second) == (State.DONE, None, 2)


def test_our_own_receipts_are_expected(bench):
    """The first is found by the feed; the second is judged by a balance less the first."""
    first, second = bench.accept(1), bench.accept(2, amount=Decimal("5.00"))
    bench.run(PAYMENTS)
    bench.partners.balance = MOVED
    bench.pass_time(SETTLE)
    bench.partners.receipt_answers = [DOUBT]
    bench.run(PAYMENTS)
    bench.partners.balance = MOVED - 5
    bench.run_on(PAYMENTS)
    assert bench.item(first).state is State.DONE
    assert bench.item(second).evidence is Evidence.BALANCE


def test_tries_come_to_an_end(bench, sent):
    rules = replace(bench.work.rules, retry=RetryPolicy(attempts_max=2))
    bench.work = replace(bench.work, rules=rules)
    payment = sent(*[DOUBT] * 5)
    bench.run_on(PAYMENTS)
    assert standing(bench, payment) == (State.NEEDS_PERSON, ExceptionKind.DEAD, 2)
    assert bench.item(payment).may_have_left


def test_a_balance_that_fell_is_looked_at_again_as_soon_as_a_second_reading_counts(bench, sent):
    """However long ago it was sent: later looks lie further and further apart."""
    payment = sent(balance=MOVED)
    bench.pass_time(HOUR // 2)
    bench.run(PAYMENTS)
    assert "(guard, row 14)" in bench.item(payment).last_error
    assert bench.item(payment).next_at == bench.clock.now() + timedelta(seconds=SETTLE)
    bench.pass_time(SETTLE)
    bench.run(PAYMENTS)
    assert bench.item(payment).state is State.DONE
