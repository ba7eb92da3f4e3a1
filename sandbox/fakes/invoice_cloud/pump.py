"""The data pump's machinery: a delivery is tried, repeated and given up (decision 0010)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sandbox.fakes.invoice_cloud.connector import ConnectorAnswer, ConnectorError
from sandbox.faults.effects import FaultStruck
from sandbox.world.journal import Entry
from sandbox.world.world import World

RETRY_SECONDS = (60, 300, 900, 3600)
NO_CONNECTOR = "no connector"


class Delivery(Protocol):
    """One thing to deliver for a biller, and where its book keeps what became of it."""

    @property
    def label(self) -> str: ...
    @property
    def biller(self) -> str: ...

    def attempt(self, attempt: int) -> tuple[bool, str]:
        """Try once; return whether it was taken over, and what came of it."""
        ...

    def note_attempt(self, attempt: int, outcome: str) -> None: ...
    def note_delivered(self) -> None: ...
    def note_gave_up(self, reason: str) -> None: ...


def schedule(world: World, delivery: Delivery) -> None:
    """Deliver for the first time, a little from now."""
    _schedule(world, delivery, attempt=1, seconds=world.behaviours.data_pump_delay_seconds)


def call(
    world: World,
    entry: Entry,
    operation: str,
    send: Callable[[], ConnectorAnswer],
    *,
    facts: dict[str, str],
    attempt: int,
) -> tuple[bool, str]:
    """Send once, with the faults armed for it; return whether it was taken, or why not."""
    try:
        world.faults.strike("invoice_cloud", operation, "before", facts)
        answer = send()
        world.faults.strike("invoice_cloud", operation, "after", facts)
    except (ConnectorError, FaultStruck) as error:
        outcome = f"no answer ({type(error).__name__})"
        entry.outcome = f"attempt {attempt}: {outcome}"
        return False, outcome
    entry.status, entry.response = answer.status, answer.document
    taken = 200 <= answer.status < 300  # noqa: PLR2004  # any success
    outcome = "taken over" if taken else f"HTTP {answer.status}"
    entry.outcome = outcome if taken else f"attempt {attempt}: {outcome}"
    return taken, outcome


def _schedule(world: World, delivery: Delivery, *, attempt: int, seconds: int) -> None:
    world.clock.call_in(seconds, delivery.label, lambda: _deliver(world, delivery, attempt))


def _deliver(world: World, delivery: Delivery, attempt: int) -> None:
    delivered, outcome = (
        delivery.attempt(attempt)
        if world.connectors[delivery.biller].leads_somewhere
        else (False, NO_CONNECTOR)
    )
    delivery.note_attempt(attempt, outcome)
    if delivered:
        delivery.note_delivered()
    elif attempt <= len(RETRY_SECONDS):
        seconds = RETRY_SECONDS[attempt - 1]
        _schedule(world, delivery, attempt=attempt + 1, seconds=seconds)
    else:
        delivery.note_gave_up(f"gave up after attempt {attempt}: {outcome}")


def target_of(world: World, biller: str, partner: str) -> dict[str, Any]:
    """Return whom the journal names as called: the adapter, or the partner past it."""
    direct = world.connectors[biller].direct
    return {"source": "invoice_cloud", "target": partner if direct else "adapter"}
