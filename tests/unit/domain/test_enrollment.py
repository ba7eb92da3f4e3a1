"""Enrolment changes: the newest Invoice Cloud time wins, and what a snapshot tells beyond it."""

import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.enrollment import (
    EnrolledAccount,
    EnrollmentChange,
    EnrollmentKind,
    Known,
    Snapshot,
    changes_told_by,
    reported_change,
)
from adapter.domain.work_item import Source
from adapter.errors import BadInputError

NOW = datetime(2026, 1, 5, 9, 20, tzinfo=UTC)
ACCOUNT = "1204117"
PUMP, REPORT = Source.DATA_PUMP, Source.CUSTOMER_REPORT


def before(minutes):
    return NOW - timedelta(minutes=minutes)


def change(*, enrolled=True, at=NOW, number=1, account=ACCOUNT, kind=EnrollmentKind.PAPERLESS):
    return EnrollmentChange(
        biller="camp-point",
        event_guid=str(uuid.UUID(int=number)),
        account_number=account,
        kind=kind,
        enrolled=enrolled,
        changed_at=at,
    )


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
    shouted = EnrollmentChange(
        biller="b",
        event_guid="7D0C2B8E-41A5-4F6D-9A37-5E8B1C40D2F9",
        account_number="1",
        kind=EnrollmentKind.AUTOPAY,
        enrolled=True,
        changed_at=NOW,
    )
    assert shouted.event_guid == "7d0c2b8e-41a5-4f6d-9a37-5e8b1c40d2f9"


def test_a_naive_moment_and_words_for_a_guid_are_refused():
    with pytest.raises(ValueError, match="aware"):
        change(at=datetime(2026, 1, 5))  # noqa: DTZ001
    with pytest.raises(ValueError, match="aware"):
        EnrolledAccount(account_number="1", since=datetime(2026, 1, 5))  # noqa: DTZ001
    with pytest.raises(BadInputError, match="EventGUID"):
        EnrollmentChange(
            biller="b",
            event_guid="event",
            account_number="1",
            kind=EnrollmentKind.AUTOPAY,
            enrolled=True,
            changed_at=NOW,
        )


def test_the_fingerprint_is_of_the_content():
    one = change()
    assert one.fingerprint() == change(number=2).fingerprint()
    others = [change(enrolled=False), change(at=before(1)), change(account="7")]
    assert len({one.fingerprint(), *(other.fingerprint() for other in others)}) == 4


def test_each_setting_of_an_account_has_a_lane_of_its_own():
    assert change().lane == f"setting:paperless:{ACCOUNT}"
    off = change(kind=EnrollmentKind.AUTOPAY, account="7", enrolled=False)
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


def test_an_account_that_appears_enrolled_at_its_date():
    assert told(before(100)) == [(True, before(100))]


def test_what_was_told_already_is_not_told_again():
    assert told(before(100), newest=known(at=before(100))) == []
    assert told(before(100), newest=known(at=before(200))) == []
    assert told(before(100), kept=[ACCOUNT], newest=known(at=before(100))) == []


def test_an_older_snapshot_does_not_turn_back_what_is_newer():
    assert told(before(100), newest=known(enrolled=False, at=before(50))) == []


def test_an_enrolment_that_the_pump_lost_is_found():
    newest = known(enrolled=False, at=before(200))
    assert told(before(100), kept=[ACCOUNT], newest=newest) == [(True, before(100))]


def test_an_account_that_vanished_is_off_since_the_poll_began():
    assert told(kept=[ACCOUNT], newest=known(at=before(10))) == [(False, NOW)]


def test_an_account_that_vanished_and_was_told_so_is_not_told_again():
    assert told(kept=[ACCOUNT], newest=known(enrolled=False, at=before(10))) == []


def test_what_changed_while_the_report_was_read_is_not_contradicted():
    assert told(kept=[ACCOUNT], newest=known(at=NOW + timedelta(seconds=1))) == []
    assert told(kept=[ACCOUNT], newest=known(at=NOW)) == []


def test_an_enrolment_no_snapshot_has_shown_is_contradicted_after_the_overlap():
    """The un-enrolment was lost, and no report ever had the account in it."""
    assert told(newest=known(at=before(31))) == [(False, NOW)]
    assert told(newest=known(at=before(29))) == []


def test_a_snapshot_that_is_not_whole_tells_of_nobody_who_is_missing():
    assert told(kept=[ACCOUNT], newest=known(at=before(60)), whole=False) == []
    assert told(before(60), whole=False) == [(True, before(60))]


def test_who_came_back_enrolled_after_the_poll_that_lacked_them():
    """Our clock ran ahead: the inferred moment lies after the enrolment that followed it."""
    inferred = known(enrolled=False, at=before(180), source=REPORT)
    since = before(180) - timedelta(seconds=5)
    assert told(since, newest=inferred) == [(True, before(180) + timedelta(microseconds=1))]
    assert told(since, kept=[ACCOUNT], newest=inferred) == []
    assert told(since, newest=known(enrolled=False, at=before(180))) == []


def test_an_enrolment_ahead_of_the_poll_counts_from_the_poll():
    assert told(NOW + timedelta(days=400)) == [(True, NOW)]


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
