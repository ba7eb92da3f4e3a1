"""Claims, leases and fences, and what is recorded under them."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapter.domain.delivery import TRANSITIONS, Cause, DeliveryState, Evidence, Step
from adapter.domain.exceptions import ExceptionKind
from adapter.errors import LeaseLostError
from adapter.ledger import open_ledger

LEASE = 90.0
SETTLE = 120.0


def test_nothing_due_is_nothing_claimed(bench, later):
    assert bench.claim() is None
    bench.accept(at=later(10))
    assert bench.claim() is None
    assert bench.claim(at=later(10)) is not None


def test_a_claim_leases_the_row_and_raises_its_fence(bench, later):
    accepted = bench.accept()
    claimed = bench.claim()
    assert claimed.id == accepted.id
    assert claimed.state is DeliveryState.ACCEPTED
    assert claimed.fence == accepted.fence + 1
    assert claimed.lease_until == claimed.next_at == later(LEASE)
    assert bench.claim(at=later(LEASE - 1)) is None


def test_what_is_due_first_is_claimed_first(bench, later):
    for number, seconds in ((1, 3), (2, 1), (3, 2), (4, 1)):
        bench.accept(number, at=later(seconds), invoice=str(number))
    claimed = [bench.claim(at=later(5)).payment.invoice_number for _ in range(4)]
    assert claimed == ["2", "4", "3", "1"]


def test_billers_are_claimed_apart(bench):
    bench.accept(biller="another-carrier")
    assert bench.claim() is None
    assert bench.claim(biller="another-carrier") is not None


def test_a_row_that_was_claimed_and_not_sent_is_claimed_again(bench, later):
    """Whoever died before `sending` was committed has surely sent nothing."""
    bench.accept()
    dead = bench.claim()
    again = bench.claim(at=later(LEASE))
    assert again.state is DeliveryState.ACCEPTED
    assert again.fence == dead.fence + 1
    with pytest.raises(LeaseLostError):
        bench.ledger.claims.begin_sending(
            dead, balance_before=Decimal("1.00"), now=later(LEASE), lease_seconds=LEASE
        )
    assert len(bench.events(again)) == 1


def test_sending_is_committed_with_balance_time_and_try(bench, later):
    bench.accept()
    sending = bench.send(at=later(1))
    assert sending.state is DeliveryState.SENDING
    assert (sending.attempts, sending.sent_at) == (1, later(1))
    assert sending.balance_before == Decimal("731.37")
    assert sending.lease_until == sending.next_at == later(1 + LEASE)
    event = bench.events(sending)[-1]
    assert (event.from_state, event.to_state) == (DeliveryState.ACCEPTED, DeliveryState.SENDING)
    assert (event.cause, event.attempt) == (Cause.SENT, 1)
    assert "balance 731.37" in event.detail


def test_state_event_and_exception_are_recorded_together(bench):
    bench.accept()
    done = bench.record(
        bench.send(), DeliveryState.NOT_APPLIED, exception=ExceptionKind.NOT_APPLIED, detail="why"
    )
    assert done.state is DeliveryState.NOT_APPLIED
    assert done.last_error == bench.events(done)[-1].detail == "why"
    assert (done.lease_owner, done.lease_until, done.next_at) == (None, None, None)
    (item,) = bench.exceptions()
    assert item.kind is ExceptionKind.NOT_APPLIED
    assert (item.payment_guid, item.invoice_number) == (done.payment.payment_guid, "30254")
    assert (item.detail, item.is_open) == ("why", True)


def test_an_applied_receipt_says_how_it_is_known(bench):
    bench.accept()
    done = bench.record(bench.send(), DeliveryState.APPLIED)
    assert (done.receipt_id, done.evidence, done.last_error) == ("R-1", Evidence.ANSWER, "")
    assert bench.ledger.next_due_at() is None


def test_a_stale_fence_can_record_nothing(bench, later):
    bench.accept()
    sending = bench.send()
    bench.ledger.claims.expire_leases(bench.biller, now=later(LEASE), settle_seconds=SETTLE)
    before = bench.ledger.deliveries.find(sending.payment.key)
    with pytest.raises(LeaseLostError, match=sending.payment.payment_guid):
        bench.record(sending, DeliveryState.APPLIED, at=later(LEASE))
    assert bench.ledger.deliveries.find(sending.payment.key) == before
    assert [event.to_state.value for event in bench.events(sending)] == [
        "accepted",
        "sending",
        "in_doubt",
    ]


def test_an_expired_lease_in_sending_is_in_doubt(bench, later):
    """Whether it left nobody knows, so it is never claimed for a post again."""
    bench.accept()
    sending = bench.send()
    claims = bench.ledger.claims
    assert claims.expire_leases(bench.biller, now=later(LEASE - 1), settle_seconds=SETTLE) == 0
    assert bench.claim(at=later(LEASE)) is None
    assert claims.expire_leases(bench.biller, now=later(LEASE), settle_seconds=SETTLE) == 1
    found = bench.ledger.deliveries.find(sending.payment.key)
    assert found.state is DeliveryState.IN_DOUBT
    assert found.next_at == later(LEASE + SETTLE)
    assert found.fence > sending.fence
    event = bench.events(found)[-1]
    assert event.cause is Cause.LEASE_EXPIRED
    assert event.detail.startswith("answer lost after sending")


def test_settling_begins_when_the_doubt_does(bench, later):
    """Until then the request may have been under way, however long ago `sending` was committed."""
    bench.accept()
    bench.send()
    bench.ledger.claims.expire_leases(bench.biller, now=later(9999), settle_seconds=SETTLE)
    assert bench.claim(at=later(9999)) is None
    doubt = bench.claim(at=later(9999 + SETTLE))
    assert (doubt.state, doubt.sent_at) == (DeliveryState.IN_DOUBT, later(9999))


def test_no_lease_owner_survives_its_process(bench, later):
    """Another ledger object on the same file takes the row over when the lease has ended."""
    bench.accept()
    bench.send()
    other = open_ledger(bench.url)
    other.claims.expire_leases(bench.biller, now=later(LEASE), settle_seconds=SETTLE)
    claimed = other.claims.claim_due(bench.biller, now=later(LEASE + SETTLE), lease_seconds=LEASE)
    assert claimed.state is DeliveryState.IN_DOUBT
    other.close()


def test_putting_off_changes_no_state_and_tells_no_event(bench, now, later):
    bench.accept()
    claimed = bench.claim()
    put_off = bench.ledger.claims.put_off(claimed, until=later(300), reason="later", now=now)
    assert put_off.state is DeliveryState.ACCEPTED
    assert (put_off.next_at, put_off.lease_owner) == (later(300), None)
    assert (put_off.attempts, put_off.last_error) == (0, "later")
    assert len(bench.events(put_off)) == 1


def test_overdue_evidence_is_an_exception_once_and_settles_itself(bench, later):
    bench.accept()
    doubt = bench.record(bench.send(), DeliveryState.IN_DOUBT, next_at=later(SETTLE))
    for seconds in (SETTLE, 2 * SETTLE):
        claimed = bench.claim(at=later(seconds))
        doubt = bench.ledger.claims.put_off(
            claimed,
            until=later(2 * seconds),
            reason="no evidence",
            now=later(seconds),
            overdue=True,
        )
    (item,) = bench.exceptions()
    assert (item.kind, item.is_open) == (ExceptionKind.EVIDENCE_OVERDUE, True)
    assert doubt.state is DeliveryState.IN_DOUBT
    bench.record(bench.claim(at=doubt.next_at), DeliveryState.APPLIED, at=doubt.next_at)
    (item,) = bench.exceptions()
    assert item.resolution == "the evidence came after all"


def test_a_person_who_resolved_overdue_evidence_is_not_asked_again(bench, later):
    bench.accept()
    bench.record(bench.send(), DeliveryState.IN_DOUBT, next_at=later(SETTLE))
    for seconds in (SETTLE, 2 * SETTLE):
        claimed = bench.claim(at=later(seconds))
        bench.ledger.claims.put_off(
            claimed, until=later(2 * seconds), reason="none", now=later(seconds), overdue=True
        )
        (item,) = bench.exceptions()
        bench.ledger.exceptions.resolve(item.id, now=later(seconds), resolution="I know")
    (item,) = bench.exceptions()
    assert not item.is_open


def test_everything_due_waits_for_a_setting_without_losing_a_try(bench, now, later):
    for number in (1, 2, 3):
        bench.accept(number, invoice=str(number))
    bench.accept(4, biller="another-carrier")
    leased = bench.claim()
    claims = bench.ledger.claims
    assert claims.postpone_due(bench.biller, now=now, until=later(300), reason="setting 13") == 2
    assert bench.claim(at=later(60)) is None
    assert bench.claim(biller="another-carrier") is not None
    waiting = bench.ledger.deliveries.page(limit=9, biller=bench.biller)[1:]
    assert {(row.state, row.attempts) for row in waiting} == {(DeliveryState.ACCEPTED, 0)}
    assert {row.last_error for row in waiting} == {"setting 13"}
    assert leased.next_at == later(LEASE)


def test_the_next_moment_to_look_is_told_for_some_billers_or_all(bench, later):
    ledger = bench.ledger
    assert ledger.next_due_at() is None
    bench.accept(1, at=later(5))
    bench.accept(2, at=later(3), biller="another-carrier")
    assert ledger.next_due_at() == later(3)
    assert ledger.next_due_at([bench.biller]) == later(5)
    assert ledger.next_due_at([bench.biller, "another-carrier", "third"]) == later(3)
    assert ledger.next_due_at([]) is None
    bench.claim(at=later(5))
    assert ledger.next_due_at([bench.biller]) == later(5 + LEASE)


@pytest.mark.parametrize("state", list(DeliveryState))
def test_only_the_steps_of_the_table_are_recorded(bench, state):
    bench.accept()
    delivery = replace(bench.claim(), state=state)
    for wrong in set(DeliveryState) - TRANSITIONS.get(state, frozenset()):
        step = Step(to_state=wrong, cause=Cause.ANSWERED, detail="never")
        with pytest.raises(ValueError, match="is never followed by"):
            bench.ledger.claims.record(delivery, step, now=bench.now)


def test_long_words_are_cut(bench):
    bench.accept()
    done = bench.record(bench.send(), DeliveryState.DEAD, detail="x" * 100_000)
    assert len(done.last_error) == len(bench.events(done)[-1].detail) == 2000


def test_many_workers_claim_each_payment_once(bench, now):
    """Also across ledger objects, as of several processes on one file."""
    for number in range(1, 41):
        bench.accept(number, invoice=str(number % 20))
    claimed: Counter[int] = Counter()
    failures = []

    def work():
        ledger = open_ledger(bench.url)
        try:
            while True:
                due = ledger.claims.claim_due(bench.biller, now=now, lease_seconds=LEASE)
                if due is None:
                    return
                claimed[due.id] += 1
                sending = ledger.claims.begin_sending(
                    due, balance_before=Decimal("1.00"), now=now, lease_seconds=LEASE
                )
                step = Step(to_state=DeliveryState.APPLIED, cause=Cause.ANSWERED, detail="done")
                ledger.claims.record(sending, step, now=now)
        except Exception as error:
            failures.append(error)
            raise
        finally:
            ledger.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = 0
    at = now
    while (due_at := bench.ledger.next_due_at()) is not None and left < 100:
        at = max(at, due_at) + timedelta(seconds=1)
        due = bench.claim(at=at)
        if due is not None:
            claimed[due.id] += 1
            bench.record(
                bench.ledger.claims.begin_sending(
                    due, balance_before=Decimal("1.00"), now=at, lease_seconds=LEASE
                ),
                DeliveryState.APPLIED,
                at=at,
            )
        left += 1
    assert failures == []
    assert set(claimed.values()) == {1}
    assert len(claimed) == 40
