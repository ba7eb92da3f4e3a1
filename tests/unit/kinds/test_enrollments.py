"""Enrolments: of each setting only the newest counts, and no older one arrives after it."""

from datetime import timedelta

from adapter.domain.enrollment import EnrollmentKind
from adapter.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.kinds import ENROLLMENTS

NAMES = {"partner": "imt", "operation": "paperless setting"}
LATER = RetryableError("answered 503", **NAMES)
SILENT = OutcomeUnknownError("no answer came in time", **NAMES)
REFUSED = RejectedError("answered 404", **NAMES)


def run(bench):
    return bench.run(ENROLLMENTS).counts


def newer(bench):
    return bench.enroll(2, enrolled=False, changed_at=bench.clock.at)


def test_its_story_says_what_was_set(bench):
    change = bench.enroll()
    run(bench)
    assert [event.detail for event in bench.events(change)] == [
        "received from the data pump",
        "paperless on for account 1204117, try 1",
        "IMT has taken it: paperless on for account 1204117",
    ]


def test_only_the_newest_change_of_a_setting_leaves(bench):
    bench.enroll(1, changed_at=bench.clock.at - timedelta(hours=2))
    newest = bench.enroll(2, enrolled=False)
    bench.enroll(3, changed_at=bench.clock.at - timedelta(hours=3))
    autopay = bench.enroll(4, kind=EnrollmentKind.AUTOPAY)
    assert run(bench) == {"delivered": 2}
    assert bench.partners.pushed == [newest, autopay]
    assert bench.words(ENROLLMENTS) == ["superseded", "delivered", "superseded", "delivered"]


def test_a_change_that_comes_while_its_setting_is_on_its_way_waits_for_it(bench):
    bench.enroll()

    def overtaken():
        newer(bench)
        assert run(bench) == {}
        assert len(bench.partners.pushed) == 1

    bench.partners.push_answers = [overtaken]
    assert run(bench) == {"delivered": 2}
    assert [change.enrolled for change in bench.partners.pushed] == [True, False]
    assert bench.words(ENROLLMENTS) == ["delivered", "delivered"]


def test_after_a_lost_answer_another_value_waits_until_it_has_settled(bench):
    """The request without an answer may still arrive, and would then turn the newer one back."""
    bench.enroll()
    bench.partners.push_answers = [SILENT]
    run(bench)
    newer(bench)
    assert run(bench) == {}
    settled_at = bench.clock.at + timedelta(seconds=120)
    assert bench.ledger.items(ENROLLMENTS.item).next_due_at() == settled_at
    bench.pass_time(120)
    assert run(bench) == {"delivered": 1}
    assert bench.words(ENROLLMENTS) == ["superseded", "delivered"]


def test_imt_that_locks_out_is_asked_as_seldom_as_the_longest_wait_says(bench):
    """It counts refused sign-ons, whichever change they were for."""
    bench.enroll(1)
    bench.pass_time(3600)
    fresh = bench.enroll(2, account_number="7")
    bench.partners.push_answers = [ConfigurationError("refused with 401")]
    run(bench)
    assert bench.item(fresh).next_at == bench.clock.now() + timedelta(minutes=30)
