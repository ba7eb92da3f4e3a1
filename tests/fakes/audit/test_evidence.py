"""What is gathered: books and ledger of one moment, read again while something happens."""

import pytest

from sandbox.audit.evidence import READINGS_MAX, gather
from sandbox.audit.ledger_view import LedgerView
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World


@pytest.fixture
def read_while_busy(monkeypatch):
    """Let something happen during so many readings of the ledger; return how many there were."""
    read, readings = LedgerView.read, []

    def arrange(world, times):
        def busy_read(view):
            readings.append(view)
            if len(readings) <= times:
                world.journal.event(target="spectrum", operation="Something")
            return read(view)

        monkeypatch.setattr(LedgerView, "read", busy_read)
        return readings

    return arrange


@pytest.mark.parametrize(("times", "expected"), [(0, 1), (1, 2), (2, 3)])
def test_all_is_read_again_until_nothing_happens_meanwhile(read_while_busy, times, expected):
    world = World(start=DEMO_START)
    readings = read_while_busy(world, times)
    assert gather(world).at_rest
    assert len(readings) == expected


def test_a_world_that_never_rests_is_judged_as_one_that_does_not(read_while_busy):
    world = World(start=DEMO_START)
    readings = read_while_busy(world, READINGS_MAX)
    assert not gather(world).at_rest
    assert len(readings) == READINGS_MAX


def test_a_ledger_that_was_told_is_not_read(read_while_busy):
    world = World(start=DEMO_START)
    told = LedgerView(world).read()
    readings = read_while_busy(world, 0)
    assert gather(world, told).at_rest
    assert readings == []
