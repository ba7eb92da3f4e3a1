"""The world's clock: one total order of events, in virtual and in real time."""

import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.world.clock import (
    DEMO_START,
    ClockBusyError,
    ClockMovesForwardError,
    WorldClock,
    wait_until,
)

PATIENCE_SECONDS = 30


def clock_with(*offsets, start=DEMO_START):
    """Return a clock and the list into which its events write their moments."""
    clock, ran = WorldClock(start), []
    for offset in offsets:
        clock.call_in(offset, f"at {offset}", lambda o=offset: ran.append((clock.now(), o)))
    return clock, ran


@given(st.lists(st.integers(min_value=0, max_value=50)))
def test_events_run_in_order_of_time_and_then_of_scheduling(offsets):
    """Each at its own moment, ties in the order in which they were scheduled."""
    clock, ran = clock_with(*offsets)
    clock.advance(50)
    expected = sorted(offsets)
    assert [offset for _, offset in ran] == expected
    assert [at for at, _ in ran] == [DEMO_START + timedelta(seconds=o) for o in expected]
    assert clock.now() == DEMO_START + timedelta(seconds=50)


@given(
    st.lists(st.integers(min_value=0, max_value=50), max_size=20),
    st.lists(st.integers(min_value=0, max_value=50), max_size=5),
)
def test_many_small_advances_equal_one_large_one(offsets, stops):
    one, ran_at_once = clock_with(*offsets)
    one.advance(50)
    many, ran_in_steps = clock_with(*offsets)
    for stop in sorted(stops):
        many.advance_to(DEMO_START + timedelta(seconds=stop))
    many.advance_to(DEMO_START + timedelta(seconds=50))
    assert ran_in_steps == ran_at_once


def test_end_is_included_and_what_follows_waits():
    clock, ran = clock_with(10, 10.001)
    clock.advance(10)
    assert [offset for _, offset in ran] == [10]
    assert [event.label for event in clock.pending()] == ["at 10.001"]


def test_event_may_schedule_others_within_the_same_advance():
    """An hourly job that schedules its next run has run 24 times after a day."""
    clock, ran = WorldClock(DEMO_START), []

    def hourly():
        ran.append(clock.now())
        clock.call_in(3600, "hourly", hourly)

    clock.call_in(3600, "hourly", hourly)
    done = clock.advance(24 * 3600)
    assert len(ran) == 24
    assert done.events == {"hourly": 24}
    assert (done.start, done.end) == (DEMO_START, DEMO_START + timedelta(days=1))


def test_event_for_the_past_is_the_next_to_run():
    clock, ran = clock_with(5)
    clock.advance(60)
    clock.call_at(DEMO_START, "late", lambda: ran.append(clock.now()))
    assert clock.settle().events == {"late": 1}
    assert ran[-1] == DEMO_START + timedelta(seconds=60)


def test_clock_only_moves_forward():
    clock, _ = clock_with()
    with pytest.raises(ClockMovesForwardError, match="2026-01-05T08:00:00Z"):
        clock.advance(-1)


def test_second_advance_at_once_is_refused():
    """An event that advances its own clock would break the order of events."""
    clock, refused = WorldClock(DEMO_START), []

    def advance_again():
        try:
            clock.advance(1)
        except ClockBusyError as error:
            refused.append(str(error))

    clock.call_in(1, "again", advance_again)
    clock.advance(2)
    assert len(refused) == 1
    assert not clock.is_advancing


def test_failing_event_leaves_the_clock_usable():
    clock, ran = clock_with(2)
    clock.call_in(1, "fails", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        clock.advance(3)
    clock.advance(3)
    assert [offset for _, offset in ran] == [2]


def test_virtual_time_stands_still():
    clock, _ = clock_with()
    assert clock.is_virtual
    assert clock.now() == clock.now() == DEMO_START


@pytest.fixture
def real_clock():
    clock = WorldClock()
    clock.start_real_time()
    yield clock
    clock.stop()


def test_real_time_runs_what_falls_due(real_clock):
    ran = threading.Event()
    real_clock.call_in(0, "now", ran.set)
    assert ran.wait(PATIENCE_SECONDS)
    assert not real_clock.is_virtual


def test_real_time_can_be_advanced(real_clock):
    """A day's events run at once, each at its own moment, and the clock goes on from there."""
    moments = []
    before = real_clock.now()
    due = before + timedelta(days=1)
    real_clock.call_at(due, "tomorrow", lambda: moments.append(real_clock.now()))
    done = real_clock.advance(2 * 86400)
    assert done.events == {"tomorrow": 1}
    assert moments == [due]
    assert real_clock.now() >= before + timedelta(days=2)


def test_failing_event_does_not_stop_real_time(real_clock, caplog):
    """Nobody waits for it, so it is logged, and the next event runs all the same."""
    ran = threading.Event()
    real_clock.call_in(0, "fails", lambda: 1 / 0)
    real_clock.call_in(0, "next", ran.set)
    assert ran.wait(PATIENCE_SECONDS)
    assert "the event fails failed" in caplog.text


def test_stopped_clock_runs_nothing_more():
    clock, ran = WorldClock(), []
    clock.start_real_time()
    clock.stop()
    clock.call_in(0, "too late", lambda: ran.append(1))
    assert ran == []
    assert len(clock.pending()) == 1


def test_waiting_asks_again_after_each_pause(monkeypatch):
    pauses = []
    monkeypatch.setattr("time.sleep", pauses.append)
    assert wait_until(lambda: len(pauses) == 3, seconds=PATIENCE_SECONDS)


def test_waiting_asks_once_where_there_is_no_time(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: pytest.fail("it paused"))
    assert wait_until(lambda: True, seconds=0)
    assert not wait_until(lambda: False, seconds=0)
