"""The resource `clock`: telling the time, advancing it, and what it refuses."""

import threading

import pytest

from sandbox.world.clock import DEMO_START

PATIENCE_SECONDS = 30


def test_tells_the_time_and_what_is_to_come(world, control_of):
    world.clock.call_in(90, "data_pump", lambda: None)
    told = control_of(world)("GET", "clock").json()
    assert told == {
        "now": "2026-01-05T08:00:00Z",
        "virtual": True,
        "pending": [{"at": "2026-01-05T08:01:30Z", "label": "data_pump"}],
    }


@pytest.mark.parametrize("wanted", [{"seconds": 7200}, {"until": "2026-01-05T10:00:00Z"}])
def test_advances_and_counts_what_ran(world, control_of, wanted):
    for minutes in (60, 120, 121):
        world.clock.call_in(minutes * 60, "send_invoices", lambda: None)
    told = control_of(world)("POST", "clock/advance", wanted).json()
    assert told == {
        "start": "2026-01-05T08:00:00Z",
        "end": "2026-01-05T10:00:00Z",
        "events": {"send_invoices": 2},
    }


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({}, "exactly one of seconds, until"),
        ({"seconds": 1, "until": "2026-01-05T10:00:00Z"}, "exactly one of seconds, until"),
        ({"seconds": -1}, "seconds = -1"),
        ({"seconds": "60"}, "seconds"),
        ({"seconds": 31622401}, "maximum of 31622400"),
        ({"until": "2026-01-05"}, "until"),
        ({"until": "2026-01-05T07:59:59Z"}, "only moves forward"),
        ({"until": "2026-13-01T00:00:00Z"}, "a moment of the calendar"),
        ({"until": "2028-01-05T08:00:00Z"}, "at most 31622400 seconds"),
        ({"minutes": 1}, "'minutes': no such field"),
    ],
)
def test_wrong_advance_is_refused(refusal, wanted, told):
    assert told in refusal(400, "POST", "clock/advance", wanted)["message"]


def test_second_advance_at_once_is_409(world, control_of):
    """While one advance runs an event, another is refused and the world goes on."""
    running, ended = threading.Event(), threading.Event()

    def hold():
        running.set()
        ended.wait(PATIENCE_SECONDS)

    world.clock.call_in(1, "hold", hold)
    advance = ("POST", "clock/advance", {"seconds": 2})
    first = threading.Thread(target=control_of(world), args=advance)
    first.start()
    assert running.wait(PATIENCE_SECONDS)
    second = control_of(world)("POST", "clock/advance", {"seconds": 1})
    ended.set()
    first.join()
    assert second.status_code == 409
    assert second.json()["error"]["code"] == "clock_busy"
    assert (world.clock.now() - DEMO_START).total_seconds() == 2
