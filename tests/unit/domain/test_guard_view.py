"""What the guard sees: expected balances, movements, quiet, what the feed shows and explains."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.guard import Feed, GuardFigures
from adapter.domain.guard_view import (
    FeedLook,
    KnownBalances,
    Move,
    Surroundings,
    feed_says,
    movement_of,
    quiet_since,
    view_of,
)
from adapter.domain.invoice import ExtractedReceipt, ReceiptSearch
from adapter.domain.ledger_life import Gap, LedgerKnowledge
from adapter.domain.work_item import Answer, BalanceReading, State

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
BEGAN = NOW - timedelta(days=30)
ALL_KNOWN = LedgerKnowledge(beginning=BEGAN, gaps=(Gap(start=None, end=BEGAN),))
BEFORE = Decimal("731.37")
MINUTE = timedelta(minutes=1)


def at(minutes):
    return NOW + minutes * MINUTE


def read(minutes, balance):
    return BalanceReading(asked_at=at(minutes), balance=Decimal(balance))


KNOWN = KnownBalances(before=read(-60, BEFORE))


@pytest.fixture
def item(item_of, payment):
    """Return a payment of 31.37 that was paid two hours ago and sent an hour ago."""

    def item(state=State.IN_DOUBT, **fields):
        paid = replace(payment, paid_at=at(-120), amount=Decimal("31.37"))
        usual = {"may_have_left": True, "sent_at": at(-60), "last_answer": Answer.LOST}
        return item_of(state, payload=paid, **{**usual, **fields})

    return item


def around(**fields):
    usual = {"knowledge": ALL_KNOWN, "figures": GuardFigures(), "now": NOW, "known": KNOWN}
    return Surroundings(**{**usual, **fields})


def receipt(number="R-1", *, guid=None, invoice="30254", amount="31.37", minutes=-30, back=None):
    return ExtractedReceipt(
        receipt_id=number,
        invoice_number=invoice,
        reference_number=guid or str(UUID(int=99)),
        amount=Decimal(amount),
        applied_at=at(minutes),
        reversed_at=None if back is None else at(back),
    )


def look(*receipts, as_of=0):
    return FeedLook(search=ReceiptSearch(receipts=receipts, as_of=at(as_of)))


# What the balance would be


def test_our_own_moves_since_are_expected():
    moves = (
        Move(at=at(-90), amount=Decimal("-1.00")),  # already in the reading
        Move(at=at(-40), amount=Decimal("-20.00")),
        Move(at=at(-10), amount=Decimal("5.00")),
    )
    known = replace(KNOWN, moves=moves)
    assert known.expected_at(at(-50)) == BEFORE
    assert known.expected_at(at(-40)) == BEFORE - 20
    assert known.expected_at(NOW) == BEFORE - 15
    assert KnownBalances(moves=moves).expected_at(NOW) is None


def test_a_reading_is_compared_with_what_was_expected_then(item):
    known = replace(KNOWN, moves=(Move(at=at(-5), amount=Decimal("-20.00")),))
    view = view_of(item(), around(known=known, fresh=read(-10, BEFORE)))
    assert (view.expected, view.delta) == (BEFORE, 0)


def test_less_than_a_cent_is_no_movement(item):
    fresh = BalanceReading(asked_at=NOW, balance=BEFORE - Decimal("0.0099"))
    assert view_of(item(), around(fresh=fresh)).is_unmoved


# How it moved


def test_a_movement_lies_between_the_last_unmoved_and_the_first_moved_reading():
    readings = (read(-50, BEFORE), read(-20, "700.00"), read(0, "700.00"))
    movement = movement_of(KNOWN, readings)
    assert movement.bracket == 30 * MINUTE
    assert (movement.first_seen, movement.since) == (at(-20), at(-20))
    assert (movement.was_below, movement.moved_in_between) == (True, False)


def test_another_movement_begins_anew_and_the_bracket_stays():
    readings = (read(-50, BEFORE), read(-20, "720.00"), read(-4, "700.00"))
    movement = movement_of(KNOWN, readings)
    assert (movement.first_seen, movement.since) == (at(-20), at(-4))
    assert movement.bracket == 30 * MINUTE


def test_a_balance_that_moved_and_came_back_is_remembered():
    readings = (read(-50, "756.37"), read(-20, BEFORE))
    movement = movement_of(KNOWN, readings)
    assert movement.moved_in_between
    assert (movement.bracket, movement.since, movement.was_below) == (None, None, False)


@given(st.lists(st.sampled_from(["731.37", "700.00", "720.00", "756.37"]), max_size=6))
def test_a_bracket_stands_exactly_while_the_last_reading_is_moved(balances):
    readings = [read(k - 50, balance) for k, balance in enumerate(balances)]
    movement = movement_of(KNOWN, readings)
    is_moved = bool(balances) and Decimal(balances[-1]) != BEFORE
    assert (movement.bracket is not None) == is_moved
    assert (movement.since is not None) == is_moved
    if is_moved:
        assert movement.first_seen <= movement.since


# Since when it is quiet


def test_quiet_begins_with_the_last_try_or_with_the_end_of_a_gap(item):
    assert quiet_since(item(), ALL_KNOWN) == at(-60)
    assert quiet_since(item(may_have_left=False), ALL_KNOWN) == at(-120)
    forgot = replace(ALL_KNOWN, gaps=(Gap(start=at(-130), end=at(-10)),))
    assert quiet_since(item(), forgot) == at(-10)
    assert quiet_since(item(sent_at=at(-5)), forgot) == at(-5)


def test_what_was_forgotten_after_a_release_takes_it_back(item):
    """Of what was forgotten, a post of this very release may be on its way."""
    released = item(released=True)
    looked = replace(KNOWN, before=read(-30, BEFORE))

    def is_released(gap_end):
        forgot = replace(ALL_KNOWN, gaps=(Gap(start=at(-130), end=at(gap_end)),))
        return view_of(
            released, around(known=looked, knowledge=forgot, fresh=read(0, BEFORE))
        ).released

    assert not is_released(-10)
    assert not is_released(-44)
    assert is_released(-45)
    assert is_released(-126)
    assert view_of(released, around(known=looked)).released
    assert view_of(released, around(known=KnownBalances())).released


@pytest.mark.parametrize(("end", "is_whole"), [(-126, True), (-124, False), (-10, False)])
def test_a_gap_counts_from_five_minutes_before_the_payment(item, end, is_whole):
    forgot = replace(ALL_KNOWN, gaps=(Gap(start=None, end=at(end)),))
    assert view_of(item(), around(knowledge=forgot)).whole is is_whole


def test_what_was_paid_before_the_beginning_is_known_as_such(item):
    view = view_of(item(), around(knowledge=replace(ALL_KNOWN, beginning=at(-119))))
    assert (view.before_beginning, view.whole) == (True, False)


def test_patience_begins_with_the_first_look(item):
    assert view_of(item(), around()).waited == timedelta()
    assert view_of(item(looked_since=at(-20)), around()).waited == 20 * MINUTE


# What the feed shows


@pytest.mark.parametrize(
    ("receipts", "says"),
    [
        ([], Feed.LACKS),
        ([receipt()], Feed.LACKS),
        ([{}], Feed.OURS),
        ([{"amount": "31.00"}], Feed.OTHERWISE),
        ([{}, {"number": "R-2"}], Feed.OTHERWISE),
        ([{"back": -5}], Feed.REVERSED),
        ([{"back": -5}, {"number": "R-2"}], Feed.OURS),
        ([{"invoice": "1"}], Feed.OTHERWISE),
        ([{}, {"invoice": "1"}], Feed.OTHERWISE),
        ([{"invoice": "1", "back": -5}], Feed.LACKS),
        ([{"invoice": "30255"}], Feed.LACKS),
    ],
    ids=str,
)
def test_what_the_feed_says_of_a_payment(item, receipts, says):
    """30255 is another invoice that the same payment pays."""
    paid = item()
    guid = f"{{{paid.payload.payment_guid.upper()}}}"
    rows = [receipt(guid=guid, **r) if isinstance(r, dict) else r for r in receipts]
    known = replace(KNOWN, own_invoices=frozenset({"30254", "30255"}))
    assert feed_says(paid, known, look(*rows)) is says


def test_without_a_feed_or_an_answer_it_shows_nothing(item):
    assert feed_says(item(), KNOWN, None) is Feed.NONE
    assert feed_says(item(), KNOWN, FeedLook(search=None)) is Feed.LACKS


def test_a_feed_is_settled_once_it_reaches_the_settle_time_beyond_quiet(item):
    def settled(as_of):
        return view_of(item(), around(feed=look(as_of=as_of))).feed_is_settled

    assert (settled(-46), settled(-45)) == (False, True)


def test_a_feed_covers_a_movement_once_it_reaches_its_first_reading(item):
    known = replace(KNOWN, readings=(read(-20, "720.00"),))

    def covers(as_of):
        place = around(known=known, fresh=read(0, "720.00"), feed=look(as_of=as_of))
        return view_of(item(), place).feed_covers

    assert (covers(-21), covers(-20)) == (False, True)


@pytest.mark.parametrize(
    ("balance", "receipts", "is_explained"),
    [
        ("711.37", [receipt(amount="20.00")], True),
        ("711.37", [receipt(amount="20.01")], False),
        ("711.37", [receipt(amount="20.00", minutes=-70)], True),  # the reading lagged
        ("711.37", [receipt(amount="20.00", minutes=-76)], False),
        ("700.00", [receipt(amount="31.37")], True),  # another's receipt of the same amount
        ("700.00", [receipt(amount="31.37", minutes=-70)], False),
        ("751.37", [receipt(amount="20.00", minutes=-300, back=-30)], True),
        ("731.37", [receipt(amount="20.00"), receipt(amount="20.00", back=-9)], False),
        ("711.37", [receipt(amount="20.00", invoice="30255")], False),
        ("711.37", [receipt(amount="20.00", guid=str(UUID(int=5)))], False),  # ours
    ],
)
def test_others_receipts_explain_a_movement(item, balance, receipts, is_explained):
    known = replace(KNOWN, own_guids=frozenset({str(UUID(int=5))}))
    place = around(known=known, fresh=read(0, balance), feed=look(*receipts))
    assert view_of(item(), place).is_explained is is_explained
