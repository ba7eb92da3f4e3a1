"""After a clock was turned back: waits begin anew, whole, and none lies still for long."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapter.domain.work_item import State

TWENTY_MINUTES = 1200


@pytest.fixture
def shorten(bench):
    def shorten(at):
        return bench.ledger.shorten_waits(
            now=at,
            lease=timedelta(seconds=90),
            settle=timedelta(seconds=120),
            longest=timedelta(seconds=3600),
        )

    return shorten


def test_while_time_goes_on_nothing_is_touched(desk, shorten, later):
    """Not even a wait that is longer than any rule's: a partner may have asked for it."""
    desk.accept()
    kept = desk.find(desk.record(desk.send(), State.RETRYING, next_at=later(90_000)))
    assert shorten(later(1)) == 0
    assert desk.find(kept) == kept


def test_what_a_dead_worker_was_sending_ends_within_a_whole_lease(desk, shorten, now, later):
    """Its clock was twenty minutes ahead: else nobody would look for twenty minutes."""
    desk.accept(at=later(TWENTY_MINUTES))
    sending = desk.send(at=later(TWENTY_MINUTES))
    assert shorten(now) == 1
    item = desk.find(sending)
    assert (item.state, item.lease_until, item.next_at) == (State.SENDING, later(90), later(90))
    assert item.sent_at == now
    assert desk.expire(at=later(89)) == 0
    assert desk.expire(at=later(90)) == 1


def test_what_is_in_doubt_settles_whole_from_now(desk, shorten, now, later):
    desk.accept(at=later(TWENTY_MINUTES))
    desk.send(at=later(TWENTY_MINUTES))
    end = later(TWENTY_MINUTES + 90)
    desk.expire(at=end)
    assert shorten(now) == 1
    [item] = desk.items.page(limit=10)
    assert (item.state, item.next_at, item.sent_at) == (State.IN_DOUBT, later(120), now)


def test_doing_it_again_cuts_no_wait_and_prolongs_none(desk, shorten, now, later):
    """The ledger holds later moments for twenty minutes, and each sweep finds them."""
    desk.accept(at=later(TWENTY_MINUTES))
    desk.send(at=later(TWENTY_MINUTES))
    shorten(now)
    first = desk.items.page(limit=10)
    assert shorten(later(30)) == 0
    assert desk.items.page(limit=10) == first


def test_what_is_only_to_be_sent_waits_as_long_as_a_retry_may(desk, shorten, now, later):
    desk.accept(at=later(TWENTY_MINUTES))
    sending = desk.send(at=later(TWENTY_MINUTES))
    desk.record(
        sending, State.RETRYING, at=later(TWENTY_MINUTES), next_at=later(TWENTY_MINUTES + 3600)
    )
    assert shorten(now) == 1
    assert desk.find(sending).next_at == later(3600)


def test_a_heartbeat_that_is_ahead_tells_of_it_too(bench, desk, shorten, now, later):
    bench.ledger.life.beat(now=later(TWENTY_MINUTES))
    desk.accept()
    kept = desk.record(desk.send(), State.RETRYING, next_at=later(90_000))
    assert shorten(now) == 1
    assert desk.find(kept).next_at == later(3600)


def test_what_is_done_was_done_by_now_at_the_latest(desk, shorten, now, later):
    """Else the next payment of its invoice would wait until its balance has settled then."""
    desk.accept(at=later(TWENTY_MINUTES))
    done = desk.find(desk.done(at=later(TWENTY_MINUTES)))
    assert shorten(now) == 0
    assert desk.find(done) == replace(done, done_at=now)
