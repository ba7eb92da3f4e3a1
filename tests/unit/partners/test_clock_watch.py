"""Partners' clocks, as their answers' Date headers tell."""

from datetime import UTC, datetime
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
