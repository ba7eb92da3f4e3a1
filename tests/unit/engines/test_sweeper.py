"""The sweep that no clock can stop."""

import threading

import structlog

from adapter.engines.sweeper import Sweeper

SECONDS_MAX = 60


def test_a_sweep_that_fails_is_not_the_last():
    swept, done = [], threading.Event()

    def sweep():
        swept.append(1)
        if len(swept) == 3:
            done.set()
        raise ValueError("a bug")

    sweeper = Sweeper(sweep, seconds=0.0)
    with structlog.testing.capture_logs() as logs:
        sweeper.start()
        assert done.wait(SECONDS_MAX)
        sweeper.stop()
    assert {line["event"] for line in logs} == {"a sweep failed"}


def test_one_that_was_never_started_stops_at_once():
    Sweeper(lambda: None).stop()
