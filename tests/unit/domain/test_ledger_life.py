"""Which payments a ledger may speak for."""

from datetime import UTC, datetime, timedelta

import pytest

from adapter.domain.ledger_life import (
    MARGIN,
    Gap,
    Heartbeat,
    LedgerKnowledge,
    Start,
    judge_start,
)

BEGUN = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
NOON = BEGUN + timedelta(hours=4)
SECOND = timedelta(seconds=1)


def knowledge(*ends):
    gaps = tuple(Gap(start=None, end=end) for end in ends)
    return LedgerKnowledge(beginning=BEGUN, gaps=gaps)


def test_the_gap_that_ended_last_counts_whatever_the_order():
    known = knowledge(BEGUN, NOON, BEGUN + MARGIN)
    assert known.latest_gap_end_after(BEGUN) == NOON
    assert known.latest_gap_end_after(NOON) is None
    assert knowledge().latest_gap_end_after(BEGUN) is None


def test_a_payment_is_known_whole_only_well_after_the_last_gap():
    known = knowledge(BEGUN, NOON)
    assert not known.is_whole_since(NOON - SECOND)
    assert not known.is_whole_since(NOON + MARGIN - SECOND)
    assert known.is_whole_since(NOON + MARGIN)


def test_what_was_paid_before_the_beginning_is_never_whole():
    assert not knowledge().is_whole_since(BEGUN - SECOND)
    assert knowledge().is_whole_since(BEGUN)


def test_a_billers_own_beginning_stands_whether_later_or_earlier():
    """Later for a go-live; earlier for a ledger that was lost: its first gap speaks for that."""
    known = knowledge(BEGUN)
    assert not known.since(NOON).is_whole_since(NOON - SECOND)
    assert known.since(NOON).is_whole_since(NOON)
    lost = known.since(BEGUN - timedelta(days=9))
    assert lost.beginning < BEGUN
    assert not lost.is_whole_since(BEGUN - timedelta(days=1))
    assert known.since(None) is known


def beat(worker, at, beats, *, where="file 1", ended=False):
    return Heartbeat(worker=worker, at=at, beats=beats, where=where, ended=ended)


def judged(kept, marks, *, where="file 1", known_until=BEGUN, now=NOON):
    by_worker = [{each.worker: each for each in each_side} for each_side in (kept, marks)]
    return judge_start(*by_worker, where=where, known_until=known_until, now=now)


AT = NOON - timedelta(hours=1)


@pytest.mark.parametrize("behind", [0, 1])
def test_the_ledgers_newest_heartbeat_with_its_mark_is_no_gap(behind):
    """A worker may die between the two."""
    assert judged([beat("a", AT, 7)], [beat("a", AT, 7 - behind)]) == Start()


@pytest.mark.parametrize(
    ("kept", "marks"),
    [
        ([beat("a", AT, 7)], [beat("a", AT, 8)]),
        ([beat("a", AT, 7)], [beat("a", AT, 5)]),
        ([beat("a", AT, 7)], []),
        ([beat("a", AT, 7)], [beat("a", AT, 7, where="file 2")]),
        ([beat("a", AT, 7)], [beat("a", AT, 7), beat("b", BEGUN, 1)]),
        ([beat("a", AT, 7), beat("b", AT + SECOND, 2)], [beat("a", AT, 7)]),
        ([beat("a", AT, 7), beat("b", NOON, 2, ended=True)], [beat("a", AT, 7)]),
    ],
    ids=["older", "old mark", "no mark", "a copy", "a lost worker", "a later one", "it ended"],
)
def test_everything_else_is_a_gap_until_now(kept, marks):
    gap = judged(kept, marks).gap
    assert gap.start == max(each.at for each in kept) - MARGIN
    assert gap.end == NOON


def test_a_copy_that_was_noticed_once_is_not_noticed_for_ever():
    kept, marks = [beat("a", AT, 7)], [beat("a", AT, 7, where="file 2")]
    assert judged(kept, marks, known_until=AT) == Start()


def test_a_database_without_a_name_is_told_by_its_heartbeats_alone():
    assert judged([beat("a", AT, 7)], [beat("a", AT, 7)], where="") == Start()


def test_a_ledger_without_a_heartbeat_has_forgotten_everything():
    later = NOON + timedelta(hours=1)
    assert judged([], []).gap == Gap(start=None, end=NOON, why="it holds no heartbeat")
    assert judged([], [beat("a", later, 3)]).gap.end == later
