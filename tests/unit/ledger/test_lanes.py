"""Lanes: what must not overlap goes one at a time, and the database refuses the rest (0009)."""

import pytest
from sqlalchemy.exc import IntegrityError

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.redrive import Finding, ManualResolution
from adapter.domain.work_item import State
from adapter.errors import LeaseLostError
from adapter.ledger.outbox import LOST_RACES_MAX
from adapter.ledger.schema import work_items
from adapter.ledger.store import ConcurrentWriteError

HOUR = 3600
LEASE = 90
# How far an item came, what else its last step said, and when those behind it are looked at.
HOLDING = {
    "waiting, claimed": ({}, LEASE),
    "sending": ({}, LEASE),
    "in_doubt": ({"next_at": 500}, 500),
    "unconfirmed": ({"next_at": 500}, 500),
    "retrying": ({"next_at": 500, "may_have_left": True}, 500),
    "needs_person": ({"may_have_left": True}, HOUR),
}
# Of a setting's changes the newer one ends an older one that is at rest: see below.
ENDED_BY_A_NEWER = {"retrying", "needs_person"}
LETTING = {"done": {}, "retrying": {"next_at": 500}, "needs_person": {}, "superseded": {}}
PAYMENT_AND_REVERSAL = [("payments", "reversals"), ("reversals", "payments")]
SAME_KIND = [(name, name) for name in ("payments", "reversals", "enrollments")]


@pytest.fixture(params=[*SAME_KIND, *PAYMENT_AND_REVERSAL], ids=" before ".join)
def pair(request, bench):
    """Return the desks of an item and of another one behind it in its lane."""
    return tuple(getattr(bench, name) for name in request.param)


def bring(desk, word, later, number=1, **fields):
    """Have an item come so far, and return it."""
    desk.accept(number)
    item = desk.claim()
    if word.startswith("waiting"):
        return item
    item = desk.begin(item)
    named = {k: later(v) if k.endswith("_at") else v for k, v in fields.items()}
    return item if word == "sending" else desk.record(item, State(word), **named)


@pytest.mark.parametrize("word", HOLDING)
def test_one_waits_for_what_holds_its_lane(pair, later, word):
    first, second = pair
    fields, free_at = HOLDING[word]
    if first.kind.rank and word in ENDED_BY_A_NEWER:
        word, fields, free_at = "unconfirmed", {"next_at": 7}, 7
    holder = bring(first, word, later, **fields)
    behind = second.accept(2)
    assert second.claim() is None
    waiting = second.find(behind)
    assert (waiting.state, waiting.attempts, waiting.next_at) == (State.WAITING, 0, later(free_at))
    stands = {"needs_person": ", which waits for a person", "waiting, claimed": ", waiting"}
    assert waiting.last_error == (
        f"waits for {holder.kind} {holder.reference}{stands.get(word, f', {word}')}"
    )
    assert second.claim(at=later(free_at - 1)) is None
    assert second.items.holder(waiting, now=later(0)).id == holder.id


@pytest.mark.parametrize("pair", PAYMENT_AND_REVERSAL, indirect=True, ids=" before ".join)
def test_one_behind_another_that_is_due_right_now_is_looked_at_a_moment_later(pair, later):
    """So that looking comes to an end."""
    first, second = pair
    bring(first, "retrying", later, next_at=0, may_have_left=True)
    behind = second.accept(2)
    assert second.claim() is None
    assert second.find(behind).next_at == later(1)


@pytest.mark.parametrize("word", LETTING)
def test_one_goes_past_what_surely_did_not_leave_or_is_finished(pair, later, word):
    first, second = pair
    bring(first, word, later, **LETTING[word])
    behind = second.accept(2)
    assert second.claim().id == behind.id
    assert second.items.holder(behind, now=later(0)) is None


def test_other_lanes_and_billers_do_not_wait_nor_do_settings_for_invoices(bench, desk, later):
    bench.ask(ExceptionKind.INVOICE_REFUSED, invoice_number="30254")  # it is about no payment
    bring(desk, "in_doubt", later, next_at=500)
    desk.accept(2, lane="30255")
    desk.accept(3, biller="another-carrier")
    stranger = bench.payments if desk.name == "enrollment" else bench.enrollments
    stranger.accept(4)
    assert desk.claim(biller="another-carrier").id == 3
    assert [stranger.claim().id, desk.claim().id] == [4, 2]


def test_the_end_of_one_wakes_what_waits_behind_it(pair, later):
    first, second = pair
    bring(first, "unconfirmed", later, next_at=100)
    behind = second.accept(2)
    elsewhere = second.accept(3, lane="30255", at=later(500))
    assert second.claim() is None
    assert second.find(behind).next_at == later(100)
    holder = first.claim(at=later(100))
    assert second.claim(at=later(100)) is None  # put off once more, to the end of the look
    assert second.find(behind).next_at == later(100 + LEASE)
    first.record(holder, State.DONE, at=later(102))
    assert second.find(behind).next_at == later(102)
    assert second.claim(at=later(102)).id == behind.id
    assert second.find(elsewhere) == elsewhere


@pytest.mark.parametrize("word", sorted(ENDED_BY_A_NEWER))
def test_one_on_the_way_of_a_kind_that_settles_frees_its_lane_by_then(bench, later, word):
    """Another value must not arrive before the one that was sent first."""
    desk = bench.enrollments
    first = bring(desk, word, later, next_at=5, settles_at=120, may_have_left=True)
    assert desk.items.holder(first, now=later(5)) is None  # its own request holds nothing back
    newer = desk.accept(2, enrolled=False)
    superseded = desk.find(first)
    assert (superseded.state, superseded.may_have_left) == (State.SUPERSEDED, True)
    assert desk.claim(at=later(5)) is None
    waiting = desk.find(newer)
    assert waiting.next_at == later(120)
    assert waiting.last_error == f"waits for enrollment {first.reference}, superseded"
    assert desk.items.holder(newer, now=later(119)).id == first.id
    assert desk.items.holder(newer, now=later(120)) is None
    assert desk.claim(at=later(120)).id == newer.id
    assert not desk.find(first).may_have_left


def test_what_fails_and_is_old_by_now_holds_its_lane_until_it_has_settled(bench, later):
    desk = bench.enrollments
    sending = bring(desk, "sending", later)
    newer = desk.accept(2)
    assert desk.claim() is None
    fields = {"next_at": later(5), "settles_at": later(120), "may_have_left": True}
    ended = desk.record(sending, State.RETRYING, review=desk.kind.reviews[0], **fields)
    assert (ended.state, bench.exceptions()) == (State.SUPERSEDED, ())
    assert desk.find(newer).next_at == later(LEASE)  # which is before it has settled
    assert desk.claim(at=later(LEASE)) is None
    assert desk.claim(at=later(120)).id == newer.id


@pytest.mark.parametrize("name", ["payments", "reversals"])
def test_one_whose_outcome_nobody_knows_holds_its_lane_until_a_person_says_it(bench, later, name):
    """Resolving its review item alone does not free the lane: money may have moved."""
    desk = getattr(bench, name)
    stuck = bring(desk, "sending", later)
    review = desk.kind.reviews[2]
    stuck = desk.record(stuck, State.NEEDS_PERSON, may_have_left=True, review=review)
    others = bench.payments.accept(2), bench.reversals.accept(3)
    bench.answer(bench.exceptions()[0], at=later(1))
    for desk_behind, item in zip((bench.payments, bench.reversals), others, strict=True):
        assert desk_behind.claim(at=later(HOUR)) is None
        assert desk_behind.find(item).last_error == (
            f"waits for {stuck.kind} {stuck.reference}, which waits for a person"
        )
    found = ManualResolution(by="ada", finding=Finding.APPLIED, note="seen", receipt_id="7")
    desk.redrive.resolve(stuck, found, now=later(HOUR), settle_seconds=120)
    assert bench.payments.claim(at=later(HOUR)).id == others[0].id


def test_an_open_review_of_a_payment_holds_payments_back_until_it_is_resolved(bench, later):
    desk = bench.payments
    desk.accept(1)
    kind = ExceptionKind.NOT_APPLIED
    first = desk.record(desk.send(), State.NEEDS_PERSON, review=kind)
    second, _third = desk.accept(2), desk.accept(3)
    assert desk.claim() is None
    held = desk.find(second)
    assert (held.state, held.next_at) == (State.WAITING, later(HOUR))
    assert held.last_error == (
        f"waits for a person: payment {first.payload.payment_guid} on the same invoice is an "
        "exception (not_applied)"
    )
    assert desk.claim(at=later(HOUR)) is None
    bench.reversals.accept(4)
    assert bench.reversals.claim(at=later(HOUR)).id == 4  # it is for payments only
    bench.reversals.record(bench.reversals.claim(at=later(2 * HOUR)), State.NEEDS_PERSON)
    bench.answer(bench.exceptions()[0], at=later(2 * HOUR))
    assert desk.claim(at=later(2 * HOUR)).id == second.id


def test_one_that_slept_over_its_lease_may_not_post_past_a_new_review(bench, later):
    desk = bench.payments
    desk.accept(1)
    slept = desk.claim()
    about = {"payment_guid": slept.payload.payment_guid, "invoice_number": "30254"}
    bench.ask(ExceptionKind.MISMATCH, at=later(10), **about)
    assert desk.claim(at=later(LEASE)) is None
    with pytest.raises(LeaseLostError):
        desk.begin(slept, at=later(LEASE + 1))
    found = desk.find(slept)
    assert (found.state, found.lease_owner) == (State.WAITING, None)


@pytest.mark.parametrize("state", [State.IN_DOUBT, State.UNCONFIRMED])
def test_evidence_is_looked_for_whatever_else_is_open(bench, later, state):
    desk = bench.payments
    doubt = bring(desk, state.value, later, next_at=120)
    about = {"payment_guid": doubt.payload.payment_guid, "invoice_number": "30254"}
    bench.ask(ExceptionKind.MISMATCH, **about)
    assert desk.claim(at=later(120)).id == doubt.id


@pytest.mark.parametrize("name", ["payments", "reversals"])
def test_many_behind_each_other_all_go_in_their_order(bench, later, name):
    desk = getattr(bench, name)
    accepted = [desk.accept(number).id for number in range(1, 31)]
    order = []
    for second in range(30):
        sending = desk.send(at=later(second))
        assert desk.claim(at=later(second)) is None
        order.append(sending.id)
        desk.record(sending, State.DONE, at=later(second))
    assert order == accepted


@pytest.mark.parametrize("word", ["waiting, claimed", "in_doubt", "needs_person"])
def test_the_database_itself_refuses_another_on_its_way_in_the_lane(pair, sql, later, word):
    """Even a worker that never asked, or a person with a database tool, cannot do that."""
    first, second = pair
    bring(first, word, later, settles_at=500, **HOLDING[word][0])
    behind = second.accept(2)
    for on_its_way in ("lease_owner = 'me'", "may_have_left = TRUE"):
        with pytest.raises(IntegrityError, match=r"work_items_one_in_a_lane|work_items\.lane"):
            sql(
                f"UPDATE work_items SET state = 'sending', {on_its_way} WHERE id = :id",  # noqa: S608
                id=behind.id,
            )
    names = [column.name for column in work_items.c if column.name != "id"]
    changed = {"reference": "'another'", "state": "'sending'", "may_have_left": "TRUE"}
    values = ", ".join(changed.get(name, name) for name in names)
    copy = f"SELECT {values} FROM work_items WHERE id = :id"  # noqa: S608
    with pytest.raises(IntegrityError, match=r"work_items_one_in_a_lane|work_items\.lane"):
        sql(f"INSERT INTO work_items ({', '.join(names)}) {copy}", id=behind.id)
    # At rest they may lie behind each other, and in another lane be on their way.
    sql(
        "UPDATE work_items SET lane = 'elsewhere', may_have_left = TRUE WHERE id = :id",
        id=behind.id,
    )
    sql("UPDATE work_items SET may_have_left = FALSE WHERE id = :id", id=behind.id)


def test_a_claim_that_overlooks_the_holder_of_its_lane_is_refused_too(pair, later, monkeypatch):
    """What the database refuses is looked at again, and given up after many times."""
    first, second = pair
    bring(first, "sending", later)
    behind = second.accept(2)
    looks = []
    monkeypatch.setattr("adapter.ledger.lanes.holder_of", lambda *asked: looks.append(asked))
    with pytest.raises(ConcurrentWriteError):
        second.claim()
    assert len(looks) == LOST_RACES_MAX
    assert second.find(behind) == behind


@pytest.mark.parametrize(
    "names",
    [["payments"], ["reversals"], ["enrollments"], ["payments", "reversals"]],
    ids=" and ".join,
)
def test_workers_at_once_never_claim_two_of_a_lane(bench, at_once, names):
    """The one that is claimed first goes, and the others wait."""
    desks = [getattr(bench, name) for name in names]
    for number in range(1, 13):
        for desk in desks:
            desk.accept(number, lane=str(number % 6))

    def work(desk):
        claimed = []
        while (item := desk.claim()) is not None:
            claimed.append(item.lane.rpartition(":")[2])
        return claimed

    found = at_once(*[lambda desk=desk: work(desk) for desk in desks * (4 // len(desks))])
    assert sorted(lane for claimed in found for lane in claimed) == ["0", "1", "2", "3", "4", "5"]
