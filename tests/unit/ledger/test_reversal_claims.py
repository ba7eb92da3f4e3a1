"""Claims on reversals: in their turn on an invoice, and a fence for who slept."""

import threading

import pytest

from adapter.domain.ach_return import ReversalState
from adapter.domain.delivery import DeliveryState
from adapter.domain.exceptions import ExceptionKind
from adapter.errors import LeaseLostError
from adapter.ledger.reversal_claims import HELD_BACK

LEASE = 90


def test_a_claim_leases_what_is_due_first_and_brings_its_payment(bench, now, later):
    delivery = bench.accept(2)
    bench.record(bench.send(), DeliveryState.APPLIED)
    bench.bring_back(1, invoice="7", at=later(1))
    bench.bring_back(2)
    claimed, paid = bench.ledger.reversal_claims.claim_due(
        bench.biller, now=now, lease_seconds=LEASE
    )
    assert paid.id == delivery.id
    assert (claimed.state, claimed.attempts, claimed.fence) == (ReversalState.SENDING, 1, 1)
    assert claimed.lease_until == claimed.next_at == later(LEASE)
    assert claimed.sent_at == now
    assert bench.claim_reversal() is None
    assert bench.claim_reversal(at=later(1)).ach_return.invoice_number == "7"


def test_a_payment_that_is_not_known_is_none(bench, now):
    bench.bring_back()
    _, paid = bench.ledger.reversal_claims.claim_due(bench.biller, now=now, lease_seconds=LEASE)
    assert paid is None


@pytest.mark.parametrize("state", ["claimed", "sending", "in_doubt", "pending"])
def test_a_payment_on_its_way_on_the_invoice_holds_a_reversal_back(bench, now, later, state):
    bench.accept(1)
    sent = bench.claim() if state == "claimed" else bench.send()
    if state not in {"claimed", "sending"}:
        bench.record(sent, DeliveryState(state), next_at=later(500))
    bench.bring_back(2)
    bench.bring_back(3, invoice="7")
    assert bench.claim_reversal().ach_return.invoice_number == "7"
    assert bench.claim_reversal() is None
    held = bench.reversal()
    assert held.next_at == now + HELD_BACK
    assert held.last_error.startswith("waits for payment")


def test_the_payment_of_another_biller_or_invoice_holds_nothing_back(bench):
    bench.accept(1, biller="another-carrier")
    bench.send(biller="another-carrier")
    bench.accept(2, invoice="7")
    bench.send()
    bench.bring_back()
    assert bench.claim_reversal() is not None


def test_two_on_an_invoice_go_one_after_the_other(bench, later):
    bench.bring_back(1)
    bench.bring_back(2)
    first = bench.claim_reversal()
    assert bench.claim_reversal() is None
    failed = bench.reverse(first, ReversalState.FAILED, next_at=later(600))
    assert bench.claim_reversal(at=later(60)) is None
    assert "waits for reversal" in bench.ledger.reversals.page(limit=9)[1].last_error
    bench.reverse(bench.claim_reversal(at=failed.next_at), at=later(601))
    assert bench.claim_reversal(at=later(700)).ach_return.reject_guid == str(
        bench.ach_return(2).reject_guid
    )


@pytest.mark.parametrize("state", [ReversalState.SENDING, *ReversalState])
def test_a_post_waits_while_a_reversal_is_under_way_and_no_longer(bench, later, state):
    bench.bring_back(1)
    claimed = bench.claim_reversal()
    if state is not ReversalState.SENDING:
        bench.reverse(claimed, state, next_at=later(60))
    bench.accept(2)
    is_held = state in {ReversalState.SENDING, ReversalState.HANDED_OVER, ReversalState.FAILED}
    assert (bench.claim() is None) == is_held


def test_a_post_that_waited_is_woken_when_the_reversal_ends(bench, later):
    bench.bring_back(1)
    claimed = bench.claim_reversal()
    delivery = bench.accept(2)
    assert bench.claim() is None
    bench.reverse(claimed, ReversalState.HANDED_OVER, at=later(1), next_at=later(2))
    assert bench.ledger.deliveries.find(delivery.payment.key).next_at > later(3)
    bench.reverse(bench.claim_reversal(at=later(2)), at=later(3))
    assert bench.ledger.deliveries.find(delivery.payment.key).next_at == later(3)


def test_whoever_slept_through_the_lease_records_nothing(bench, later):
    bench.bring_back()
    slept = bench.claim_reversal()
    assert bench.claim_reversal(at=later(LEASE - 1)) is None
    again = bench.claim_reversal(at=later(LEASE))
    assert (again.fence, again.attempts) == (2, 2)
    with pytest.raises(LeaseLostError):
        bench.reverse(slept)
    assert bench.reverse(again, receipt_id="R-1").receipt_id == "R-1"


def test_a_failure_is_an_exception_and_what_succeeds_settles_it(bench, later):
    bench.bring_back()
    failed = bench.reverse(
        bench.claim_reversal(), ReversalState.FAILED, exception=ExceptionKind.REVERSAL_FAILED
    )
    [item] = bench.exceptions()
    assert item.reference == failed.ach_return.reversal_id
    assert item.payment_guid is None  # nothing but its own invoice is held back, by its state
    assert bench.claim_reversal(at=later(10_000)) is None
    bench.ledger.reversals.redrive(failed.id, now=later(1))
    done = bench.reverse(bench.claim_reversal(at=later(1)), at=later(2))
    assert (done.reversed_at, done.last_error) == (later(2), "")
    assert not bench.exceptions()[0].is_open


def test_that_a_file_lies_there_is_told_once(bench, now, later):
    bench.bring_back()
    for seconds in range(3):
        bench.reverse(
            bench.claim_reversal(at=later(seconds)),
            ReversalState.HANDED_OVER,
            at=later(seconds),
            next_at=later(seconds + 1),
            handed_over_at=now,
            exception=ExceptionKind.REVERSAL_FAILED,
        )
    assert len(bench.exceptions()) == 1
    assert bench.reversal().handed_over_at == now


def test_postponing_concerns_what_is_due_of_one_biller(bench, now, later):
    bench.bring_back(1)
    bench.bring_back(2, at=later(10))
    bench.bring_back(3, biller="another-carrier")
    claims = bench.ledger.reversal_claims
    told = {"now": now, "until": later(300), "reason": "waits for a setting"}
    assert claims.postpone_due(bench.biller, **told) == 1
    assert bench.reversal().next_at == later(300)
    assert claims.next_due_at([bench.biller]) == later(10)
    assert claims.next_due_at() == now
    assert claims.next_due_at([]) is None


def test_workers_at_once_never_claim_one_invoice_twice(bench):
    for number in range(1, 9):
        bench.bring_back(number, invoice=str(1 + number % 4))
    barrier, claimed = threading.Barrier(6), []

    def work():
        barrier.wait(timeout=30)
        while (found := bench.claim_reversal()) is not None:
            claimed.append(found.ach_return.invoice_number)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == ["1", "2", "3", "4"]


def test_a_post_and_a_reversal_at_once_never_both_go(bench):
    """Whichever is claimed first, the other one waits."""
    for number in range(1, 21):
        bench.accept(number, invoice=str(number))
        bench.bring_back(100 + number, invoice=str(number))
    barrier, posts, reversed_ones = threading.Barrier(4), [], []

    def post():
        barrier.wait(timeout=30)
        while (found := bench.claim()) is not None:
            posts.append(found.payment.invoice_number)

    def reverse():
        barrier.wait(timeout=30)
        while (found := bench.claim_reversal()) is not None:
            reversed_ones.append(found.ach_return.invoice_number)

    threads = [threading.Thread(target=work) for work in (post, reverse, post, reverse)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(posts + reversed_ones, key=int) == [str(n) for n in range(1, 21)]
