"""The world's clock: discrete events in one total order, in virtual or in real time."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

DEMO_START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
# In real time an event may be running when somebody advances the clock; it ends within this.
TURN_SECONDS_MAX = 30.0
POLL_SECONDS = 0.05


class ClockBusyError(Exception):
    """Somebody else is advancing this clock."""


class ClockMovesForwardError(Exception):
    """A clock can only be advanced to a moment that has not passed."""


@dataclass(order=True)
class Event:
    """One action due at a moment (UTC); ties are broken by the order of scheduling."""

    at: datetime
    sequence: int
    label: str = field(compare=False)
    action: Callable[[], None] = field(compare=False)


@dataclass(frozen=True, kw_only=True)
class Advance:
    """What an advance did: from when to when (UTC), and how often each kind of event ran."""

    start: datetime
    end: datetime
    events: dict[str, int]


class WorldClock:
    """Tells the world's time and runs its events, one after the other.

    In virtual time the clock stands still between advances. In real time it runs with the
    machine's clock, plus whatever it was advanced by, and a thread runs what falls due.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._virtual_now = start
        self._offset = timedelta(0)
        self._sequence = itertools.count()
        self._events: list[Event] = []
        self._changed = threading.Condition()
        self._turn = threading.Lock()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._pinned: datetime | None = None

    @property
    def is_virtual(self) -> bool:
        return self._virtual_now is not None

    @property
    def is_advancing(self) -> bool:
        return self._turn.locked()

    def now(self) -> datetime:
        if self._virtual_now is not None:
            return self._virtual_now
        return self._pinned or datetime.now(UTC) + self._offset

    def call_at(self, at: datetime, label: str, action: Callable[[], None]) -> None:
        """Run `action` once at `at`, or as the next event when that moment has passed."""
        with self._changed:
            event = Event(max(at, self.now()), next(self._sequence), label, action)
            heapq.heappush(self._events, event)
            self._changed.notify()

    def call_in(self, seconds: float, label: str, action: Callable[[], None]) -> None:
        self.call_at(self.now() + timedelta(seconds=seconds), label, action)

    def pending(self) -> list[Event]:
        """Return what is still to come, in the order in which it will run."""
        with self._changed:
            return sorted(self._events)

    def advance(self, seconds: float) -> Advance:
        return self.advance_to(self.now() + timedelta(seconds=seconds))

    def advance_to(self, until: datetime) -> Advance:
        """Run everything due up to and including `until`, each at its own moment, then rest."""
        if not self._turn.acquire(timeout=0.0 if self.is_virtual else TURN_SECONDS_MAX):
            raise ClockBusyError("this world's clock is being advanced already; wait for its end")
        try:
            start = self.now()
            if until < start:
                raise ClockMovesForwardError(
                    f"the clock stands at {start:%Y-%m-%dT%H:%M:%SZ} and only moves forward"
                )
            counts: Counter[str] = Counter()
            while (event := self._next_due(until)) is not None:
                self._set(event.at)
                counts[event.label] += 1
                event.action()
            self._set(until)
            return Advance(start=start, end=until, events=dict(sorted(counts.items())))
        finally:
            self._pinned = None
            self._turn.release()

    def settle(self) -> Advance:
        """Run what is due at this very moment, so that the world is at rest."""
        return self.advance_to(self.now())

    def start_real_time(self) -> None:
        """Run events as the machine's time passes them; only for a clock in real time."""
        if self.is_virtual or self._thread is not None:
            return
        self._thread = threading.Thread(target=self._run, name="world-clock", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _set(self, moment: datetime) -> None:
        if self._virtual_now is not None:
            self._virtual_now = max(moment, self._virtual_now)
        else:
            ahead = moment - datetime.now(UTC)
            self._offset = max(self._offset, ahead)
            self._pinned = moment

    def _next_due(self, until: datetime) -> Event | None:
        with self._changed:
            if self._events and self._events[0].at <= until:
                return heapq.heappop(self._events)
            return None

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._stopping and not self._has_due():
                    self._changed.wait(self._seconds_to_wait())
                if self._stopping:
                    return
            with self._turn:
                event = self._next_due(self.now())
                if event is not None:
                    self._run_alone(event)

    def _run_alone(self, event: Event) -> None:
        """Run an event that nobody waits for: one that fails must not stop the clock."""
        try:
            event.action()
        except Exception:
            logging.getLogger(__name__).exception("the event %s failed", event.label)

    def _has_due(self) -> bool:
        return bool(self._events) and self._events[0].at <= self.now()

    def _seconds_to_wait(self) -> float | None:
        if not self._events:
            return None
        return max(0.0, (self._events[0].at - self.now()).total_seconds())


def wait_until(is_so: Callable[[], bool], *, seconds: float) -> bool:
    """Ask now, and again for so many seconds of the machine's time; return the last answer."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() >= end:
            return False
        time.sleep(POLL_SECONDS)
    return True
