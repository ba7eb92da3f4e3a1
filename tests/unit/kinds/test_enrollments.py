"""Enrolments: what is said of them, and a partner that counts refused sign-ons."""

from datetime import timedelta

from adapter.errors import ConfigurationError
from adapter.kinds import ENROLLMENTS


def test_its_story_says_what_was_set(bench):
    change = bench.enroll()
    bench.run(ENROLLMENTS)
    assert [event.detail for event in bench.events(change)] == [
        "received from the data pump",
        "paperless on for account 1204117, try 1",
        "IMT has taken it: paperless on for account 1204117",
    ]


def test_imt_that_locks_out_is_asked_as_seldom_as_the_longest_wait_says(bench):
    """It counts refused sign-ons, whichever change they were for."""
    bench.enroll(1)
    bench.pass_time(3600)
    fresh = bench.enroll(2, account_number="7")
    bench.partners.push_answers = [ConfigurationError("refused with 401")]
    bench.run(ENROLLMENTS)
    assert bench.item(fresh).next_at == bench.clock.now() + timedelta(minutes=30)
