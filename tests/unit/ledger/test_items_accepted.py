"""Accepting: on disk once, whatever the kind; where only the newest counts, the others rest."""

import itertools
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapter.domain.enrollment import EnrollmentKind
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import Cause, Source, State
from adapter.errors import BadInputError, ContentConflictError, LedgerError
from adapter.ledger import open_ledger

WAITING, SUPERSEDED = State.WAITING, State.SUPERSEDED
# Other content under a reference that is known, and what the conflict says of it.
CONFLICTS = [
    ("payments", {"amount": Decimal("731.38")}, "amount: reported 731.38, posted 731.37"),
    ("payments", {"account_number": "7"}, "account_number: reported 7, posted 1204117"),
    ("reversals", {"amount": Decimal("1.00")}, r"of another amount.*\(R01 of 731.37\)"),
    ("reversals", {"code": "R02"}, r"was R02 of another.*\(R01 of 731.37\)"),
    ("enrollments", {"enrolled": False}, "enrolled: sent False, known True"),
    ("enrollments", {"account_number": "7"}, "account_number: sent 7, known 30254"),
    ("enrollments", {"kind": EnrollmentKind.AUTOPAY}, "kind: sent autopay, known paperless"),
]


def test_an_accepted_item_is_on_disk_and_whole(desk, now):
    accepted = desk.accepted(correlation_id="c-1")
    item = accepted.item
    assert not accepted.repeated
    other = open_ledger(desk.bench.url)  # as another process would see it
    assert other.items(desk.kind).find(item.biller, item.reference) == item
    other.close()
    assert (item.payload, item.kind) == (desk.payload(), desk.name)
    assert (item.reference, item.lane) == (
        desk.kind.reference(item.payload),
        desk.kind.lane(item.payload),
    )
    assert (item.state, item.attempts, item.fence, item.may_have_left) == (WAITING, 0, 0, False)
    assert (item.accepted_at, item.next_at, item.confirmed_at) == (now, now, None)
    assert item.correlation_id == "c-1"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (Source.DATA_PUMP, "received from the data pump"),
        (Source.PAYMENT_REPORT, "missing here and found in Invoice Cloud's payment report"),
        (Source.CUSTOMER_REPORT, "found in Invoice Cloud's customer report"),
        (Source.REJECT_REPORT, "found in Invoice Cloud's reject report"),
    ],
)
def test_accepting_is_the_first_event_and_says_who_reported_it(desk, now, source, words):
    item = desk.accept(source=source)
    (event,) = desk.events(item)
    assert (event.at, event.from_state, event.to_state) == (now, None, WAITING)
    assert (event.cause, event.attempt) == (Cause.RECEIVED, 0)
    assert words in event.detail
    assert item.source is source
    # What the payment report itself brought needs no second look at the report.
    assert item.confirmed_at == (now if source is Source.PAYMENT_REPORT else None)


def test_the_same_again_answers_the_same(desk, later):
    """Names and messages may change."""
    first = desk.accept(correlation_id="c-1")
    words = {"payment": {"customer_name": "Rene O'Brien"}, "reversal": {"reason": "other words"}}
    how = {"source": Source.PAYMENT_REPORT, "correlation_id": "c-2", **words.get(desk.name, {})}
    again = desk.accepted(at=later(60), **how)
    assert (again.repeated, again.item) == (True, first)
    assert len(desk.events(first)) == 1


@pytest.mark.parametrize(("name", "change", "words"), CONFLICTS)
def test_other_content_under_the_same_reference_is_a_conflict(bench, now, name, change, words):
    desk = getattr(bench, name)
    first = desk.accept()
    other = replace(desk.payload(), **change)
    source = Source.DATA_PUMP
    with pytest.raises(ContentConflictError, match=words):
        desk.outbox.accept(other, source=source, now=now)
    assert desk.find(first) == first


def test_billers_are_apart_and_so_are_the_parts_of_one_guid(bench, desk):
    accepted = [desk.accept(), desk.accept(biller="another-carrier")]
    if desk.name != "enrollment":  # one GUID may name several invoices
        accepted.append(desk.accept(lane="30255"))
    assert len({item.id for item in accepted}) == len(accepted)
    assert {item.state for item in accepted} == {WAITING}
    assert len(desk.items.page(limit=9, biller=bench.biller)) == len(accepted) - 1


@pytest.mark.parametrize(
    ("error", "fields"),
    [(BadInputError, {"approved": False}), (LedgerError, {"amount": Decimal("0.00")})],
    ids=["declined", "refused by the database"],
)
def test_what_is_no_payment_is_not_accepted(bench, error, fields):
    with pytest.raises(error):
        bench.payments.accept(**fields)
    assert bench.payments.items.page(limit=1) == ()


def test_many_doors_at_once_make_one_item(desk, at_once):
    accepted = at_once(*[desk.accepted] * 8)
    assert sorted(each.repeated for each in accepted) == [False, *[True] * 7]
    (item,) = {each.item for each in accepted}
    assert len(desk.events(item)) == 1


@pytest.mark.parametrize("minutes", [1, 0], ids=["one after the other", "at one moment"])
@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_in_whatever_order_they_come_the_newest_waits_and_the_others_rest(
    bench, now, order, minutes
):
    """Of those at one moment, always the same one counts."""
    desk = bench.enrollments
    items = {}
    for number in order:
        changed_at = now + timedelta(minutes=minutes * number)
        items[number] = desk.accept(number, changed_at=changed_at, enrolled=number == 2)
    found = [desk.find(items[number]) for number in (1, 2, 3)]
    assert [item.state for item in found] == [SUPERSEDED, SUPERSEDED, WAITING]
    words = f"superseded by the newer {items[3].reference}"
    assert (found[1].last_error, found[1].next_at) == (words, None)
    event = desk.events(found[1])[-1]
    assert (event.cause, event.detail) == (Cause.SUPERSEDED, words)


@pytest.mark.parametrize("state", [State.RETRYING, State.NEEDS_PERSON])
def test_a_newer_one_ends_one_that_failed_and_closes_its_review(bench, later, state):
    desk = bench.enrollments
    desk.accept(1)
    review = ExceptionKind.ENROLLMENT_FAILED
    failed = desk.record(desk.send(), state, next_at=later(60), review=review)
    desk.accept(2)
    assert desk.find(failed).state is SUPERSEDED
    assert bench.exceptions()[0].resolution == "a newer one counts instead"
    assert desk.claim().id == 2


def test_what_arrived_is_done_though_a_newer_one_is_known(bench):
    desk = bench.enrollments
    desk.accept(1)
    sending = desk.send()
    desk.accept(2)
    assert desk.record(sending, State.DONE).state is State.DONE
    assert desk.claim().id == 2


def test_one_whose_claim_ended_rests_when_a_newer_one_is_known(bench, later):
    desk = bench.enrollments
    desk.accept(1)
    slept = desk.claim()
    newer = desk.accept(2)
    claimed = desk.claim(at=later(90)) or desk.claim(at=later(91))
    assert claimed.id == newer.id
    assert desk.find(slept).state is SUPERSEDED
