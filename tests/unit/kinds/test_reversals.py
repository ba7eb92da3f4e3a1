"""Reversals: once their payment is applied, in their turn on an invoice, or visibly a person's."""

from datetime import timedelta

import pytest

from adapter.domain.ach_return import UNKNOWN_AFTER, ReversalTaken
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import State
from adapter.errors import ConfigurationError, OutcomeUnknownError, RejectedError, RetryableError
from adapter.kinds import PAYMENTS, REVERSALS
from adapter.kinds.reversals import EVIDENCE_WITHIN, INBOX_LOOK_AGAIN

NAMES = {"partner": "spectrum", "operation": "ReceiveReversal"}
LATER = RetryableError("answered 503", **NAMES)
LOST = OutcomeUnknownError("no answer came in time", **NAMES)
REFUSED = RejectedError("answered 404: no receipt", **NAMES)
IN_INBOX = ReversalTaken(is_read=False)
WRONG = ConfigurationError("billers.camp-point.feed")


def run(bench):
    return bench.run(REVERSALS).counts


def pay(bench):
    return bench.run(PAYMENTS).counts


def applied_and_returned(bench, *answers, **fields):
    bench.partners.reversal_answers = [*answers]
    bench.partners.has_inbox = IN_INBOX in answers
    bench.accept()
    pay(bench)
    bench.pass_time(120)
    return bench.bring_back(**fields)


def look_again(bench):
    bench.clock.at += INBOX_LOOK_AGAIN
    return run(bench)


@pytest.mark.parametrize(
    ("balance", "why"),
    [
        (None, "the payment is not known here yet; its report may still bring it"),
        (WRONG, "the payment is waiting, and has to be settled first"),
        (LATER, "the payment is retrying, and has to be settled first"),
    ],
)
def test_a_payment_that_is_not_applied_yet_is_waited_for(bench, balance, why):
    usual = bench.partners.balance
    if balance is not None:
        bench.partners.balance = balance
        bench.accept()
        pay(bench)
    returned = bench.bring_back()
    assert run(bench) == {"waiting": 1}
    item = bench.item(returned)
    assert (item.state, item.attempts, item.last_error) == (State.WAITING, 0, why)
    bench.partners.balance = usual
    bench.pass_time(3600)
    bench.accept()
    assert pay(bench) == {"applied": 1}
    bench.run_on(REVERSALS)
    assert bench.item(returned).receipt_id == "R-1"


def test_a_payment_that_nobody_knows_is_a_persons_in_bounded_time(bench):
    bench.bring_back()
    began = bench.clock.now()
    bench.run_on(REVERSALS)
    assert timedelta(0) <= bench.clock.now() - began - UNKNOWN_AFTER < timedelta(minutes=10)
    assert bench.words(REVERSALS) == ["refused"]
    assert bench.open_kinds() == [ExceptionKind.REJECT_UNKNOWN]
    assert bench.partners.reversed == []


def test_a_balance_that_is_refused_stops_no_reversal(bench):
    applied_and_returned(bench)
    bench.partners.balance = REFUSED
    assert run(bench) == {"reversed": 1}


# Files in Spectrum's inbox


def test_a_file_is_looked_for_until_spectrum_has_read_it(bench):
    returned = applied_and_returned(bench, IN_INBOX, IN_INBOX)
    assert run(bench) == {"handed_over": 1}
    item = bench.item(returned)
    assert REVERSALS.fields(item)["handed_over_at"] == item.sent_at == bench.clock.now()
    assert look_again(bench) == {"handed_over": 1}
    assert "its file lies in Spectrum's inbox since" in bench.item(returned).last_error
    assert look_again(bench) == {"reversed": 1}
    item = bench.item(returned)
    assert (item.receipt_id, REVERSALS.fields(item)["handed_over_at"]) == (None, None)
    assert (len(bench.partners.reversed), len(bench.partners.looked_for)) == (1, 2)


def test_a_file_that_spectrum_refuses_is_a_persons_and_is_written_again(bench):
    applied_and_returned(bench, IN_INBOX, REFUSED)
    run(bench)
    assert look_again(bench) == {"refused": 1}
    [review] = bench.exceptions()
    assert review.kind is ExceptionKind.REVERSAL_REFUSED
    assert "no receipt; look into Spectrum, then `adapter reversals retry`" in review.detail
    bench.redrive(REVERSALS).retry_all(by="ada", now=bench.clock.now())
    assert run(bench) == {"reversed": 1}
    assert len(bench.partners.reversed) == 2


def test_a_file_that_nobody_reads_is_reviewed_once_and_looked_for_on(bench):
    applied_and_returned(bench, *[IN_INBOX] * 200)
    began = bench.clock.now()
    while bench.clock.now() <= began + EVIDENCE_WITHIN + 5 * INBOX_LOOK_AGAIN:
        bench.run_on(REVERSALS, times=1)
    assert bench.open_kinds() == [ExceptionKind.REVERSAL_FAILED]
    assert bench.words(REVERSALS) == ["handed_over"]
    [item] = bench.exceptions()
    bench.ledger.exceptions.resolve(item.id, now=bench.clock.now(), resolution="we know")
    bench.run_on(REVERSALS, times=5)
    assert len(bench.exceptions()) == 1
    bench.partners.reversal_answers = []
    bench.run_on(REVERSALS)
    assert bench.words(REVERSALS) == ["reversed"]


@pytest.mark.parametrize("error", [WRONG, LATER])
def test_what_prevents_a_look_does_not_forget_that_a_file_was_handed_over(bench, error):
    applied_and_returned(bench, IN_INBOX, error)
    run(bench)
    assert look_again(bench) == {"handed_over": 1}
    bench.run_on(REVERSALS)
    assert len(bench.partners.reversed) == 1
    assert bench.words(REVERSALS) == ["reversed"]


def test_a_file_that_is_gone_is_written_again_once_nothing_came_of_it(bench):
    returned = applied_and_returned(bench, IN_INBOX)
    run(bench)
    bench.partners.has_inbox = False  # whoever read it left it nowhere
    assert look_again(bench) == {"reversed": 1}
    assert [sent.reversal_id for sent in bench.partners.reversed] == [returned.reversal_id] * 2


def test_a_file_that_is_gone_and_was_read_is_not_written_again(bench):
    applied_and_returned(bench, IN_INBOX)
    run(bench)
    bench.partners.has_inbox = False
    bench.partners.balance += bench.payment().amount
    assert look_again(bench) == {"reversed": 1}
    assert len(bench.partners.reversed) == 1


def test_no_file_is_written_again_while_posting_is_switched_off(bench):
    applied_and_returned(bench, IN_INBOX)
    run(bench)
    bench.partners.has_inbox = bench.partners.posting = False
    assert look_again(bench) == {"handed_over": 1}
    assert len(bench.partners.reversed) == 1
    bench.partners.posting = True
    assert look_again(bench) == {"reversed": 1}
