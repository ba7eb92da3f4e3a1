"""Time: aware moments, and a timer on the machine's own clock."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

from adapter.clock import GmtWindow, SystemClock, ThreadTimer, require_aware

START = datetime(2026, 1, 5, 8, 10, tzinfo=UTC)


def test_moments_come_back_in_utc():
    local = datetime(2026, 1, 5, 2, 0, tzinfo=timezone(timedelta(hours=-6)))
    moment = require_aware(local, "paid_at")
    assert moment == local
    assert moment.tzinfo is UTC


def test_a_naive_moment_is_refused_by_name():
    with pytest.raises(ValueError, match="paid_at must be an aware datetime"):
        require_aware(datetime(2026, 1, 5), "paid_at")  # noqa: DTZ001


def test_a_window_is_aware_and_runs_forward():
    with pytest.raises(ValueError, match="ends"):
        GmtWindow(start_gmt=START, end_gmt=START - timedelta(minutes=30))
    with pytest.raises(ValueError, match="end_gmt must be an aware"):
        GmtWindow(start_gmt=START, end_gmt=datetime(2026, 1, 6))  # noqa: DTZ001


def test_the_machine_tells_aware_time():
    assert SystemClock().now().utcoffset() == timedelta(0)


@pytest.fixture
def timer():
    timer = ThreadTimer(SystemClock(), workers=1)
    timer.start()
    yield timer
    timer.stop()


def test_timer_runs_what_is_due_in_order(timer):
    """What passed already runs first, however late it was asked for."""
    ran, done = [], threading.Event()
    now = SystemClock().now()
    timer.call_at(now + timedelta(milliseconds=30), "last", lambda: (ran.append(3), done.set()))
    timer.call_at(now + timedelta(milliseconds=15), "second", lambda: ran.append(2))
    timer.call_at(now - timedelta(hours=1), "first", lambda: ran.append(1))
    assert done.wait(timeout=30)
    assert ran == [1, 2, 3]


def test_timer_outlives_a_failing_action(timer):
    done = threading.Event()
    now = SystemClock().now()
    timer.call_at(now, "fails", lambda: 1 // 0)
    timer.call_at(now, "runs", done.set)
    assert done.wait(timeout=30)


def test_a_stopped_timer_runs_nothing_more():
    timer = ThreadTimer(SystemClock())
    timer.start()
    ran = []
    timer.call_at(SystemClock().now() + timedelta(days=1), "late", lambda: ran.append(1))
    timer.stop()
    assert ran == []


def test_a_timer_that_was_never_started_stops():
    timer = ThreadTimer(SystemClock())
    timer.call_at(SystemClock().now(), "never", lambda: None)
    timer.stop()
