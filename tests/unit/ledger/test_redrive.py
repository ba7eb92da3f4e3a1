"""A person's hand on an item: one transaction, with its event, its review items and its fence."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.redrive import Finding, ManualResolution
from adapter.domain.work_item import Cause, Evidence, Patience, State
from adapter.errors import BadInputError, LeaseLostError, NotFoundError

APPLIED = ManualResolution(by="ada", finding=Finding.APPLIED, note="seen", receipt_id="1003")
GIVEN_BACK = ManualResolution(by="ada", finding=Finding.GIVEN_BACK, note="voided")
NEVER = ManualResolution(by="ada", finding=Finding.NEVER_APPLIED, note="not there")
# The review that a kind opens when every try was used up and surely nothing arrived.
EXHAUSTED = {
    "payment": ExceptionKind.DEAD,
    "reversal": ExceptionKind.REVERSAL_FAILED,
    "enrollment": ExceptionKind.ENROLLMENT_FAILED,
}


def never(desk):
    """Return that finding as a kind needs it: of a payment, with the balance that was seen."""
    return replace(NEVER, balance=Decimal("500.00")) if desk.name == "payment" else NEVER


def stuck(desk, number=1, **fields):
    """Have an item fail until only a person can help; surely it did not arrive."""
    desk.accept(number, **fields)
    return desk.record(desk.send(), State.NEEDS_PERSON, review=EXHAUSTED[desk.name])


def unclear(bench, number=1, **fields):
    """Have a payment's outcome stay unknown, whatever its evidence says."""
    desk = bench.payments
    desk.accept(number, **fields)
    desk.record(desk.send(), State.IN_DOUBT, next_at=bench.now)
    return desk.record(
        desk.claim(),
        State.NEEDS_PERSON,
        cause=Cause.EVIDENCE,
        review=ExceptionKind.EVIDENCE_UNCLEAR,
        may_have_left=True,
    )


def retry(desk, item, *, at=None, **options):
    return desk.redrive.retry(item, by="ada", now=at or desk.bench.now, **options)


def resolve(desk, item, found, *, at=None):
    return desk.redrive.resolve(item, found, now=at or desk.bench.now, settle_seconds=120)


def test_what_needs_a_person_is_due_again_and_its_review_is_closed(desk):
    first = stuck(desk)
    before = desk.events(first)
    again = retry(desk, first)
    assert (again.state, again.attempts, again.review) == (State.RETRYING, 0, None)
    assert again.next_at == again.accepted_at
    *earlier, event = desk.events(again)
    assert tuple(earlier) == before, "events are only added"
    assert (event.from_state, event.cause) == (State.NEEDS_PERSON, Cause.PERSON)
    assert "ada" in event.detail
    assert [item.resolution for item in desk.bench.exceptions()] == ["ada sent it again"]
    assert desk.claim().id == again.id


def test_an_unclear_payment_is_looked_for_again_and_keeps_what_evidence_needs(bench):
    first = unclear(bench)
    again = retry(bench.payments, first)
    assert again.state is State.IN_DOUBT
    assert (again.sent_at, again.may_have_left) == (first.sent_at, True)
    assert bench.payments.find(again).balance_before is not None
    assert not bench.exceptions()[0].is_open


def test_patience_begins_again_when_a_person_has_it_looked_for_again(bench, later):
    desk = bench.payments
    desk.accept()
    desk.record(desk.send(), State.IN_DOUBT, next_at=bench.now)
    since = later(5)
    for _ in range(2):
        waited = desk.outbox.put_off(
            desk.claim(at=later(9)),
            until=later(9),
            reason="not yet",
            now=since,
            patience=Patience(looked_since=since, feed_lacked_since=since),
        )
        assert (waited.looked_since, waited.feed_lacked_since) == (since, since)
    last = desk.record(
        desk.claim(at=later(9)),
        State.NEEDS_PERSON,
        review=ExceptionKind.EVIDENCE_UNCLEAR,
        may_have_left=True,
    )
    again = retry(desk, last)
    assert (again.looked_since, again.feed_lacked_since) == (None, None)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.WAITING, "it is not sent yet"),
        (State.SENDING, "it is being sent right now"),
        (State.IN_DOUBT, "its answer was lost"),
        (State.UNCONFIRMED, "has not said what came of it"),
        (State.DONE, "the partner has it"),
        (State.SUPERSEDED, "it is superseded"),
    ],
)
def test_a_refusal_says_why_and_changes_nothing(desk, state, words):
    item = desk.accept()
    if state is not State.WAITING:
        item = desk.send()
    if state not in {State.WAITING, State.SENDING}:
        item = desk.record(item, state, next_at=desk.bench.now)
    before, events = desk.find(item), desk.events(item)
    with pytest.raises(BadInputError, match=words):
        retry(desk, item)
    assert (desk.find(item), desk.events(item)) == (before, events)
    assert desk.redrive.retry_all(by="ada", now=desk.bench.now) == ((), ())


def test_what_is_gone_is_not_found(desk):
    gone = replace(desk.accept(), id=77)
    with pytest.raises(NotFoundError, match=f"the {gone.kind} 77 is gone"):
        retry(desk, gone)


def test_everything_that_failed_is_sent_again_but_what_must_not_be(desk, later):
    first = stuck(desk, 1, lane="1")
    desk.accept(2, lane="2")
    second = desk.record(desk.send(), State.RETRYING, next_at=later(600))
    desk.accept(3, lane="3", at=later(9))
    done, refused = desk.redrive.retry_all(by="ada", now=later(5), biller="another-carrier")
    assert (done, refused) == ((), ())
    done, refused = desk.redrive.retry_all(by="ada", now=later(5))
    assert ([item.id for item in done], refused) == ([first.id, second.id], ())


def test_a_persons_finding_is_final_marked_and_closes_its_review(desk):
    found = APPLIED if desk.name == "payment" else replace(APPLIED, receipt_id=None)
    applied = resolve(desk, stuck(desk), found)
    assert (applied.state, applied.evidence) == (State.DONE, Evidence.PERSON)
    assert (applied.receipt_id, applied.next_at) == (found.receipt_id, None)
    assert applied.done_at == desk.bench.now
    assert desk.events(applied)[-1].cause is Cause.PERSON
    assert desk.bench.exceptions()[0].resolution == "ada: seen"
    with pytest.raises(BadInputError, match="the partner has it"):
        resolve(desk, applied, never(desk))


def test_a_holder_of_the_item_records_nothing_any_more(desk, later):
    desk.accept()
    desk.record(desk.send(), State.IN_DOUBT, next_at=desk.bench.now)
    held = desk.claim()
    with pytest.raises(BadInputError, match="it is being looked at right now"):
        resolve(desk, held, APPLIED, at=later(50))
    resolve(desk, held, APPLIED, at=later(100))  # the lease is over
    with pytest.raises(LeaseLostError):
        desk.record(held, State.RETRYING)


def test_never_applied_sends_it_again_before_what_waited_behind_it(bench):
    desk = bench.payments
    first = unclear(bench)
    behind = desk.accept(2)
    assert desk.claim() is None
    assert desk.find(behind).last_error.endswith("which waits for a person")
    settled = bench.now + timedelta(seconds=120)
    again = resolve(desk, first, never(desk), at=settled)
    assert (again.state, again.may_have_left, again.released) == (State.RETRYING, True, True)
    assert desk.find(again).balance_before == Decimal("500.00")
    sent = desk.send(at=settled)
    assert (sent.id, sent.released) == (first.id, False)
    desk.record(sent, State.DONE, at=settled)
    assert desk.claim(at=settled).id == behind.id


def test_what_was_given_back_frees_its_invoice_and_is_never_posted(bench):
    desk = bench.payments
    first, behind = unclear(bench), desk.accept(2)
    bench.answer(bench.exceptions()[0], "voided")
    assert desk.claim() is None, "its exception alone frees nothing"
    settled = bench.now + timedelta(seconds=120)
    ended = resolve(desk, first, GIVEN_BACK, at=settled)
    assert (ended.state, ended.may_have_left, ended.next_at) == (State.GIVEN_BACK, False, None)
    assert desk.claim(at=settled).id == behind.id


def test_a_request_that_may_still_arrive_is_not_called_never_applied(desk, later):
    desk.accept()
    doubt = desk.record(desk.send(), State.IN_DOUBT, next_at=later(120))
    with pytest.raises(BadInputError, match="may still arrive"):
        resolve(desk, doubt, never(desk), at=later(119))
    assert resolve(desk, doubt, never(desk), at=later(120)).state is State.RETRYING


def test_what_was_asked_about_the_content_or_another_item_stays_open(desk):
    first = stuck(desk)
    subject = desk.kind.subject(first.reference)
    for kind, reference in (
        (ExceptionKind.MISMATCH, first.reference),
        (ExceptionKind.SETTING_OVERDUE, "another"),
        (ExceptionKind.SETTING_OVERDUE, first.reference),
    ):
        desk.bench.ask(kind, **subject, reference=reference)
    retry(desk, first)
    is_open = [(item.kind, item.reference) for item in desk.bench.exceptions() if item.is_open]
    assert is_open == [
        (ExceptionKind.MISMATCH, first.reference),
        (ExceptionKind.SETTING_OVERDUE, "another"),
    ]
