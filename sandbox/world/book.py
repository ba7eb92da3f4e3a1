"""A partner's own book: append-only events, and the state that follows from them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.world.world import World


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One event of a book, in its place; `at` is UTC."""

    sequence: int
    at: datetime
    event: Any


class Book:
    """Base of every book: a partner's truth, which the others learn of only over the wire.

    A subclass says how an event changes its state in `apply`; nothing else changes it.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.events: list[Recorded] = []
        self.lock = threading.RLock()

    def record(self, event: Any, *, at: datetime | None = None) -> Recorded:
        """Append one event and let the state follow; `at` is for what preceded the opening."""
        with self.lock:
            recorded = Recorded(
                sequence=len(self.events) + 1, at=at or self.world.clock.now(), event=event
            )
            self.events.append(recorded)
            self.apply(recorded)
            return recorded

    def apply(self, recorded: Recorded) -> None:
        raise TypeError(f"{type(self).__name__} does not say what {recorded.event} changes")

    @contextmanager
    def locked(self) -> Iterator[None]:
        with self.lock:
            yield
