"""Time: aware moments, windows of them (C6), and the only reading of the machine's clock."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time, always aware and in UTC."""

    def now(self) -> datetime: ...


class Timer(Protocol):
    """Runs an action once, at or after a moment; one at or before now runs as soon as it can."""

    def call_at(self, at: datetime, label: str, action: Callable[[], None]) -> None: ...


def require_aware(moment: datetime, name: str) -> datetime:
    """Return `moment` in UTC; a naive one is refused, because its zone would be a guess."""
    if moment.tzinfo is None:
        raise ValueError(f"{name} must be an aware datetime, got {moment.isoformat()}")
    return moment.astimezone(UTC)


@dataclass(frozen=True, kw_only=True)
class GmtWindow:
    """Moments from `start_gmt` (included) to `end_gmt` (excluded), both aware, in UTC (C6)."""

    start_gmt: datetime
    end_gmt: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start_gmt", require_aware(self.start_gmt, "start_gmt"))
        object.__setattr__(self, "end_gmt", require_aware(self.end_gmt, "end_gmt"))
        if self.end_gmt < self.start_gmt:
            raise ValueError(f"window ends {self.end_gmt} before it starts {self.start_gmt}")


def machine_now() -> datetime:
    """Return what this machine's clock says, in UTC; it may be set on or back at any time."""
    return datetime.now(UTC)


def steady_seconds() -> float:
    """Return seconds that nobody can set, from some beginning of this machine's own.

    Where the system has such a counter, the time that the machine slept is counted too.
    """
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class SystemClock:
    """Real time: the machine's clock, until another one is followed (decision 0035)."""

    def __init__(self) -> None:
        self._followed: Clock | None = None

    def follow(self, clock: Clock) -> None:
        """Tell from now on the time of the clock that all workers share."""
        self._followed = clock

    def now(self) -> datetime:
        return machine_now() if self._followed is None else self._followed.now()


class ThreadTimer:
    """A Timer on real time: one waiting thread, a small pool that runs what is due."""

    def __init__(self, clock: Clock, *, workers: int = 4) -> None:
        self._clock = clock
        self._sequence = itertools.count()
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._changed = threading.Condition()
        self._stopping = False
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="adapter-job")
        self._thread = threading.Thread(target=self._run, name="adapter-timer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def call_at(self, at: datetime, label: str, action: Callable[[], None]) -> None:  # noqa: ARG002  # the label serves clocks that keep a journal
        with self._changed:
            heapq.heappush(self._due, (at, next(self._sequence), action))
            self._changed.notify()

    def stop(self) -> None:
        """Take no further action; wait for those that run."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._stopping and not self._next_is_due():
                    self._changed.wait(self._seconds_to_wait())
                if self._stopping:
                    return
                _, _, action = heapq.heappop(self._due)
            self._pool.submit(action)

    def _next_is_due(self) -> bool:
        return bool(self._due) and self._due[0][0] <= self._clock.now()

    def _seconds_to_wait(self) -> float | None:
        if not self._due:
            return None
        return max(0.0, (self._due[0][0] - self._clock.now()).total_seconds())
