"""The guard's table: a payment for each row, and what no view may lead to."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.guard import Act, Feed, GuardFigures, Row, View, decide

FIGURES = GuardFigures()
AMOUNT, BEFORE = Decimal("31.37"), Decimal("731.37")
FELL, OTHER, ROSE = Decimal("700.00"), Decimal("720.00"), Decimal("756.37")
MINUTES_15, HOUR = timedelta(minutes=15), timedelta(hours=1)
DAY = timedelta(days=1)
FIRST = View(amount=AMOUNT, fresh=BEFORE, expected=BEFORE)
# A payment whose answer was lost fifteen minutes ago, and its balance is what it was.
LOST = replace(FIRST, sent=True, quiet=MINUTES_15, waited=MINUTES_15)
MOVED = replace(LOST, fresh=FELL, bracket=HOUR, moved_for=MINUTES_15)
LACKS = replace(LOST, feed=Feed.LACKS, feed_is_settled=True, feed_covers=True)
# Nothing of it has left, and the ledger has forgotten a time since it was paid.
FORGOTTEN = replace(FIRST, whole=False, quiet=MINUTES_15)


@pytest.mark.parametrize(
    ("view", "act", "row"),
    [
        (replace(MOVED, feed=Feed.OURS), Act.APPLIED, Row.IN_FEED),
        (replace(LOST, feed=Feed.OURS, quiet=timedelta()), Act.WAIT, Row.IN_FEED),
        (replace(LOST, feed=Feed.OTHERWISE, released=True), Act.PERSON, Row.OTHERWISE_IN_FEED),
        (replace(LOST, feed=Feed.REVERSED), Act.PERSON, Row.OTHERWISE_IN_FEED),
        (replace(LOST, feed=Feed.REVERSED, released=True), Act.POST, Row.RELEASED),
        (replace(FIRST, before_beginning=True, whole=False), Act.PERSON, Row.BEFORE_BEGINNING),
        (replace(FIRST, before_beginning=True, released=True), Act.POST, Row.RELEASED),
        (replace(FIRST, fresh=None), Act.WAIT, Row.NO_READING),
        (replace(FIRST, fresh=None, waited=30 * DAY), Act.WAIT, Row.NO_READING),
        (replace(LOST, fresh=None, waited=DAY), Act.PERSON, Row.NO_READING),
        (replace(LOST, released=True, quiet=timedelta()), Act.POST, Row.RELEASED),
        (replace(MOVED, released=True), Act.APPLIED, Row.INFERRED),
        (FIRST, Act.POST, Row.FIRST),
        (replace(FIRST, expected=None), Act.POST, Row.FIRST),
        (replace(LOST, quiet=timedelta(minutes=14)), Act.WAIT, Row.SETTLING),
        (replace(FORGOTTEN, quiet=timedelta()), Act.WAIT, Row.SETTLING),
        (replace(LOST, pending=True), Act.WAIT, Row.PENDING),
        (replace(LOST, pending=True, waited=DAY), Act.PERSON, Row.PENDING),
        (replace(MOVED, pending=True), Act.APPLIED, Row.PENDING),
        (replace(MOVED, pending=True, moved_for=timedelta()), Act.WAIT, Row.PENDING),
        (replace(LACKS, pending=True, feed_lacked_for=DAY), Act.WAIT, Row.PENDING),
        (replace(LOST, empty=True), Act.PERSON, Row.NOT_APPLIED),
        (replace(LACKS, empty=True), Act.PERSON, Row.NOT_APPLIED),
        (replace(LOST, like_refusals=3), Act.PERSON, Row.NOT_APPLIED),
        (replace(LOST, like_refusals=2), Act.POST, Row.UNMOVED),
        (LACKS, Act.POST, Row.NOT_IN_FEED),
        (replace(LACKS, fresh=OTHER, is_explained=True), Act.POST, Row.NOT_IN_FEED),
        (replace(LACKS, fresh=ROSE), Act.WAIT, Row.MOVED_OTHERWISE),
        (replace(LACKS, fresh=ROSE, feed_lacked_for=HOUR), Act.POST, Row.MOVED_OTHERWISE),
        (
            replace(LACKS, fresh=ROSE, feed_lacked_for=HOUR, was_below=True),
            Act.PERSON,
            Row.MOVED_OTHERWISE,
        ),
        (replace(LACKS, fresh=FELL, feed_lacked_for=HOUR), Act.PERSON, Row.MOVED_OTHERWISE),
        (replace(LACKS, feed_is_settled=False), Act.WAIT, Row.FEED_LAGS),
        (replace(LACKS, feed_is_settled=False, waited=12 * HOUR), Act.POST, Row.UNMOVED),
        (LOST, Act.POST, Row.UNMOVED),
        (replace(LOST, moved_in_between=True), Act.PERSON, Row.UNDECIDED),
        (replace(LOST, fresh=Decimal(0), expected=Decimal(0)), Act.PERSON, Row.UNDECIDED),
        (FORGOTTEN, Act.POST, Row.UNMOVED),
        (
            replace(FORGOTTEN, fresh=Decimal("31.36"), expected=Decimal("31.36")),
            Act.PERSON,
            Row.UNDECIDED,
        ),
        (MOVED, Act.APPLIED, Row.INFERRED),
        (replace(MOVED, moved_for=timedelta()), Act.WAIT, Row.INFERRED),
        (replace(MOVED, bracket=HOUR * 1.01), Act.PERSON, Row.UNDECIDED),
        (replace(MOVED, sent=False, whole=False), Act.PERSON, Row.UNDECIDED),
        (
            replace(LACKS, fresh=FELL, bracket=HOUR, feed_is_settled=False, waited=12 * HOUR),
            Act.PERSON,
            Row.UNDECIDED,
        ),
        (replace(LOST, fresh=OTHER), Act.PERSON, Row.UNDECIDED),
        (replace(LOST, expected=None), Act.PERSON, Row.UNDECIDED),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, (Act, Row)) else "",
)
def test_a_row(view, act, row):
    verdict = decide(view, FIGURES)
    assert (verdict.act, verdict.row) == (act, row)


TIMES = st.sampled_from([0, 14, 15, 16, 59, 60, 61, 719, 720, 1439, 1440]).map(
    lambda minutes: timedelta(minutes=minutes)
)
BALANCES = st.sampled_from([FELL, BEFORE, OTHER, ROSE, Decimal(0), -AMOUNT])
VIEWS = st.builds(
    View,
    amount=st.just(AMOUNT),
    sent=st.booleans(),
    pending=st.booleans(),
    empty=st.booleans(),
    like_refusals=st.integers(0, 4),
    whole=st.booleans(),
    before_beginning=st.booleans(),
    released=st.booleans(),
    fresh=st.none() | BALANCES,
    expected=st.none() | BALANCES,
    was_below=st.booleans(),
    moved_in_between=st.booleans(),
    bracket=st.none() | TIMES,
    moved_for=TIMES,
    quiet=TIMES,
    waited=TIMES,
    feed=st.sampled_from(Feed),
    feed_is_settled=st.booleans(),
    feed_covers=st.booleans(),
    feed_lacked_for=TIMES,
    is_explained=st.booleans(),
)


@given(VIEWS)
def test_nothing_is_posted_without_a_reading_or_while_the_feed_has_it(view):
    if decide(view, FIGURES).act is Act.POST:
        assert view.fresh is not None
        assert view.feed not in {Feed.OURS, Feed.OTHERWISE}
        assert view.released or not view.before_beginning


@given(VIEWS)
def test_what_may_have_left_is_posted_again_on_evidence_alone(view):
    is_passed = view.released and view.is_unmoved
    if view.sent and not is_passed and decide(view, FIGURES).act is Act.POST:
        assert view.quiet >= FIGURES.settle
        assert not view.pending
        assert view.is_unmoved or view.feed_is_settled
        assert not view.fell_by_amount or view.is_explained


@given(VIEWS)
def test_what_is_applied_is_in_the_feed_or_moved_the_balance(view):
    if decide(view, FIGURES).act is Act.APPLIED and view.feed is not Feed.OURS:
        assert view.fell_by_amount
        assert view.sent or view.pending


@given(VIEWS, BALANCES, TIMES)
def test_a_first_post_of_a_whole_ledger_asks_for_nothing_more(view, balance, quiet):
    first = replace(
        view,
        sent=False,
        whole=True,
        before_beginning=False,
        released=False,
        fresh=balance,
        quiet=quiet,
        feed=Feed.NONE,
    )
    assert decide(first, FIGURES).row is Row.FIRST
