"""Evidence of a world in which nothing has happened, for tests to plant something in."""

from datetime import UTC, datetime

import pytest

from sandbox.audit import INVARIANTS
from sandbox.audit.evidence import Evidence
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World

NOW = datetime(2026, 1, 9, tzinfo=UTC)


@pytest.fixture
def quiet():
    return Evidence(
        world=World(start=DEMO_START),
        now=NOW,
        at_rest=True,
        receipts=(),
        taken_back=(),
        payments=(),
        files=(),
        billed=(),
        rejects=(),
        batch_entries=(),
        unpaid=(),
        changes=(),
        chosen=frozenset(),
        settings={},
        deliveries=(),
        exceptions=(),
        uploads=(),
        reversals=(),
        settlements=(),
        pushes=(),
        alarms=(),
        readable=frozenset(),
        unreachable=(),
        reports=(),
    )


@pytest.fixture
def stories():
    """Return the stories of what breaks one invariant."""

    def told(number, evidence):
        [invariant] = [one for one in INVARIANTS if one.number == number]
        return [violation.story for violation in invariant.check(evidence)]

    return told
