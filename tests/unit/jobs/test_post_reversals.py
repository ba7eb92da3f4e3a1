"""Bringing reversals to Spectrum: once, in their turn on an invoice, or visibly to a person."""

from datetime import timedelta
from decimal import Decimal

import pytest

from adapter.domain.ach_return import UNKNOWN_AFTER, ReversalState, ReversalTaken
from adapter.domain.delivery import DeliveryState
from adapter.domain.exceptions import ExceptionKind
from adapter.errors import (
    ConfigurationError,
    LedgerError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.jobs import post_payments
from adapter.jobs.post_reversals import INBOX_LOOK_AGAIN, INBOX_READ_WITHIN, run_once

NAMES = {"partner": "spectrum", "operation": "ReceiveReversal"}
LATER = RetryableError("answered 503", **NAMES)
SILENT = RetryableError("no answer came in time", **NAMES)
LOST = OutcomeUnknownError("no answer came in time", **NAMES)
REFUSED = RejectedError("answered 404: no receipt", **NAMES)
IN_INBOX = ReversalTaken(is_read=False)


def run(bench):
    return run_once(bench.biller, bench.work)


def pay(bench):
    return post_payments.run_once(bench.biller, bench.work)


def state(bench):
    [reversal] = bench.reversals()
    return reversal.state


def kinds(bench):
    return [item.kind for item in bench.exceptions() if item.is_open]


def applied_and_returned(bench, **fields):
    bench.accept()
    pay(bench)
    return bench.bring_back(**fields)


def run_on(bench, times=500):
    """Let the job run whenever something is due."""
    for _ in range(times):
        due = bench.ledger.reversal_claims.next_due_at()
        if due is None:
            return
        bench.clock.at = max(bench.clock.at, due)
        run(bench)


def test_an_applied_receipt_is_reversed_once(bench):
    returned = applied_and_returned(bench)
    assert run(bench).counts == {"reversed": 1}
    assert bench.partners.reversed == [returned]
    [told] = bench.reversals()
    assert (told.receipt_id, told.reversed_at) == ("R-1", bench.clock.now())
    assert (told.next_at, told.lease_owner, told.last_error) == (None, None, "")
    assert run(bench).counts == {}
    assert kinds(bench) == []


@pytest.mark.parametrize("error", [LATER, SILENT, LOST, ValueError("hunter2")])
def test_what_fails_is_sent_again_with_the_same_id(bench, error):
    applied_and_returned(bench)
    bench.partners.reversal_answers = [error]
    assert run(bench).counts == {"failed": 1}
    [told] = bench.reversals()
    assert told.next_at > bench.clock.now()
    assert "hunter2" not in told.last_error
    run_on(bench)
    assert state(bench) is ReversalState.REVERSED
    first, second = bench.partners.reversed
    assert first.reversal_id == second.reversal_id
    assert kinds(bench) == []


def test_after_the_last_try_a_person_sends_it_again(bench):
    applied_and_returned(bench)
    bench.partners.reversal_answers = [LATER] * bench.work.rules.retry.attempts_max
    run_on(bench)
    [told] = bench.reversals()
    assert (told.state, told.next_at) == (ReversalState.FAILED, None)
    assert "no further try (60 used)" in told.last_error
    assert kinds(bench) == [ExceptionKind.REVERSAL_FAILED]
    bench.ledger.reversals.redrive(told.id, now=bench.clock.now())
    assert kinds(bench) == []
    assert run(bench).counts == {"reversed": 1}


def test_what_spectrum_refuses_is_for_a_person_and_says_what_to_do(bench):
    applied_and_returned(bench)
    bench.partners.reversal_answers = [REFUSED]
    assert run(bench).counts == {"refused": 1}
    assert kinds(bench) == [ExceptionKind.REVERSAL_REFUSED]
    [item] = bench.exceptions()
    assert "answered 404: no receipt" in item.detail
    assert "adapter reversals retry" in item.detail
    assert bench.ledger.reversal_claims.next_due_at() is None
    bench.ledger.reversals.redrive_all(now=bench.clock.now())
    assert run(bench).counts == {"reversed": 1}
    assert kinds(bench) == []


@pytest.mark.parametrize(
    ("balance", "settled"),
    [(ConfigurationError("wrong address"), DeliveryState.ACCEPTED), (LATER, DeliveryState.FAILED)],
)
def test_a_payment_that_is_not_applied_yet_is_waited_for(bench, balance, settled):
    payment = bench.accept()
    bench.partners.balance = balance
    pay(bench)
    assert bench.delivery(payment).state is settled
    bench.bring_back()
    assert run(bench).counts == {"waiting": 1}
    [told] = bench.reversals()
    assert settled.value in told.last_error
    assert told.attempts == 0
    bench.partners.balance = Decimal("731.37")
    bench.pass_time(3600)
    pay(bench)
    run(bench)
    assert bench.delivery(payment).state is DeliveryState.APPLIED
    assert state(bench) is ReversalState.REVERSED


def test_no_reversal_leaves_while_a_post_on_its_invoice_is_in_doubt(bench):
    """The balance tells what became of the post: nothing else may move it meanwhile."""
    applied_and_returned(bench)
    bench.accept(2, amount=Decimal("5.00"))
    bench.partners.receipt_answers = [LOST]
    pay(bench)
    assert run(bench).counts == {}
    assert bench.partners.reversed == []
    assert "which is in_doubt" in bench.reversals()[0].last_error
    bench.partners.balance = Decimal("726.37")
    bench.pass_time(bench.work.rules.settle_seconds)
    pay(bench)
    bench.pass_time(60)
    assert run(bench).counts == {"reversed": 1}


def test_no_post_begins_while_a_reversal_on_its_invoice_is_under_way(bench):
    applied_and_returned(bench)
    second = bench.accept(2, amount=Decimal("5.00"))
    elsewhere = bench.accept(3, invoice_number="7")
    bench.partners.reversal_answers = [LATER]
    run(bench)
    pay(bench)
    assert bench.delivery(second).state is DeliveryState.ACCEPTED
    assert bench.delivery(second).last_error == "waits for a reversal on the same invoice"
    assert bench.delivery(elsewhere).state is DeliveryState.APPLIED
    run_on(bench)
    pay(bench)
    assert bench.delivery(second).state is DeliveryState.APPLIED


def test_two_reversals_on_an_invoice_go_one_after_the_other(bench):
    for number in (1, 2):
        bench.accept(number)
    pay(bench)
    bench.pass_time(60)
    pay(bench)
    for number in (1, 2):
        bench.bring_back(number)
    bench.partners.reversal_answers = [LATER]
    run(bench)
    assert len(bench.partners.reversed) == 1
    run_on(bench)
    assert {reversal.state for reversal in bench.reversals()} == {ReversalState.REVERSED}
    assert len(bench.partners.reversed) == 3


def test_a_payment_that_nobody_knows_becomes_an_exception_in_bounded_time(bench):
    bench.bring_back()
    began = bench.clock.now()
    run_on(bench)
    assert timedelta(0) <= bench.clock.now() - began - UNKNOWN_AFTER < timedelta(minutes=10)
    assert state(bench) is ReversalState.REFUSED
    assert kinds(bench) == [ExceptionKind.REJECT_UNKNOWN]
    assert bench.partners.reversed == []


def test_a_payment_that_is_taken_over_late_is_applied_and_reversed(bench):
    bench.bring_back()
    run(bench)
    bench.pass_time(2 * 3600)
    bench.accept()
    pay(bench)
    run(bench)
    assert state(bench) is ReversalState.REVERSED


def test_what_was_never_applied_is_for_a_person(bench):
    bench.accept()
    bench.partners.receipt_answers = [REFUSED]
    pay(bench)
    bench.bring_back()
    assert run(bench).counts == {"refused": 1}
    assert ExceptionKind.REJECT_UNAPPLIED in kinds(bench)
    assert bench.partners.reversed == []


def test_another_amount_is_for_a_person(bench):
    applied_and_returned(bench, amount=Decimal("31.36"))
    assert run(bench).counts == {"refused": 1}
    assert kinds(bench) == [ExceptionKind.REJECT_MISMATCH]
    assert bench.partners.reversed == []


def test_a_wrong_setting_uses_up_no_try(bench):
    applied_and_returned(bench)
    bench.partners.reversal_answers = [ConfigurationError("billers.camp-point.feed")]
    report = run(bench)
    assert report.counts == {"postponed": 1}
    assert isinstance(report.failure, ConfigurationError)
    [told] = bench.reversals()
    assert (told.state, told.attempts) == (ReversalState.WAITING, 0)
    bench.settings_problem = ConfigurationError("billers.camp-point.name")
    bench.pass_time(3600)
    assert run(bench).counts == {"postponed": 1}
    bench.settings_problem = None
    bench.pass_time(3600)
    assert run(bench).counts == {"reversed": 1}


def test_a_worker_that_died_is_made_up_for_with_the_same_id(bench):
    returned = applied_and_returned(bench)
    rules = bench.work.rules
    bench.ledger.reversal_claims.claim_due(
        bench.biller, now=bench.clock.now(), lease_seconds=rules.lease_seconds
    )
    assert run(bench).counts == {}
    bench.pass_time(rules.lease_seconds)
    assert run(bench).counts == {"reversed": 1}
    assert bench.partners.reversed == [returned]


def test_a_worker_that_slept_records_nothing(bench):
    applied_and_returned(bench)

    class Slow:
        def __init__(self):
            self.asked = 0

        def reverse(self, _ach_return):
            self.asked += 1
            if self.asked == 1:
                bench.pass_time(bench.work.rules.lease_seconds)
                assert run(bench).counts == {"reversed": 1}
            return ReversalTaken(receipt_id="R-1")

    bench.partners.reversals = Slow()
    assert run(bench).counts == {"lease_lost": 1}
    assert state(bench) is ReversalState.REVERSED


def test_a_ledger_that_fails_ends_the_run(bench):
    applied_and_returned(bench)
    bench.partners.reversal_answers = [LedgerError("the disk is full")]
    with pytest.raises(LedgerError):
        run(bench)


# Files in Spectrum's inbox


def test_a_file_is_looked_for_until_spectrum_has_read_it(bench):
    applied_and_returned(bench)
    bench.partners.reversal_answers = [IN_INBOX, IN_INBOX]
    assert run(bench).counts == {"handed_over": 1}
    bench.clock.at += INBOX_LOOK_AGAIN
    assert run(bench).counts == {"handed_over": 1}
    bench.clock.at += INBOX_LOOK_AGAIN
    assert run(bench).counts == {"reversed": 1}
    [told] = bench.reversals()
    assert (told.attempts, told.receipt_id, told.handed_over_at) == (2, None, None)
    assert len(bench.partners.reversed) == 1


def test_no_post_begins_before_the_file_is_known_to_be_read(bench):
    applied_and_returned(bench)
    second = bench.accept(2, amount=Decimal("5.00"))
    bench.partners.reversal_answers = [IN_INBOX, IN_INBOX]
    run(bench)
    bench.clock.at += INBOX_LOOK_AGAIN
    run(bench)
    pay(bench)
    assert bench.delivery(second).state is DeliveryState.ACCEPTED
    bench.clock.at += INBOX_LOOK_AGAIN
    run(bench)
    pay(bench)
    assert bench.delivery(second).state is DeliveryState.APPLIED


def test_a_file_that_spectrum_refuses_is_for_a_person_and_is_written_again(bench):
    applied_and_returned(bench)
    bench.partners.reversal_answers = [IN_INBOX, REFUSED]
    run(bench)
    bench.clock.at += INBOX_LOOK_AGAIN
    assert run(bench).counts == {"refused": 1}
    assert kinds(bench) == [ExceptionKind.REVERSAL_REFUSED]
    bench.ledger.reversals.redrive_all(now=bench.clock.now())
    run(bench)
    assert len(bench.partners.reversed) == 2
    assert state(bench) is ReversalState.REVERSED


def test_a_file_that_nobody_reads_is_told_once_and_looked_for_on(bench):
    applied_and_returned(bench)
    bench.partners.reversal_answers = [IN_INBOX] * 200
    began = bench.clock.now()
    while bench.clock.now() <= began + INBOX_READ_WITHIN + 5 * INBOX_LOOK_AGAIN:
        run_on(bench, times=1)
    assert kinds(bench) == [ExceptionKind.REVERSAL_FAILED]
    assert state(bench) is ReversalState.HANDED_OVER
    [item] = bench.exceptions()
    bench.ledger.exceptions.resolve(item.id, now=bench.clock.now(), resolution="we know")
    run_on(bench, times=5)
    assert len(bench.exceptions()) == 1
    bench.partners.reversal_answers = []
    run_on(bench)
    assert state(bench) is ReversalState.REVERSED


def test_a_wrong_setting_does_not_forget_that_a_file_was_handed_over(bench):
    applied_and_returned(bench)
    bench.partners.reversal_answers = [IN_INBOX, ConfigurationError("billers.camp-point.feed")]
    run(bench)
    bench.clock.at += INBOX_LOOK_AGAIN
    run(bench)
    assert state(bench) is ReversalState.HANDED_OVER
    run_on(bench)
    assert len(bench.partners.reversed) == 1
    assert state(bench) is ReversalState.REVERSED
