"""Enrolment changes: the newest Invoice Cloud time wins, and what a snapshot tells beyond it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.enrollment import (
    EnrolledAccount,
    EnrollmentKind,
    Known,
    Snapshot,
    changes_told_by,
    reported_change,
)
from adapter.domain.work_item import Source
from adapter.errors import BadInputError
from tests.unit.domain.conftest import build_change

NOW = datetime(2026, 1, 5, 9, 20, tzinfo=UTC)
ACCOUNT = "1204117"
PUMP, REPORT = Source.DATA_PUMP, Source.CUSTOMER_REPORT


def before(minutes):
    return NOW - timedelta(minutes=minutes)


def change(*, at=NOW, number=1, **fields):
    return build_change(number, changed_at=at, **fields)


def known(*, source=PUMP, **fields):
    return {ACCOUNT: Known(change=change(**fields), source=source)}


def told(since=None, *, kept=(), newest=None, whole=True):
    """Return what a poll at NOW tells, as (enrolled, moment) pairs."""
    found = changes_told_by(
        Snapshot(taken_at=NOW, since={} if since is None else {ACCOUNT: since}, is_whole=whole),
        biller="camp-point",
        kind=EnrollmentKind.PAPERLESS,
        kept=kept,
        known=newest or {},
        overlap=timedelta(minutes=30),
    )
    assert all(one.account_number == ACCOUNT for one in found)
    return [(one.enrolled, one.changed_at) for one in found]


def test_a_change_is_in_utc_and_its_guid_in_lower_case():
    one = change(at=datetime(2026, 1, 5, 4, 20, tzinfo=timezone(timedelta(hours=-5))))
    assert one.changed_at == NOW
    assert one.changed_at.tzinfo is UTC
    guid = "7d0c2b8e-41a5-4f6d-9a37-5e8b1c40d2f9"
    assert change(event_guid=guid.upper()).event_guid == guid


def test_a_naive_moment_and_words_for_a_guid_are_refused():
    with pytest.raises(ValueError, match="aware"):
        change(at=datetime(2026, 1, 5))  # noqa: DTZ001
    with pytest.raises(ValueError, match="aware"):
        EnrolledAccount(account_number="1", since=datetime(2026, 1, 5))  # noqa: DTZ001
    with pytest.raises(BadInputError, match="EventGUID"):
        change(event_guid="event")


def test_the_fingerprint_is_of_the_content():
    one = change()
    assert one.fingerprint() == change(number=2).fingerprint()
    others = [change(enrolled=False), change(at=before(1)), change(account_number="7")]
    assert len({one.fingerprint(), *(other.fingerprint() for other in others)}) == 4


def test_each_setting_of_an_account_has_a_lane_of_its_own():
    assert change().lane == f"setting:paperless:{ACCOUNT}"
    off = change(kind=EnrollmentKind.AUTOPAY, account_number="7", enrolled=False)
    assert (off.lane, off.description) == ("setting:autopay:7", "autopay off for account 7")


def test_the_newer_change_ranks_higher_and_of_two_at_once_always_the_same():
    assert change(at=NOW).rank > change(at=before(1), number=9).rank
    assert change(number=2).rank > change(number=1).rank


def test_the_same_telling_of_a_report_has_the_same_guid():
    def tell(**fields):
        usual = {"enrolled": True, "changed_at": NOW}
        kind = EnrollmentKind.AUTOPAY
        return reported_change("b", kind, "1", **{**usual, **fields}).event_guid

    assert tell() == tell()
    assert tell(enrolled=False) != tell() != tell(changed_at=before(1))


def on(minutes, **fields):
    return known(at=before(minutes), **fields)


def off(minutes, **fields):
    return known(at=before(minutes), enrolled=False, **fields)


# When the snapshot has the account since, who was kept, what is known: what the poll finds.
KEPT, NOT_KEPT, NOW_OFF = [ACCOUNT], [], [(False, NOW)]
JUST_BEFORE = before(180) - timedelta(seconds=5)
AFTER_ALL = [(True, before(180) + timedelta(microseconds=1))]
POLLS = {
    "it appears at its date": (before(100), NOT_KEPT, None, [(True, before(100))]),
    "it is known already": (before(100), NOT_KEPT, on(100), []),
    "it is known with an older date": (before(100), NOT_KEPT, on(200), []),
    "it was kept and is known": (before(100), KEPT, on(100), []),
    "what is newer is not turned back": (before(100), NOT_KEPT, off(50), []),
    "the pump lost an enrolment": (before(100), KEPT, off(200), [(True, before(100))]),
    "it vanished": (None, KEPT, on(10), NOW_OFF),
    "it vanished as is known": (None, KEPT, off(10), []),
    "it changed while the report was read": (None, KEPT, on(-1 / 60), []),
    "it changed as the poll began": (None, KEPT, on(0), []),
    # The un-enrolment was lost, and no report ever had the account in it.
    "no snapshot has shown it": (None, NOT_KEPT, on(31), NOW_OFF),
    "no snapshot can have shown it yet": (None, NOT_KEPT, on(29), []),
    # Our clock ran ahead: the inferred moment lies after the enrolment that followed it.
    "it came back": (JUST_BEFORE, NOT_KEPT, off(180, source=REPORT), AFTER_ALL),
    "it was kept all the while": (JUST_BEFORE, KEPT, off(180, source=REPORT), []),
    "the pump says that it left": (JUST_BEFORE, NOT_KEPT, off(180), []),
    "it is ahead of the poll": (NOW + timedelta(days=400), NOT_KEPT, None, [(True, NOW)]),
}


@pytest.mark.parametrize(("since", "kept", "newest", "found"), POLLS.values(), ids=POLLS)
def test_a_snapshot_says_what_is_new_and_contradicts_nothing_newer(since, kept, newest, found):
    assert told(since, kept=kept, newest=newest) == found


def test_a_snapshot_that_is_not_whole_says_nothing_of_who_is_missing():
    assert told(kept=KEPT, newest=on(60), whole=False) == []
    assert told(before(60), whole=False) == [(True, before(60))]


@given(
    st.lists(st.tuples(st.booleans(), st.integers(-500, 60)), min_size=1, max_size=6),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_a_second_look_at_the_same_snapshot_tells_nothing(story, is_there, chance):
    """Whatever is known: once taken over, the same snapshot is old news."""
    enrolled, minutes = chance.choice(story)
    since = before(chance.randint(0, 600)) if is_there else None
    kept = [ACCOUNT] if chance.random() < 0.5 else []
    newest = known(enrolled=enrolled, at=NOW + timedelta(minutes=minutes))
    for enrolled_now, at in told(since, kept=kept, newest=newest):
        newest = known(enrolled=enrolled_now, at=at, source=REPORT)
        assert enrolled_now is is_there
    kept = [ACCOUNT] if is_there else []
    assert told(since, kept=kept, newest=newest) == []
