"""Poll windows: whatever the outage, every moment is in one of them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.window import GmtWindow
from adapter.jobs.polling import next_window

START = datetime(2026, 1, 5, 8, 10, tzinfo=UTC)
OVERLAP = timedelta(minutes=30)
REACH = timedelta(hours=48)


def test_first_window_reaches_back():
    window = next_window(None, START, overlap=OVERLAP, first_reach=REACH)
    assert window == GmtWindow(start_gmt=START - REACH, end_gmt=START)


@given(st.lists(st.integers(min_value=0, max_value=10 * 86_400), min_size=2, max_size=20))
def test_windows_leave_no_gap(pauses):
    """However long the job rests between polls, each window overlaps the one before."""
    mark, now = None, START
    for pause in pauses:
        now += timedelta(seconds=pause)
        window = next_window(mark, now, overlap=OVERLAP, first_reach=REACH)
        assert window.end_gmt == now
        if mark is not None:
            assert window.start_gmt == mark - OVERLAP
        mark = window.end_gmt


def test_a_clock_that_was_set_back_still_overlaps():
    window = next_window(START + REACH, START, overlap=OVERLAP, first_reach=REACH)
    assert window == GmtWindow(start_gmt=START - OVERLAP, end_gmt=START)


def test_a_window_is_aware_and_runs_forward():
    with pytest.raises(ValueError, match="ends"):
        GmtWindow(start_gmt=START, end_gmt=START - OVERLAP)
    with pytest.raises(ValueError, match="end_gmt must be an aware"):
        GmtWindow(start_gmt=START, end_gmt=datetime(2026, 1, 6))  # noqa: DTZ001
