"""The outbox of every kind: claims, leases and fences, and what is recorded under them."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import (
    TRANSITIONS,
    BalanceReading,
    Cause,
    Evidence,
    State,
    Step,
)
from adapter.errors import LeaseLostError
from adapter.ledger import open_ledger

LEASE = 90.0
SETTLE = 120.0
OVERDUE = ExceptionKind.SETTING_OVERDUE


def test_a_claim_leases_the_item_raises_its_fence_and_changes_nothing_else(desk, later):
    accepted = desk.accept()
    claimed = desk.claim()
    lease = {
        "lease_owner": desk.bench.ledger.worker,
        "lease_until": later(LEASE),
        "next_at": later(LEASE),
        "fence": 1,
    }
    assert claimed == desk.find(accepted) == replace(accepted, **lease)
    assert desk.claim(at=later(LEASE - 1)) is None
    assert len(desk.events(claimed)) == 1


def test_what_is_due_first_is_claimed_first(desk, later):
    for number, seconds in ((1, 3), (2, 1), (3, 2), (4, 1)):
        desk.accept(number, at=later(seconds), lane=str(number))
    assert desk.claim() is None
    assert [desk.claim(at=later(5)).id for _ in range(4)] == [2, 4, 3, 1]
    assert desk.claim(at=later(5)) is None


def test_one_that_was_claimed_and_not_sent_is_claimed_again(desk, later):
    """A worker that died before `sending` was committed has surely sent nothing."""
    desk.accept()
    dead = desk.claim()
    again = desk.claim(at=later(LEASE))
    assert (again.state, again.fence, again.attempts) == (State.WAITING, dead.fence + 1, 0)
    with pytest.raises(LeaseLostError, match=f"{dead.kind} {dead.reference}"):
        desk.begin(dead, at=later(LEASE))
    with pytest.raises(LeaseLostError):
        desk.record(dead, State.NEEDS_PERSON)
    with pytest.raises(LeaseLostError):
        desk.outbox.put_off(dead, until=later(500), reason="a setting", now=later(LEASE))
    assert desk.find(again) == again
    assert len(desk.events(again)) == 1


def test_sending_is_committed_with_the_time_the_try_and_the_balance(desk, later):
    desk.accept()
    sending = desk.begin(desk.claim(), at=later(1))
    assert sending.state is State.SENDING
    assert (sending.attempts, sending.sent_at, sending.may_have_left) == (1, later(1), True)
    assert sending.lease_until == sending.next_at == later(1 + LEASE)
    found = desk.find(sending)
    assert found == replace(sending, balance_before=Decimal("731.37"))
    event = desk.events(sending)[-1]
    assert (event.from_state, event.to_state) == (State.WAITING, State.SENDING)
    assert (event.cause, event.attempt, event.detail) == (Cause.SENT, 1, "about to leave")


@pytest.mark.parametrize("state", sorted(TRANSITIONS[State.SENDING], key=lambda s: s.value))
def test_a_step_is_recorded_with_its_event_and_ends_the_lease(desk, later, state):
    desk.accept()
    after = desk.record(desk.send(), state, at=later(5), next_at=later(60), detail="why")
    is_done = state is State.DONE
    assert desk.find(after) == replace(after, balance_before=Decimal("731.37"))
    assert (after.state, after.next_at, after.attempts) == (state, later(60), 1)
    assert (after.lease_owner, after.lease_until) == (None, None)
    assert (after.done_at, after.last_error) == ((later(5), "") if is_done else (None, "why"))
    known = (after.receipt_id, after.evidence)
    assert known == (("R-1", Evidence.ANSWER) if is_done else (None, None))
    assert after.may_have_left == (state in {State.IN_DOUBT, State.UNCONFIRMED})
    event = desk.events(after)[-1]
    assert (event.at, event.from_state, event.to_state) == (later(5), State.SENDING, state)
    assert (event.detail, event.attempt, event.review) == ("why", 1, None)


def test_a_review_item_names_what_it_is_about_and_another_step_settles_it(desk, later):
    review, subject = desk.kind.reviews[0], desk.kind.subject(desk.accept().reference)
    asking = desk.record(desk.send(), State.IN_DOUBT, next_at=later(60), review=review)
    (item,) = desk.bench.exceptions()
    assert (item.kind, item.detail, item.is_open) == (review, "now in_doubt", True)
    assert item.reference == asking.reference
    assert item.payment_guid == subject.get("payment_guid")
    assert item.invoice_number == subject.get("invoice_number")
    assert asking.review is None  # no person is needed yet
    assert desk.events(asking)[-1].review is review
    other = desk.kind.reviews[1]
    stuck = desk.record(desk.claim(at=later(60)), State.NEEDS_PERSON, review=other)
    assert (stuck.review, stuck.next_at, desk.bench.ledger.next_due_at(desk.kind)) == (
        other,
        None,
        None,
    )
    assert desk.claim(at=later(10**6)) is None
    (settled, item) = desk.bench.exceptions()
    assert settled.resolution == "it was settled after all"
    assert (item.kind, item.is_open) == (other, True)


def test_a_lease_that_ended_in_sending_takes_the_step_of_its_kind(desk, later):
    """It may have left, so it is never just claimed for another request."""
    desk.accept()
    sending = desk.send()
    assert desk.expire(at=later(LEASE - 1)) == 0
    assert desk.claim(at=later(LEASE)) is None
    # Until now the request may have been under way, however long ago `sending` was committed.
    assert desk.expire(at=later(9999), settle_seconds=SETTLE) == 1
    found = desk.find(sending)
    assert (found.state, found.next_at) == (State.IN_DOUBT, later(9999 + SETTLE))
    assert (found.sent_at, found.fence) == (later(9999), sending.fence + 1)
    event = desk.events(found)[-1]
    assert (event.cause, event.detail) == (Cause.LEASE_EXPIRED, "answer lost after sending")
    assert desk.expire(at=later(99999)) == 0
    with pytest.raises(LeaseLostError, match=sending.reference):
        desk.record(sending, State.DONE, at=later(9999))
    assert (desk.find(sending), desk.events(sending)[-1]) == (found, event)
    other = open_ledger(desk.bench.url)  # no owner of a lease survives its process
    claimed = other.outbox(desk.kind).claim_due(
        desk.biller, now=later(9999 + SETTLE), lease_seconds=LEASE
    )
    assert (claimed.state, claimed.lease_owner) == (State.IN_DOUBT, other.worker)
    assert other.worker != desk.bench.ledger.worker
    other.close()


def test_putting_off_changes_no_state_and_writes_no_event(desk, now, later):
    desk.accept()
    put_off = desk.outbox.put_off(desk.claim(), until=later(300), reason="later", now=now)
    assert desk.find(put_off) == put_off
    assert (put_off.state, put_off.next_at) == (State.WAITING, later(300))
    assert (put_off.attempts, put_off.last_error) == (0, "later")
    assert (put_off.lease_owner, put_off.lease_until) == (None, None)
    assert len(desk.events(put_off)) == 1


def test_overdue_evidence_is_reviewed_once_for_each_request(desk, later):
    def look(seconds):
        desk.outbox.put_off(
            desk.claim(at=later(seconds)),
            until=later(seconds + SETTLE),
            reason="no evidence",
            now=later(seconds),
            overdue=OVERDUE,
        )
        return [(item.kind, item.is_open) for item in desk.bench.exceptions()]

    desk.accept()
    desk.record(desk.send(), State.IN_DOUBT, next_at=later(SETTLE))
    assert look(SETTLE) == look(2 * SETTLE) == [(OVERDUE, True)]
    desk.bench.answer(desk.bench.exceptions()[0])
    assert look(3 * SETTLE) == [(OVERDUE, False)], "a person knows of it"
    at = later(999)
    desk.record(desk.claim(at=at), State.RETRYING, at=at, next_at=at)
    desk.record(desk.send(at=at), State.IN_DOUBT, at=at, next_at=at)
    assert look(999) == [(OVERDUE, False), (OVERDUE, True)]
    desk.record(desk.claim(at=later(9999)), State.DONE, at=later(9999))
    assert desk.bench.exceptions()[1].resolution == "it was settled after all"


def test_every_balance_is_kept_and_only_that_before_a_request_counts(desk, sql, later):
    desk.accept()
    desk.record(desk.send(), State.IN_DOUBT, next_at=later(1))
    looked = BalanceReading(asked_at=later(1), balance=Decimal("5.00"))
    first = desk.outbox.put_off(
        desk.claim(at=later(1)), until=later(2), reason="none", now=later(1), reading=looked
    )
    step = Step(to_state=State.DONE, cause=Cause.EVIDENCE, detail="found")
    desk.outbox.record(desk.claim(at=later(2)), step, now=later(2), reading=looked)
    assert desk.find(first).balance_before == Decimal("731.37")
    kept = sql("SELECT balance, is_before FROM balance_readings ORDER BY id").all()
    assert kept == [(73137, True), (500, False), (500, False)]


def test_what_a_request_is_judged_by_stays_once_one_may_have_left(desk, later):
    """A later reading may show what the first request did."""
    desk.accept()
    sent = desk.send()
    never_left = desk.record(sent, State.RETRYING, next_at=later(1))
    assert not never_left.may_have_left
    read = BalanceReading(asked_at=later(1), balance=Decimal("700.00"))
    second = desk.begin(desk.claim(at=later(1)), at=later(1), reading=read)
    assert desk.find(second).balance_before == Decimal("700.00")
    desk.record(second, State.RETRYING, next_at=later(2), may_have_left=True)
    read = BalanceReading(asked_at=later(2), balance=Decimal("600.00"))
    third = desk.begin(desk.claim(at=later(2)), at=later(2), reading=read)
    assert desk.find(third).balance_before == Decimal("700.00")


def test_everything_due_waits_for_a_setting_without_losing_a_try(desk, now, later):
    for number in (1, 2, 3):
        desk.accept(number, lane=str(number))
    desk.accept(4, at=later(10), lane="4")
    desk.accept(5, biller="another-carrier")
    leased = desk.claim()
    assert desk.outbox.postpone_due(desk.biller, now=now, until=later(300), reason="13") == 2
    assert desk.claim(biller="another-carrier") is not None
    assert desk.find(leased) == leased
    rows = {
        item.id: (item.next_at, item.last_error, item.attempts)
        for item in desk.items.page(limit=9, biller=desk.biller)
        if item.id != leased.id
    }
    assert rows == {
        2: (later(300), "13", 0),
        3: (later(300), "13", 0),
        4: (later(10), "", 0),
    }


def test_the_next_moment_to_look_is_known_for_some_billers_or_all(bench, desk, later):
    assert desk.bench.ledger.next_due_at(desk.kind) is None
    desk.accept(1, at=later(5))
    desk.accept(2, at=later(3), biller="another-carrier")
    assert desk.bench.ledger.next_due_at(desk.kind) == later(3)
    assert desk.bench.ledger.next_due_at(desk.kind, [desk.biller]) == later(5)
    assert desk.bench.ledger.next_due_at(
        desk.kind, [desk.biller, "another-carrier", "third"]
    ) == later(3)
    assert desk.bench.ledger.next_due_at(desk.kind, []) is None
    desk.claim(at=later(5))
    assert desk.bench.ledger.next_due_at(desk.kind, [desk.biller]) == later(5 + LEASE)
    others = {bench.payments, bench.reversals, bench.enrollments}
    waiting = [other for other in others if bench.ledger.next_due_at(other.kind) is not None]
    assert [other.name for other in waiting] == [desk.name]


def test_several_due_are_more_than_one_of_a_kind_and_biller(bench, desk, now, later):
    asked = [(1, {}), (2, {"biller": "another-carrier", "lane": "2"})]
    asked.append((3, {"lane": "3", "at": later(1)}))
    for number, fields in asked:
        desk.accept(number, **fields)
    other = bench.payments if desk.name != "payment" else bench.reversals
    other.accept(4, lane="4")
    assert not desk.bench.ledger.are_several_due(desk.kind, desk.biller, now=now)
    assert desk.bench.ledger.are_several_due(desk.kind, desk.biller, now=later(1))


@pytest.mark.parametrize("state", list(State))
def test_only_the_steps_of_the_table_are_recorded(bench, state):
    bench.payments.accept()
    item = replace(bench.payments.claim(), state=state)
    for wrong in set(State) - TRANSITIONS.get(state, frozenset()):
        with pytest.raises(ValueError, match="is never followed by"):
            bench.payments.record(item, wrong)
    assert len(bench.payments.events(item)) == 1


def test_long_words_are_cut(desk, now):
    desk.accept()
    words = "x" * 100_000
    review = desk.kind.reviews[0]
    done = desk.record(desk.send(), State.IN_DOUBT, next_at=now, detail=words, review=review)
    put_off = desk.outbox.put_off(desk.claim(), until=now, reason=words, now=now)
    kept = (done.last_error, desk.events(done)[-1].detail, put_off.last_error)
    assert {len(text) for text in (*kept, desk.bench.exceptions()[0].detail)} == {2000}


def test_many_workers_send_each_item_once(desk, now, at_once):
    """Also across ledger objects, as of several processes on one database."""
    for number in range(1, 41):
        desk.accept(number, lane=str(number % 20))
    sent = Counter()

    def work(at=now):
        ledger = open_ledger(desk.bench.url)
        outbox = ledger.outbox(desk.kind)
        step = Step(to_state=State.DONE, cause=Cause.ANSWERED, detail="done")
        while (item := outbox.claim_due(desk.biller, now=at, lease_seconds=LEASE)) is not None:
            sent[item.id] += 1
            sending = outbox.begin_sending(item, detail="sent", now=at, lease_seconds=LEASE)
            outbox.record(sending, step, now=at)
        ledger.close()

    at_once(*[work] * 4)
    at = now
    while (due_at := desk.bench.ledger.next_due_at(desk.kind)) is not None:
        at = max(at, due_at) + timedelta(seconds=1)
        work(at)
    superseded = desk.items.newest(limit=99, states=[State.SUPERSEDED])
    assert len(sent) + len(superseded) == 40
    assert set(sent.values()) == {1}
    assert len(superseded) == (20 if desk.kind.rank else 0)
