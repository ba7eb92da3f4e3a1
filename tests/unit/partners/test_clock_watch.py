"""Partners' clocks, as their answers' Date headers tell."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest

from adapter.partners.clock_watch import ClockWatch

NOW = datetime(2026, 1, 5, 9, 0, 0, 500_000, tzinfo=UTC)


@pytest.fixture
def watch():
    return ClockWatch(SimpleNamespace(now=lambda: NOW))


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Mon, 05 Jan 2026 09:00:00 GMT", 0.0),
        ("Mon, 05 Jan 2026 08:59:59 GMT", 0.0),
        ("Mon, 05 Jan 2026 09:01:30 GMT", 89.5),
        ("Mon, 05 Jan 2026 08:00:00 GMT", -3600.5),
    ],
)
def test_a_date_tells_how_far_ahead_its_partner_is(watch, date, seconds):
    watch.note("imt", {"Date": date})
    assert watch.skews() == {"imt": seconds}


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}, {"Date": "Mon, 5 Jan 2026 09:00"}])
def test_without_a_date_to_read_nothing_is_known(watch, headers):
    watch.note("imt", headers)
    assert watch.skews() == {}


def test_the_last_answer_counts(watch):
    watch.note("imt", {"Date": "Mon, 05 Jan 2026 09:01:30 GMT"})
    watch.note("imt", {"Date": "Mon, 05 Jan 2026 09:00:00 GMT"})
    assert watch.skews() == {"imt": 0.0}


class Host:
    """A host whose clock is ahead of ours; `hear` measures an answer that took its time."""

    def __init__(self):
        self.now = NOW
        self.ahead = timedelta(0)
        self.watch = ClockWatch(SimpleNamespace(now=lambda: self.now))

    def headers(self, *, age=0.0):
        told = self.now + self.ahead - timedelta(seconds=age)
        return {"Date": format_datetime(told, usegmt=True)}

    def hear(self, *, took=0.0):
        self.watch.measure("host", self.headers(age=took))

    def told(self, *, age=0.0):
        """Return how many seconds ago an answer was told, by our clock."""
        return (self.now - self.watch.our_time("host", self.headers(age=age))).total_seconds()


@pytest.mark.parametrize("ahead", [-600, 0, 600])
def test_a_date_is_told_in_our_time_by_the_measured_offset(ahead):
    host = Host()
    host.ahead = timedelta(seconds=ahead)
    host.hear(took=20)
    host.hear(took=0)
    host.hear(took=9)
    assert host.told() == pytest.approx(0, abs=1)
    assert host.told(age=290) == pytest.approx(290, abs=1)


def test_a_host_that_was_not_measured_tells_no_moment():
    host = Host()
    assert host.watch.our_time("host", host.headers()) is None
    host.watch.measure("host", {})
    host.watch.measure("host", {"Date": "yesterday"})
    host.ahead = timedelta(days=400)
    host.hear()
    assert host.watch.our_time("host", host.headers()) is None
    host.ahead = timedelta(0)
    host.hear()
    assert host.watch.our_time("another", host.headers()) is None
    assert host.watch.our_time("host", {"Date": "yesterday"}) is None


def test_a_date_beyond_the_calendar_tells_no_moment():
    host = Host()
    host.ahead = timedelta(hours=-1)
    host.hear()
    last = {"Date": "Fri, 31 Dec 9999 23:59:59 GMT"}
    assert host.watch.our_time("host", last) is None


def test_a_clock_that_is_set_back_is_believed_within_the_hour():
    """Until then its answers look older than they are, which only makes us wait."""
    host = Host()
    host.ahead = timedelta(minutes=10)
    host.hear()
    host.ahead = timedelta(0)
    ages = []
    for _ in range(13):
        host.now += timedelta(minutes=5)
        host.hear()
        ages.append(round(host.told()))
    assert ages[0] == pytest.approx(600, abs=1)
    assert ages[-1] == pytest.approx(0, abs=1)
    host.now += timedelta(days=1)
    host.hear(took=5)
    assert host.told() == pytest.approx(-5, abs=1)
